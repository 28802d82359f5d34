/** A node's last 24 clock hours of utilisation, from its leases on-chain (ADR 0001, "State and task vectors"). */
import { entropyMicroBits, hourBin, HOURS, type HourBins } from './entropy.ts';
import type { Lease } from './market-state.ts';

const HOUR = 3600n;

/**
 * Entropy in micro-bits over the 24 hours that end with the last full hour at or before `at` (unix seconds).
 * `leases` may be any of the node's; those outside the window do not count.
 */
export function nodeEntropy(cards: number, leases: readonly Lease[], at: bigint): number {
  const to = at - (at % HOUR);
  const from = to - BigInt(HOURS) * HOUR;
  const used = new Array<bigint>(HOURS).fill(0n);
  let idle = true;
  for (const lease of leases) {
    const start = lease.start > from ? lease.start : from;
    const end = lease.end < to ? lease.end : to;
    if (start >= end) continue;
    idle = false;
    for (let hour = (start - from) / HOUR; from + hour * HOUR < end; hour++) {
      const hourStart = from + hour * HOUR;
      const begin = start > hourStart ? start : hourStart;
      const finish = end < hourStart + HOUR ? end : hourStart + HOUR;
      used[Number(hour)]! += (finish - begin) * BigInt(lease.cards);
    }
  }
  if (idle) return 0;
  const bins: HourBins = [0, 0, 0, 0];
  for (const seconds of used) bins[hourBin(seconds, BigInt(cards) * HOUR)]++;
  return entropyMicroBits(bins);
}
