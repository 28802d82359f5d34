export interface BenchOptions {
  /** Fewer seeds and points, where a whole run takes long. */
  quick: boolean;
}

/** One benchmark: a file `bench/NAME.ts` exports `bench`. */
export type Bench = (
  seed: number,
  options: BenchOptions,
) => Promise<{
  /** One sentence: what the figures are of. */
  measured: string;
  /** Keys of the figures table; milliseconds end in `Ms`, seconds in `Seconds`. */
  figures: Record<string, unknown>;
}>;

/** The value below which `share` of the sorted samples lie (nearest rank). */
export function percentile(samples: readonly number[], share: number): number {
  const sorted = [...samples].sort((a, b) => a - b);
  const value = sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)];
  if (value === undefined) throw new Error('no samples');
  return Math.round(value * 100) / 100;
}

/** Repeatable numbers in [0, 1) (mulberry32). */
export function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The middle of the samples; the upper one of two. */
export function median(samples: readonly number[]): number {
  const value = samples.toSorted((a, b) => a - b)[samples.length >> 1];
  if (value === undefined) throw new Error('no samples');
  return value;
}
