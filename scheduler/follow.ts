import type { Pipeline } from './pipeline.ts';

/** The market's clock, in whole seconds. */
export interface SlotClock {
  slotSeconds: number;
  commitDeadlineSeconds: number;
}

/**
 * Slots that have closed and are still worth committing, oldest first.
 * @param chainTime unix seconds of the latest block
 * @param last the newest slot returned before; null at the start, when all before their deadline are returned
 */
export function closedSlots(clock: SlotClock, chainTime: bigint, last: bigint | null): bigint[] {
  const slotSeconds = BigInt(clock.slotSeconds);
  const newest = chainTime / slotSeconds - 1n;
  const late = (chainTime - BigInt(clock.commitDeadlineSeconds)) / slotSeconds - 1n;
  const slots: bigint[] = [];
  const first = last === null || last < late ? late : last + 1n;
  for (let slot = first < 0n ? 0n : first; slot <= newest; slot += 1n) slots.push(slot);
  return slots;
}

/** Reads the open slot's messages as they come, until `stop`. */
export async function followBook(
  pipeline: Pick<Pipeline, 'readAhead'>,
  stop: AbortSignal,
  idle: () => Promise<void>,
  onError: (error: unknown) => void,
): Promise<void> {
  while (!stop.aborted) {
    const more = await pipeline.readAhead().catch((error: unknown) => {
      onError(error);
      return false;
    });
    if (!more) await idle();
  }
}
