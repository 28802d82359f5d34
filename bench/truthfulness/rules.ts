/** The market's rule, and two others to measure it against. */
import { clearRea, lastStep, priceAt, tieBreak, type Candidate } from '../../domain/rea.ts';

/** Who wins at which price; null when the task goes to nobody. */
export type Rule = (
  start: bigint,
  factors: readonly bigint[],
  bids: readonly Candidate[],
) => { winner: number; price: bigint } | null;

export const rea: Rule = clearRea;

/**
 * Algorithm 2 of document 004 as printed: the price falls until one cluster is left, which is paid that step. When all that were
 * left leave at one step, the task fails.
 */
export const algorithm2: Rule = (start, factors, bids) => {
  const steps = bids.map((bid) => lastStep(start, factors, bid.reserve));
  for (let k = 0; k < factors.length; k++) {
    const left = steps.flatMap((step, bidder) => (step >= k ? [bidder] : []));
    if (left.length === 0) return null;
    if (left.length === 1) return { winner: left[0]!, price: priceAt(start, factors[k]!) };
  }
  return null;
};

/** Algorithm 2 mended the naive way: when all leave at once, the tie-break's first is paid the last price that they accepted. */
export const algorithm2Mended: Rule = (start, factors, bids) => {
  const printed = algorithm2(start, factors, bids);
  if (printed) return printed;
  const steps = bids.map((bid) => lastStep(start, factors, bid.reserve));
  const last = Math.max(...steps);
  if (last < 0) return null;
  const tied = bids.flatMap((_, bidder) => (steps[bidder] === last ? [bidder] : []));
  const winner = tied.reduce((best, bidder) => (tieBreak(bids[bidder]!, bids[best]!) < 0 ? bidder : best));
  return { winner, price: priceAt(start, factors[last]!) };
};
