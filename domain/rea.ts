import type { Hex } from './types.ts';

/** The clock's prices: one more than its last step, 255. */
export const STEPS = 256;

const WAD = 10n ** 18n;
const clocks = new Map<bigint, readonly bigint[]>();

/** Clock factors `g[0] = 10¹⁸, g[k+1] = floor(g[k] γ / 10¹⁸)`, k ≤ 255. (protocol.md, REA) */
export function clock(gammaWad: bigint): readonly bigint[] {
  const known = clocks.get(gammaWad);
  if (known !== undefined) return known;
  const factors = [WAD];
  for (let g = WAD; factors.length < STEPS; ) {
    g = (g * gammaWad) / WAD;
    factors.push(g);
  }
  clocks.set(gammaWad, factors);
  return factors;
}

/** Price at a step whose factor is `g`, rounded down: `floor(start g / 10¹⁸)`. Base units per card-hour. */
export function priceAt(start: bigint, g: bigint): bigint {
  return (start * g) / WAD;
}

/** One ask in one auction. `distance` (002 Eq. 5) and `entropyGap` (002 Eq. 6) are integers; `lottery` and `key` compare as text. */
export interface ReaCandidate {
  /** Ask id: the last tie-break. */
  key: string;
  /** Least price accepted, base units per card-hour. */
  reserve: bigint;
  distance: number;
  entropyGap: number;
  lottery: Hex;
}

export interface ReaResult {
  /** Index of the winner in the candidates. */
  winner: number;
  runnerUp: number | null;
  /** Clock step of the clearing price, 0 to 255. */
  step: number;
  /** Base units per card-hour. */
  price: bigint;
}

/** Last step whose price is at or above the reserve, 0 to 255; -1 when the start price is below it. */
export function lastStep(start: bigint, factors: readonly bigint[], reserve: bigint): number {
  let low = -1;
  let high = STEPS - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (priceAt(start, factors[middle] ?? 0n) >= reserve) low = middle;
    else high = middle - 1;
  }
  return low;
}

/**
 * The reduced-price equilibrium auction of one order: the ask that stays longest on the falling clock wins, ties fall to
 * (entropy gap, distance, lottery, key), and it is paid the lowest price at which it would still have won.
 * (protocol.md, REA; vectors: test/vectors/rea.json)
 * @param factors `clock(gammaWad)`
 * @returns null when no reserve is at or below the start price
 */
export function clearRea(
  start: bigint,
  factors: readonly bigint[],
  candidates: readonly ReaCandidate[],
): ReaResult | null {
  const ranked = candidates
    .map((candidate, index) => ({ candidate, index, step: lastStep(start, factors, candidate.reserve) }))
    .filter((entry) => entry.step >= 0)
    .sort((a, b) => b.step - a.step || tieBreak(a.candidate, b.candidate));
  const [winner, runnerUp] = ranked;
  if (winner === undefined) return null;
  if (runnerUp === undefined) return { winner: winner.index, runnerUp: null, step: 0, price: start };
  // Behind in the tie-break the winner must outlast the runner-up by one step. That step exists: it did.
  const step = runnerUp.step + (tieBreak(winner.candidate, runnerUp.candidate) < 0 ? 0 : 1);
  const price = priceAt(start, factors[step] ?? 0n);
  return { winner: winner.index, runnerUp: runnerUp.index, step, price };
}

/** Negative when `a` precedes `b`. Stated reserves decide no tie. */
function tieBreak(a: ReaCandidate, b: ReaCandidate): number {
  return (
    a.entropyGap - b.entropyGap ||
    a.distance - b.distance ||
    compareText(a.lottery, b.lottery) ||
    compareText(a.key, b.key)
  );
}

/** Order of equally long lower-case hex texts is the order of their numbers. */
export function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
