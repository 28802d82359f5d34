import type { Pipeline } from '../pipeline.ts';
import type { CommitResult } from '../slot/commit.ts';
import type { Progress } from './queue.ts';
import type { SlotJob } from './slot-job.ts';
import type { SlotQueues } from './slot-queues.ts';

/** When a slot is at its end, the next one may go on. */
export const handleCommit =
  (pipeline: Pipeline, next: SlotQueues, onResult: (slot: bigint, result: CommitResult) => void) =>
  async (data: SlotJob, progress: Progress): Promise<string> => {
    const slot = BigInt(data.slot);
    const result = await pipeline.commit(slot, (step) => progress({ step }));
    switch (result.state) {
      case 'waiting':
        await next.resume(result.on);
        break;
      case 'open':
        await next.clear(slot);
        break;
      case 'committed':
      case 'abandoned':
        onResult(slot, result);
        if (result.state === 'committed') await next.confirm(slot);
        if (await pipeline.isClosed(slot + 1n)) await next.clear(slot + 1n);
    }
    return result.state;
  };
