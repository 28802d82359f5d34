/** What leases really used of their node, hour by hour, from what their agents measured: beside the history of what they held (`history.ts`). */
import { HOURS, windowStart } from './entropy.ts';
import type { HeldCards } from './history.ts';

const HOUR = 3600n;

/** A lease's processor time up to an hour's end, as its agent counts it from the lease's beginning. */
export interface UsageSample {
  /** Unix seconds of the hour's beginning. */
  hour: bigint;
  /** Milliseconds of processor time in all. */
  cpuMs: bigint;
  /** Processors that the lease's cards come with. */
  cpus: number;
}

/**
 * Card-seconds really used in each of the 24 clock hours that end with the last full hour at or before `at` (unix seconds), oldest first: the
 * cards that a lease held, by the share of its processors that was busy. Null when nothing was measured.
 * @param samples of each lease, the oldest first; a count that falls, after the agent lost it, begins anew
 */
export function measuredUse(
  leases: readonly (HeldCards & { samples: readonly UsageSample[] })[],
  at: bigint,
): number[] | null {
  const from = windowStart(at);
  let used: number[] | null = null;
  for (const { start, end, cards, samples } of leases) {
    let before = 0n;
    for (const { hour, cpuMs, cpus } of samples) {
      const busyMs = Number(cpuMs >= before ? cpuMs - before : cpuMs);
      before = cpuMs;
      const index = Number((hour - from) / HOUR);
      if (hour < from || index >= HOURS) continue;
      const held = Number(smaller(end, hour + HOUR) - larger(start, hour));
      used ??= new Array<number>(HOURS).fill(0);
      used[index]! += cards * Math.min(Math.max(held, 0), Math.floor(busyMs / (1_000 * cpus)));
    }
  }
  return used;
}

function smaller(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}

function larger(a: bigint, b: bigint): bigint {
  return a > b ? a : b;
}
