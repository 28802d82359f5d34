/** Eligible orders that the slot left without a match although an ask could serve them. */
import { formatMoney, owed } from '../units.ts';
import { WRONG, type Claim } from './claim.ts';
import { askProof, orderProof } from './proofs.ts';
import type { Sight } from './sight.ts';

/** One claim an order, with the free ask whose reserve is lowest: the start price above it is what the consumer lost. */
export function unserved(sight: Sight): Claim[] {
  const { orders, matches, whole, header } = sight.slot;
  const matched = new Set(matches.map(({ leaf }) => leaf.orderId));
  const last = matches.at(-1)?.key ?? -1n;
  const claims: Claim[] = [];
  for (const [index, { id, code }] of orders.entries()) {
    if (code !== 0 || matched.has(id)) continue;
    const wish = sight.wishOf(id);
    // A page that is still to come may bring an earlier match that used the ask.
    if (!wish || (!whole && wish.key > last)) continue;
    const free = sight
      .nearestFree(wish)
      .sort(
        (a, b) =>
          Number(a.standing.reserve - b.standing.reserve) || (a.standing.key < b.standing.key ? -1 : 1),
      );
    const [best] = free;
    if (!best) continue;
    const [proof, ask] = [orderProof(sight.slot, index), askProof(sight.slot, best.offer.index)];
    if (!proof || !ask) continue;
    const { order } = proof;
    const restitution = owed(order.cards, order.duration, order.startPrice - ask.ask.reservePrice);
    const harmed = order.consumer;
    claims.push({
      ...{ judge: 'claims', name: 'claimUnserved', args: [header, proof, ask], announced: true, waits: true },
      verdict: {
        ...{ wrong: WRONG.UNSERVED, slot: header.slot, order: id, ...sight.roomOf(best.offer, wish) },
        ...{ harmed, restitution },
      },
      sentence:
        `Order ${id} is eligible and unmatched, though ask ${best.offer.leaf.id} was free to serve it; ` +
        `${formatMoney(restitution)} is due to ${harmed}.`,
    });
  }
  return claims;
}
