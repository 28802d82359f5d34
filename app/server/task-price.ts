/** What the auction would say now to a task's order, at the most that the task pays. */
import { ZERO_HASH } from '../../domain/hash.ts';
import type { TaskTerms } from '../../domain/tasks/task.ts';
import type { Hex, Order } from '../../domain/types.ts';
import type { ServerContext } from './context.ts';
import { loadOrderMarket } from './market-facts.ts';
import { noteOf, type Note } from './no-supply.ts';

export interface AuctionWord {
  /** Whether an ask on offer would take it. */
  serves: boolean;
  /** Why not, and what to do about it; null when one would. */
  note: Note | null;
}

const NOBODY: Hex = `0x${'0'.repeat(40)}`;
/** More than any ask may reserve. */
const ANY_PRICE = 2n ** 96n;

/** @param now chain time, unix seconds @param maxPrice base units per card-hour; null for any */
export async function auctionWord(
  { db, openAsks, deployment }: Pick<ServerContext, 'db' | 'openAsks' | 'deployment'>,
  now: bigint,
  { classes, ...terms }: TaskTerms,
  maxPrice: bigint | null,
): Promise<AuctionWord> {
  const slotSeconds = BigInt(deployment.parameters.slotSeconds);
  const slotEnd = (now / slotSeconds + 1n) * slotSeconds;
  const order: Order = {
    ...terms,
    consumer: NOBODY,
    startPrice: maxPrice ?? ANY_PRICE,
    validUntil: slotEnd,
    workload: ZERO_HASH,
    nonce: 0n,
  };
  const wanted = { order, classes };
  const onOffer = await openAsks(slotEnd);
  const none = onOffer.whyNone(wanted);
  if (none === null) return { serves: true, note: null };
  const names = await loadOrderMarket(db, slotEnd, [{ ...wanted, signature: '0x' }]);
  return { serves: false, note: noteOf(none, wanted, onOffer.asks, names) };
}
