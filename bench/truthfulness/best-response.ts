/**
 * Best responses, searched exactly: a stated reserve matters only through the last clock step that it accepts, so the clock's own
 * prices (and one unit above the start price: staying away) are all the reports there are.
 */
import { priceAt, type Candidate } from '../../domain/rea.ts';
import type { Rule } from './rules.ts';

/** Every report that can make a difference, for one start price. */
export function reports(start: bigint, factors: readonly bigint[]): bigint[] {
  const prices = factors.map((factor) => priceAt(start, factor));
  return [...new Set([start + 1n, ...prices])];
}

/** What `bidder`, whose cost is `cost`, gets over its cost when the bids are these; base units per card-hour. */
export function payoff(
  rule: Rule,
  start: bigint,
  factors: readonly bigint[],
  bids: readonly Candidate[],
  bidder: number,
  cost: bigint,
): bigint {
  const cleared = rule(start, factors, bids);
  return cleared?.winner === bidder ? cleared.price - cost : 0n;
}

/** The most that `bidder` gains by another report than its true reserve, the others staying as they are. */
export function bestGain(
  rule: Rule,
  start: bigint,
  factors: readonly bigint[],
  bids: readonly Candidate[],
  bidder: number,
): bigint {
  const truth = bids[bidder]!;
  const honest = payoff(rule, start, factors, bids, bidder, truth.reserve);
  let best = honest;
  for (const reserve of reports(start, factors)) {
    const told = bids.with(bidder, { ...truth, reserve });
    const got = payoff(rule, start, factors, told, bidder, truth.reserve);
    if (got > best) best = got;
  }
  return best - honest;
}
