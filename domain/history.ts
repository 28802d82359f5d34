/** A node's last 24 clock hours of utilisation, from its leases on-chain (ADR 0001, "State and task vectors"). */
import { entropyMicroBits, entropyOfShares, hourBin, HOURS, windowStart, type HourBins } from './entropy.ts';
import type { Lease } from './market-state.ts';

const HOUR = 3600;

/** What of a lease its node's history needs. */
export type HeldCards = Pick<Lease, 'start' | 'end' | 'cards'>;

/**
 * Card-seconds leased in each of the 24 clock hours that end with the last full hour at or before `at` (unix seconds), oldest first; null
 * when none was. `leases` may be any of the node's; those outside the window do not count.
 */
export function hourlyUse(leases: readonly HeldCards[], at: bigint): number[] | null {
  const from = windowStart(at);
  let used: number[] | null = null;
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
  return used;
}

/** How many of these hours fall into each bin of utilisation. @param used card-seconds an hour, 24 of them; null for none at all */
export function binsOf(cards: number, used: readonly number[] | null): HourBins {
  const bins: HourBins = [HOURS, 0, 0, 0];
  for (const seconds of used ?? []) {
    bins[0]--;
    bins[hourBin(seconds, cards * HOUR)]++;
  }
  return bins;
}

/** Entropy of a node in micro-bits over the 24 hours before `at` (002, Eq. 3). */
export function nodeEntropy(cards: number, leases: readonly HeldCards[], at: bigint): number {
  return entropyMicroBits(binsOf(cards, hourlyUse(leases, at)));
}

/**
 * Network entropy (002, Eq. 4): how evenly the nodes spread over the values that their entropies have, in micro-bits; 0 when all have the
 * same or there are none, log₂ N when no two have the same.
 */
export function networkEntropy(entropies: readonly number[]): number {
  if (entropies.length === 0) return 0;
  const counts = Map.groupBy(entropies, (entropy) => entropy).values();
  return entropyOfShares([...counts].map(({ length }) => BigInt(length)));
}

/** A node's use in each of so many clock hours before `at`, oldest first, card-seconds. @param days windows of 24 hours */
export function useOfDays(leases: readonly HeldCards[], at: bigint, days: number): number[] {
  return Array.from({ length: days }, (_, i) => {
    const end = at - BigInt((days - 1 - i) * HOURS * HOUR);
    return hourlyUse(leases, end) ?? new Array<number>(HOURS).fill(0);
  }).flat();
}
