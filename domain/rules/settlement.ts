/** The money of the slot's leases, to the last unit. */
import type { Lease } from '../market-state.ts';
import type { Parameters } from '../parameters.ts';
import { feeUp, lockFor, owed } from '../units.ts';
import { found, notChecked, noHeader, type Rule } from './finding.ts';

export const settlement: Rule = {
  rule: 'settlement',
  sentence:
    'Of each lease, paid is what it owed, fee is the fee on it, and paid, fee, refund and rest make its lock.',
  check: ({ evidence }) => {
    const { slot, committed, stateNow, parameters } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    if (!stateNow) return notChecked("the market's present state is missing");
    const state = stateNow.slots.get(slot);
    if (!state) return notChecked("the market's present state does not hold the slot");
    let checked = 0;
    for (const { leaseId } of state.fills) {
      const lease = stateNow.leases.get(leaseId);
      if (!lease) return notChecked(`lease ${leaseId} is missing`);
      checked++;
      const difference = account(lease, parameters);
      if (difference !== null)
        return found(checked, `lease ${leaseId}: ${difference}`, { kind: 'lease', id: String(leaseId) });
    }
    return found(checked);
  },
};

/** The first account that does not add up; null when all do. Amounts in base units. */
function account(lease: Lease, { feeBps }: Parameters): string | null {
  const { cards, duration, rate, start, end, settledUntil, outage } = lease;
  const { locked, paid, fee, refunded, settled } = lease;
  const lock = lockFor(cards, duration, rate, feeBps);
  if (locked !== lock) return `${locked} is locked, its terms lock ${lock}`;
  if (end < start || end > start + BigInt(duration)) return `it ends at ${end}, outside its term`;
  if (settledUntil < start || settledUntil > end)
    return `it is settled until ${settledUntil}, outside its time`;
  const due = owed(cards, settledUntil - start - outage, rate);
  if (paid !== due) return `${paid} is paid, ${due} was owed at ${settledUntil}`;
  if (fee !== feeUp(paid, feeBps)) return `the fee is ${fee}, ${feeUp(paid, feeBps)} is due on ${paid}`;
  const held = locked - paid - fee - refunded;
  if (held < 0n) return `${paid} paid, ${fee} fee and ${refunded} refunded exceed the ${locked} locked`;
  if (!settled) return refunded === 0n ? null : `${refunded} is refunded before its end`;
  if (held !== 0n) return `it has ended and ${held} is still held`;
  return settledUntil === end || paid === owed(cards, end - start - outage, rate)
    ? null
    : `it ended unpaid from ${settledUntil}`;
}
