import type { Pipeline } from '../pipeline.ts';
import type { ClearResult } from '../slot/clear.ts';
import type { Progress } from './queue.ts';
import type { SlotJob } from './slot-job.ts';
import type { SlotQueues } from './slot-queues.ts';

/**
 * A slot that has to wait for an earlier one ends its job: who finishes that one adds it again. Were it tried again and again
 * instead, a crowd of waiting slots would keep the worker from the one that they wait for.
 */
export const handleClear =
  (pipeline: Pipeline, next: SlotQueues, onResult: (slot: bigint, result: ClearResult) => void) =>
  async (data: SlotJob, progress: Progress): Promise<string> => {
    const slot = BigInt(data.slot);
    const result = await pipeline.clear(slot, (step) => progress({ step }));
    switch (result.state) {
      case 'waiting':
        await next.resume(result.on);
        break;
      case 'published':
        onResult(slot, result);
        await next.commit(slot);
        break;
      case 'committed':
        await next.confirm(slot);
        break;
      case 'empty':
      case 'abandoned':
        if (result.state === 'abandoned' && result.before) break;
        onResult(slot, result);
        if (await pipeline.isClosed(slot + 1n)) await next.clear(slot + 1n);
    }
    return result.state;
  };
