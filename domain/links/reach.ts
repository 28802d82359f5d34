/** Where data can be brought in time, and what it costs: part of what makes a region feasible for a task (002, section 3.5). */
import { moving, type Link, type LinkTable, type Moving } from './table.ts';

/** What a task needs brought to its node. */
export interface DataWish {
  /** Region where the data lie; null when nobody knows the place. */
  from: string | null;
  gigabytes: number;
  /** Bandwidth that the task has on its node, Mb/s; 0 for all that the link has. */
  mbps: number;
  /** Seconds within which the data must be there. */
  within: number;
  /** Longest round trip between data and node, milliseconds; 0 for any. */
  maxRttMs: number;
}

export interface Reach extends Moving {
  region: string;
  link: Link;
  /** Why the region is out of reach; null when it is not. */
  why: 'TOO_SLOW' | 'TOO_FAR' | null;
}

/** What stands between the data and each of these regions, in their order. */
export function reachOf(wish: DataWish, regions: readonly string[], links: LinkTable): Reach[] {
  return regions.map((region) => {
    // A place that no table has is as far as any that nobody measured.
    const link = links.between(wish.from ?? '?', region);
    const { seconds, cost } = moving(wish.gigabytes, link, wish.mbps);
    const tooFar = wish.maxRttMs > 0 && link.rttMicros > wish.maxRttMs * 1_000;
    const tooSlow = wish.gigabytes > 0 && seconds >= BigInt(wish.within);
    return { region, link, seconds, cost, why: tooFar ? 'TOO_FAR' : tooSlow ? 'TOO_SLOW' : null };
  });
}
