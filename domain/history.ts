/** A node's last 24 clock hours of utilisation, from its leases on-chain (ADR 0001, "State and task vectors"). */
import { entropyMicroBits, hourBin, HOURS, windowStart, type HourBins } from './entropy.ts';
import type { Lease } from './market-state.ts';

const HOUR = 3600;

/**
 * Entropy in micro-bits over the 24 hours that end with the last full hour at or before `at` (unix seconds).
 * `leases` may be any of the node's; those outside the window do not count.
 */
export function nodeEntropy(cards: number, leases: readonly Lease[], at: bigint): number {
  const from = windowStart(at);
  let used: number[] | undefined;
  for (const lease of leases) {
    if (lease.end <= from) continue;
    // Seconds of the window, at most 86,400: with cards below 2^32 the products stay exact.
    const start = lease.start > from ? Number(lease.start - from) : 0;
    const end = Math.min(Number(lease.end - from), HOURS * HOUR);
    if (start >= end) continue;
    used ??= new Array<number>(HOURS).fill(0);
    for (let hour = Math.floor(start / HOUR); hour * HOUR < end; hour++) {
      const begin = Math.max(start, hour * HOUR);
      const finish = Math.min(end, (hour + 1) * HOUR);
      used[hour]! += (finish - begin) * lease.cards;
    }
  }
  const bins: HourBins = [HOURS, 0, 0, 0];
  for (const seconds of used ?? []) {
    bins[0]--;
    bins[hourBin(seconds, cards * HOUR)]++;
  }
  return entropyMicroBits(bins);
}
