import { Refusal } from '../../domain/refusal.ts';
import { createRangeSize } from './range-size.ts';
import type { BlockRange, ChainReader } from './reader.ts';

/** Ranges that are asked for at once: what bounds the memory of blocks that wait. */
const PARALLEL = 3;

/** The next ranges of the chain, in order, fetched while the ones before are folded and stored. */
export interface Ahead {
  /** The range from block `from` on, up to `end` at most. Null when the chain moved. @throws Refusal CHAIN_UNREACHABLE */
  next(from: bigint, end: bigint): Promise<BlockRange | null>;
  /** Drops what was fetched of a branch that is no more. */
  forget(): void;
}

interface Pending {
  from: bigint;
  to: bigint;
  range: Promise<BlockRange | null>;
}

export function createAhead(reader: Pick<ChainReader, 'range'>): Ahead {
  const size = createRangeSize();
  let waiting: Pending[] = [];

  const start = (from: bigint, end: bigint): Pending => {
    const last = from + size.blocks - 1n;
    const to = last < end ? last : end;
    const range = fetch(from, to);
    // Whoever takes it hears of its failure; one that is dropped has nobody to tell.
    range.catch(() => undefined);
    return { from, to, range };
  };
  const fetch = async (from: bigint, to: bigint): Promise<BlockRange | null> => {
    const began = performance.now();
    const full = to - from + 1n === size.blocks;
    const range = await reader.range(from, to);
    if (full) size.worked(performance.now() - began, range?.events.length ?? 0);
    return range;
  };

  return {
    async next(from, end) {
      if (waiting[0]?.from !== from || waiting[0].to > end) waiting = [];
      for (;;) {
        while (waiting.length < PARALLEL) {
          const after = (waiting.at(-1)?.to ?? from - 1n) + 1n;
          if (after > end) break;
          waiting.push(start(after, end));
        }
        const first = waiting.shift();
        if (first === undefined) return { headers: [], events: [] };
        try {
          return await first.range;
        } catch (error) {
          waiting = [];
          // A node may refuse a range for its size; it is not asked twice for a single block.
          if (!(error instanceof Refusal) || first.to === first.from || !size.failed()) throw error;
        }
      }
    },
    forget() {
      waiting = [];
    },
  };
}
