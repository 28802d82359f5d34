import type { Pipeline } from '../pipeline.ts';
import type { Progress } from './queue.ts';
import { NotYet, type SlotJob } from './slot-job.ts';
import type { SlotQueues } from './slot-queues.ts';

export const handleConfirm =
  (pipeline: Pipeline, next: SlotQueues, onLost: (slot: bigint) => void) =>
  async (data: SlotJob, progress: Progress): Promise<string> => {
    const slot = BigInt(data.slot);
    const result = await pipeline.confirm(slot, (step) => progress({ step }));
    if (result === 'shallow') throw new NotYet(`slot ${slot} is not deep enough yet`);
    if (result === 'lost') {
      onLost(slot);
      await next.commit(slot);
    }
    return result;
  };
