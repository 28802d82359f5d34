/**
 * REA, the reduced-price equilibrium auction of document 004, in integers (ADR 0001, "Matching and the clock").
 * The price is the highest reserve at which the winner would still have won, so its true reserve is the best it can state.
 */
import type { Hex } from './types.ts';

export const WAD = 10n ** 18n;
export const LAST_STEP = 255;

export interface Candidate {
  /** Ask id; the last word in a tie. */
  key: string;
  /** Least price the provider accepts, base units per card-hour. */
  reserve: bigint;
  distance: number;
  /** Micro-bits. */
  entropyGap: number;
  /**
   * Orders candidates of equal gap and distance: a 256-bit integer, its hex digits, or a place in an order that comes from it; of one kind
   * for all candidates of an order.
   */
  lottery: Hex | bigint | number;
}

export interface Clearing {
  /** Index of the candidate that wins. */
  winner: number;
  runnerUp: number | null;
  /** Clock step of the price. */
  step: number;
  /** Base units per card-hour. */
  price: bigint;
}

/** The clock's factors g[0..255], scaled by 10^18, each rounded down. */
export function clock(gammaWad: bigint): bigint[] {
  const factors = [WAD];
  for (let k = 0; k < LAST_STEP; k++) factors.push((factors[k]! * gammaWad) / WAD);
  return factors;
}

/** The price at a clock factor, rounded down. */
export function priceAt(start: bigint, factor: bigint): bigint {
  return (start * factor) / WAD;
}

/** The last step whose price is at or above `reserve`; -1 when the start price is below it. */
export function lastStep(start: bigint, factors: readonly bigint[], reserve: bigint): number {
  if (start === 0n) return reserve > 0n ? -1 : LAST_STEP;
  // floor(start × g / 10^18) ≥ reserve, for the least such g: one division instead of a product a step.
  const least = (reserve * WAD + start - 1n) / start;
  let low = -1;
  let high = LAST_STEP;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (factors[middle]! >= least) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Who wins at which price; null when no candidate accepts the start price. Two searches of the clock, however many ask. */
export function clearRea(
  start: bigint,
  factors: readonly bigint[],
  candidates: readonly Candidate[],
): Clearing | null {
  const first = bestRanked(start, factors, candidates, -1);
  if (!first) return null;
  const winner = first.index;
  const second = bestRanked(start, factors, candidates, winner);
  if (!second) return { winner, runnerUp: null, step: 0, price: start };
  const runnerUp = second.index;
  const step = tieBreak(candidates[winner]!, candidates[runnerUp]!) < 0 ? second.step : second.step + 1;
  return { winner, runnerUp, step, price: priceAt(start, factors[step]!) };
}

/** The best by (last step descending, tie-break), leaving out index `except`; null when the rest does not accept the start price. */
function bestRanked(
  start: bigint,
  factors: readonly bigint[],
  candidates: readonly Candidate[],
  except: number,
): { index: number; step: number } | null {
  let index = -1;
  let lowest = start + 1n;
  for (let i = 0; i < candidates.length; i++) {
    if (i === except || candidates[i]!.reserve >= lowest) continue;
    lowest = candidates[i]!.reserve;
    index = i;
  }
  if (index < 0) return null;
  const step = lastStep(start, factors, lowest);
  const price = priceAt(start, factors[step]!);
  // The lowest reserve stays longest, so that whoever accepts its last price leaves with it: a tie.
  for (let i = 0; i < candidates.length; i++) {
    if (i === except || candidates[i]!.reserve > price) continue;
    if (tieBreak(candidates[i]!, candidates[index]!) < 0) index = i;
  }
  return { index, step };
}

/** Below zero when `a` precedes `b`. Stated reserves decide no tie. */
export function tieBreak(a: Candidate, b: Candidate): number {
  return (
    a.entropyGap - b.entropyGap ||
    a.distance - b.distance ||
    (a.lottery < b.lottery ? -1 : a.lottery > b.lottery ? 1 : 0) ||
    (a.key < b.key ? -1 : a.key > b.key ? 1 : 0)
  );
}
