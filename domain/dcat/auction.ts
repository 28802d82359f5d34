/**
 * Who gets a task at which price: the two forms of REA and OB-REA (document 004, section IV.C and V.A). Prices here are a G of work:
 * fee and reserve grow with the work alike, so the clock's step does not depend on it.
 */
import type { Settings } from './settings.ts';

/**
 * `rea`: the market's rule (`domain/rea.ts`), no task fails while a cluster accepts its fee. `algorithm2`: as printed, pays the step where one is
 * left and fails when all leave at once. `oneOff`: OB-REA, one offer of γ p_n to a random cluster that accepts it.
 */
export type Rule = 'rea' | 'algorithm2' | 'oneOff';

/** What the scan of a task's candidates leaves behind. */
export interface Pick {
  /** The two that rank first by (last step, delay, name); -1 when there is none. */
  winner: number;
  winnerStep: number;
  winnerDelay: number;
  runnerUp: number;
  runnerUpStep: number;
  runnerUpDelay: number;
  /** Whether the winner precedes the runner-up by (delay, name). */
  winnerFirst: boolean;
}

export function emptyPick(): Pick {
  return {
    winner: -1,
    winnerStep: 0,
    winnerDelay: 0,
    runnerUp: -1,
    runnerUpStep: 0,
    runnerUpDelay: 0,
    winnerFirst: false,
  };
}

/** γ^k for the steps 0 to K + 1. */
export function clockFactors(settings: Settings): Float64Array {
  const factors = new Float64Array(settings.lastStep + 2);
  factors[0] = 1;
  for (let k = 1; k < factors.length; k++) factors[k] = factors[k - 1]! * settings.reduction;
  return factors;
}

/** Last step whose price is at or above the reserve, from `step` downwards; the fee accepts it, so step 0 does. */
export function lastStepBelow(factors: Float64Array, fee: number, reserve: number, step: number): number {
  let last = step;
  while (fee * factors[last]! < reserve) last--;
  return last;
}

/** What the winner is paid a G; 0 when the task fails (a price is never 0). */
export function clearingPrice(
  rule: 'rea' | 'algorithm2',
  factors: Float64Array,
  fee: number,
  pick: Pick,
): number {
  if (pick.runnerUp < 0) return fee;
  if (rule === 'algorithm2')
    return pick.runnerUpStep === pick.winnerStep ? 0 : fee * factors[pick.runnerUpStep + 1]!;
  return fee * factors[pick.winnerFirst ? pick.runnerUpStep : pick.runnerUpStep + 1]!;
}
