import type { Pipeline } from '../pipeline.ts';
import type { ClearResult } from '../slot/clear.ts';
import type { Progress } from './queue.ts';
import { NotYet, type SlotJob } from './slot-job.ts';
import type { SlotQueues } from './slot-queues.ts';

export const handleClear =
  (pipeline: Pipeline, next: SlotQueues, onResult: (slot: bigint, result: ClearResult) => void) =>
  async (data: SlotJob, progress: Progress): Promise<string> => {
    const slot = BigInt(data.slot);
    const result = await pipeline.clear(slot, (step) => progress({ step }));
    if (result.state === 'waiting') {
      // Its own job may have failed for good: whichever step it lacks, commit finds out.
      await next.commit(result.on);
      throw new NotYet(`slot ${slot} waits for slot ${result.on}`);
    }
    onResult(slot, result);
    if (result.state === 'published') await next.commit(slot);
    if (result.state === 'committed') await next.confirm(slot);
    return result.state;
  };
