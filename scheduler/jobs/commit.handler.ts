import type { Pipeline } from '../pipeline.ts';
import type { CommitResult } from '../slot/commit.ts';
import type { Progress } from './queue.ts';
import { NotYet, type SlotJob } from './slot-job.ts';
import type { SlotQueues } from './slot-queues.ts';

export const handleCommit =
  (pipeline: Pipeline, next: SlotQueues, onResult: (slot: bigint, result: CommitResult) => void) =>
  async (data: SlotJob, progress: Progress): Promise<string> => {
    const slot = BigInt(data.slot);
    const result = await pipeline.commit(slot, (step) => progress({ step }));
    if (result.state === 'waiting') {
      await next.commit(result.on);
      throw new NotYet(`slot ${slot} waits for slot ${result.on}`);
    }
    onResult(slot, result);
    if (result.state === 'open') await next.clear(slot);
    if (result.state === 'committed') await next.confirm(slot);
    return result.state;
  };
