/** What the chain made of each match: a lease on its terms. Slots are judged as of their close, so nothing excuses a skip. */
import type { SlotEvidence } from '../evidence.ts';
import type { MatchLeaf } from '../leaves.ts';
import type { Lease } from '../market-state.ts';
import { SKIP_REASONS } from '../page.ts';
import type { SlotAsk, SlotOrder } from '../slot.ts';
import { lockFor } from '../units.ts';
import { found, notChecked, noHeader, pagesToCome, type Rule, type Subject } from './finding.ts';

export const fills: Rule = {
  rule: 'fills',
  sentence: 'Each match opened a lease on its terms; none was skipped.',
  check: ({ evidence }) => {
    const { committed, stateNow, pages, slot } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    const toCome = pagesToCome(evidence);
    if (toCome !== null) return notChecked(toCome);
    if (!stateNow) return notChecked("the market's present state is missing");
    const chain = stateNow.slots.get(slot);
    if (!chain) return notChecked("the market's present state does not hold the slot");
    const orders = new Map(evidence.orders.map((item) => [item.id, item]));
    const asks = new Map(evidence.asks.map((item) => [item.id, item]));
    const leases = new Map(chain.fills.map((fill) => [fill.orderId, fill]));
    let checked = 0;
    for (const { page, matches } of pages) {
      if (!matches) return notChecked(`the matches of page ${page} are missing`);
      for (const [place, match] of matches.entries()) {
        const order = orders.get(match.orderId);
        const ask = asks.get(match.askId);
        if (!order || !ask) return notChecked(`order ${match.orderId} or ask ${match.askId} is missing`);
        checked++;
        const at = `match ${place} of page ${page}, order ${match.orderId}`;
        const subject: Subject = { kind: 'order', id: match.orderId };
        if (match.skip !== 0)
          return found(
            checked,
            `${at}, was skipped (${SKIP_REASONS[match.skip] ?? `reason ${match.skip}`})`,
            subject,
          );
        const fill = leases.get(match.orderId);
        const lease = fill && stateNow.leases.get(fill.leaseId);
        if (!lease) return found(checked, `${at}: there is no lease of it`, subject);
        const difference = compareLease(lease, match, order, ask, evidence);
        if (difference !== null) return found(checked, difference, { kind: 'lease', id: String(lease.id) });
        leases.delete(match.orderId);
      }
    }
    const [stray] = leases.values();
    if (stray)
      return found(
        checked,
        `lease ${stray.leaseId} of the slot, for order ${stray.orderId}, belongs to no match`,
        { kind: 'lease', id: String(stray.leaseId) },
      );
    return found(checked);
  },
};

function compareLease(
  lease: Lease,
  match: MatchLeaf,
  { signed: { order } }: SlotOrder,
  { signed: { ask } }: SlotAsk,
  { parameters }: SlotEvidence,
): string | null {
  const terms = {
    consumer: order.consumer,
    provider: ask.provider,
    node: ask.supply,
    cards: order.cards,
    duration: order.duration,
    rate: match.price,
    locked: lockFor(order.cards, order.duration, match.price, parameters.feeBps),
    workload: order.workload,
  };
  for (const [term, value] of Object.entries(terms))
    if (lease[term as keyof typeof terms] !== value)
      return `lease ${lease.id} of order ${match.orderId}: ${term} is ${lease[term as keyof typeof terms]}, it should be ${value}`;
  return null;
}
