import type { UnfinishedSlot } from '../slot-run.ts';
import { clearJob } from './clear.definition.ts';
import { commitJob } from './commit.definition.ts';
import { confirmJob } from './confirm.definition.ts';
import { openQueue, type QueueLocation } from './queue.ts';

/** The jobs of a slot, each named by what it does next. Adding one that waits already changes nothing. */
export interface SlotQueues {
  clear(slot: bigint): Promise<void>;
  commit(slot: bigint): Promise<void>;
  confirm(slot: bigint): Promise<void>;
  /** The job that takes an unfinished slot on. */
  resume(slot: UnfinishedSlot): Promise<void>;
  close(): Promise<void>;
}

export function openSlotQueues(location: QueueLocation): SlotQueues {
  const clear = openQueue(clearJob, location);
  const commit = openQueue(commitJob, location);
  const confirm = openQueue(confirmJob, location);
  const job = (slot: bigint): { slot: string } => ({ slot: slot.toString() });
  return {
    clear: (slot) => clear.add(job(slot)),
    commit: (slot) => commit.add(job(slot)),
    confirm: (slot) => confirm.add(job(slot)),
    resume({ slot, state }) {
      if (state === 'published') return this.commit(slot);
      return state === 'committed' ? this.confirm(slot) : this.clear(slot);
    },
    async close() {
      await Promise.all([clear.close(), commit.close(), confirm.close()]);
    },
  };
}
