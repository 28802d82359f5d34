import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { clearRea, clock, lastStep, priceAt, WAD, type Candidate } from '../../domain/rea.ts';
import type { Hex } from '../../domain/types.ts';
import { hex } from './arbitrary.ts';

interface Vector {
  start: string;
  gammaWad: string;
  asks: { ask: string; reserve: string; distance: number; entropyGap: number; lottery: Hex }[];
  expect: { winner: string; runnerUp: string | null; step: number; price: string } | { winner: null };
}

const VECTORS = JSON.parse(readFileSync(new URL('../vectors/rea.json', import.meta.url), 'utf8')) as Vector[];

describe('vectors of the independent implementation', () => {
  test.each(VECTORS.map((vector, index) => ({ index, vector })))('case $index', ({ vector }) => {
    const candidates = vector.asks.map(({ ask, reserve, ...rest }) => ({
      key: ask,
      reserve: BigInt(reserve),
      ...rest,
    }));
    const result = clearRea(BigInt(vector.start), clock(BigInt(vector.gammaWad)), candidates);
    const named = result && {
      winner: candidates[result.winner]!.key,
      runnerUp: result.runnerUp === null ? null : candidates[result.runnerUp]!.key,
      step: result.step,
      price: result.price.toString(),
    };
    expect(named ?? { winner: null }).toEqual(vector.expect);
  });
});

const gamma = fc.bigInt({ min: 500_000_000_000_000_000n, max: 973_000_000_000_000_000n });
const candidate = (most: bigint): fc.Arbitrary<Candidate> =>
  fc.record({
    key: hex(32),
    reserve: fc.bigInt({ min: 1n, max: most }),
    distance: fc.nat(3),
    entropyGap: fc.nat(3),
    lottery: fc.constantFrom<Hex>('0x01', '0x02', '0x03'),
  });
const auction = fc
  .tuple(fc.oneof(fc.bigInt({ min: 1n, max: 500n }), fc.bigInt({ min: 1n, max: 2n ** 100n })), gamma)
  .chain(([start, gammaWad]) =>
    fc.record({
      start: fc.constant(start),
      gammaWad: fc.constant(gammaWad),
      candidates: fc.uniqueArray(candidate(start + start / 4n + 1n), {
        maxLength: 16,
        selector: (c) => c.key,
      }),
    }),
  );

test('the auction is the clock, simulated step by step', () => {
  fc.assert(
    fc.property(auction, ({ start, gammaWad, candidates }) => {
      const result = clearRea(start, clock(gammaWad), candidates);
      expect(result && { ...result }).toEqual(simulate(start, gammaWad, candidates));
    }),
    { numRuns: 1_000 },
  );
});

test('the order of the candidates does not matter', () => {
  fc.assert(
    fc.property(auction, ({ start, gammaWad, candidates }) => {
      const factors = clock(gammaWad);
      const one = clearRea(start, factors, candidates);
      const reversed = candidates.toReversed();
      const two = clearRea(start, factors, reversed);
      expect(two && reversed[two.winner]!.key).toBe(one && candidates[one.winner]!.key);
      expect(two?.price).toBe(one?.price);
    }),
  );
});

test('the price is fair: at most the start, at least the reserve of the winner', () => {
  fc.assert(
    fc.property(auction, ({ start, gammaWad, candidates }) => {
      const result = clearRea(start, clock(gammaWad), candidates);
      if (!result) return;
      expect(result.price <= start).toBe(true);
      expect(result.price >= candidates[result.winner]!.reserve).toBe(true);
    }),
  );
});

test('no ask gains by stating another reserve than its own', () => {
  fc.assert(
    fc.property(auction, fc.bigInt({ min: 1n, max: 2n ** 101n }), ({ start, gammaWad, candidates }, lie) => {
      if (candidates.length === 0) return;
      const factors = clock(gammaWad);
      const truth = candidates[0]!.reserve;
      const gain = (stated: bigint) => {
        const result = clearRea(start, factors, [
          { ...candidates[0]!, reserve: stated },
          ...candidates.slice(1),
        ]);
        return result?.winner === 0 ? result.price - truth : 0n;
      };
      const honest = gain(truth);
      for (const stated of [lie, (lie % (2n * truth)) + 1n, truth + 1n, truth - 1n])
        if (stated > 0n) expect(gain(stated) <= honest).toBe(true);
    }),
    { numRuns: 1_000 },
  );
});

test('the last step is the last whose price covers the reserve', () => {
  fc.assert(
    fc.property(
      gamma,
      fc.bigInt({ min: 1n, max: 2n ** 70n }),
      fc.bigInt({ min: 1n, max: 2n ** 70n }),
      (g, start, reserve) => {
        const factors = clock(g);
        const steps = factors.filter((factor) => priceAt(start, factor) >= reserve).length;
        expect(lastStep(start, factors, reserve)).toBe(steps - 1);
      },
    ),
  );
});

/** The auction as told: the price falls, who no longer accepts leaves, the last to stay wins. */
function simulate(start: bigint, gammaWad: bigint, candidates: Candidate[]) {
  const order = candidates.map((_, index) => index).sort((a, b) => before(candidates[a]!, candidates[b]!));
  let inside = order.filter((index) => candidates[index]!.reserve <= start);
  if (inside.length === 0) return null;
  if (inside.length === 1) return { winner: inside[0]!, runnerUp: null, step: 0, price: start };
  let factor = WAD;
  let price = start;
  let step = 0;
  for (; step < 255; step++) {
    const nextFactor = (factor * gammaWad) / WAD;
    const nextPrice = (start * nextFactor) / WAD;
    const staying = inside.filter((index) => candidates[index]!.reserve <= nextPrice);
    if (staying.length === 1) {
      // One is left: had it been last in the tie-break, it must have stayed one step longer than the runner-up.
      const winner = staying[0]!;
      const runnerUp = inside.find((index) => index !== winner)!;
      const first = order.indexOf(winner) < order.indexOf(runnerUp);
      return first
        ? { winner, runnerUp, step, price }
        : { winner, runnerUp, step: step + 1, price: nextPrice };
    }
    if (staying.length === 0) break;
    [inside, factor, price] = [staying, nextFactor, nextPrice];
  }
  // All that remain leave together (or the clock ends): the tie-break decides, and the price is where they all stood.
  return { winner: inside[0]!, runnerUp: inside[1]!, step, price };
}

function before(a: Candidate, b: Candidate): number {
  const [left, right] = [a, b].map((c) => [c.entropyGap, c.distance, c.lottery, c.key] as const);
  for (let i = 0; i < 4; i++) {
    if (left![i]! < right![i]!) return -1;
    if (left![i]! > right![i]!) return 1;
  }
  return 0;
}
