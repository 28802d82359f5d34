/** What was used and how bursty: card-hours, core-hours, peaks. Times in unix seconds, amounts in card-seconds. */
import { fp16Of, REFERENCE_CARD } from './cards.ts';

/** Cards (or cores) in use from `start` up to but not including `end`. */
export interface Use {
  cards: number;
  start: bigint;
  end: bigint;
}

/** Card-seconds of the uses within [from, to). Where cores are sold as cards (a class of CPUs), they are core-seconds. */
export function cardSeconds(uses: readonly Use[], from: bigint, to: bigint): bigint {
  let total = 0n;
  for (const { cards, start, end } of uses) {
    const first = start > from ? start : from;
    const last = end < to ? end : to;
    if (last > first) total += BigInt(cards) * (last - first);
  }
  return total;
}

export interface PeakMeasure {
  /** Most cards in use at one time. */
  peak: number;
  /** First second at which so many were. */
  peakAt: bigint;
  /** Card-seconds of the window. */
  cardSeconds: bigint;
  /** Peak over mean, in hundredths, rounded down; 100 is even use. 0 when nothing was used. */
  burstHundredths: number;
}

/** The peak-capacity measure: what a pool has to hold ready for bursts, against what it delivers on average in [from, to). */
export function peakMeasure(uses: readonly Use[], from: bigint, to: bigint): PeakMeasure {
  const steps: [bigint, number][] = [];
  for (const { cards, start, end } of uses) {
    const first = start > from ? start : from;
    const last = end < to ? end : to;
    if (last > first) steps.push([first, cards], [last, -cards]);
  }
  // What ends at a second frees its cards before what begins takes them.
  steps.sort(([a, x], [b, y]) => (a < b ? -1 : a > b ? 1 : x - y));
  let [used, peak, peakAt] = [0, 0, from];
  for (const [at, change] of steps) {
    used += change;
    if (used > peak) [peak, peakAt] = [used, at];
  }
  const total = cardSeconds(uses, from, to);
  const burst = total === 0n ? 0n : (100n * BigInt(peak) * (to - from)) / total;
  return { peak, peakAt, cardSeconds: total, burstHundredths: Number(burst) };
}

/**
 * Card-seconds of a model as those of the reference card, rounded down; where sources differ, the lowest rate counts.
 * Null for a model without a rate.
 */
export function referenceSeconds(model: string, seconds: bigint): bigint | null {
  const rate = fp16Of(model);
  const reference = fp16Of(REFERENCE_CARD);
  if (rate === null || reference === null) return null;
  return (seconds * BigInt(rate.low)) / BigInt(reference.low);
}
