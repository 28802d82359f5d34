import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  entropyGap,
  entropyMicroBits,
  entropyOfShares,
  hourBin,
  windowStart,
  type HourBins,
} from '../../domain/entropy.ts';
import { hourlyUse, networkEntropy, nodeEntropy } from '../../domain/history.ts';
import type { Lease } from '../../domain/market-state.ts';

/** Table 1 of document 002: shares in per cent from the top bin down, and the entropy printed. */
const TABLE_1 = [
  { node: 'A', shares: [20n, 70n, 10n, 0n], entropy: '1.1568' },
  { node: 'B', shares: [90n, 0n, 10n, 0n], entropy: '0.4690' },
  { node: 'C', shares: [50n, 0n, 50n, 0n], entropy: '1.0000' },
  { node: 'D', shares: [0n, 0n, 0n, 100n], entropy: '0.0000' },
];

describe('entropy of shares', () => {
  test.each(TABLE_1)('Table 1 of 002, node $node', ({ shares, entropy }) => {
    expect((entropyOfShares(shares) / 1e6).toFixed(4)).toBe(entropy);
  });

  test('agrees with floating point to a micro-bit', () => {
    const counts = fc.array(fc.bigInt({ min: 0n, max: 1_000_000n }), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(counts, (given) => {
        const total = Number(given.reduce((sum, count) => sum + count, 0n));
        if (total === 0) return;
        const float = given.reduce(
          (sum, n) => sum - (n === 0n ? 0 : (Number(n) / total) * Math.log2(Number(n) / total)),
          0,
        );
        expect(Math.abs(entropyOfShares(given) - float * 1e6)).toBeLessThan(0.6);
      }),
    );
  });
});

const bins: fc.Arbitrary<HourBins> = fc
  .tuple(fc.nat(24), fc.nat(24), fc.nat(24))
  .map((cuts) => cuts.sort((a, b) => a - b))
  .map(([a, b, c]) => [a, b - a, c - b, 24 - c]);

describe('entropy of 24 hours', () => {
  test('each term of the table is −(n/24) log₂(n/24), rounded', () => {
    // H(n, 24 − n) holds two terms; with n and 24 − n in bins of their own the table can be read off one by one.
    const term = (n: number) => Math.round(-(n / 24) * Math.log2(n / 24) * 1e6) || 0;
    for (let n = 1; n < 24; n++) expect(entropyMicroBits([n, 24 - n, 0, 0])).toBe(term(n) + term(24 - n));
    expect(entropyMicroBits([12, 12, 0, 0]) / 2).toBe(term(12));
    for (let n = 1; n < 12; n++)
      expect(entropyMicroBits([12, n, 12 - n, 0])).toBe(term(12) + term(n) + term(12 - n));
    expect(entropyMicroBits([24, 0, 0, 0])).toBe(0);
  });

  test('is the exact entropy but for the four roundings', () => {
    fc.assert(
      fc.property(bins, (given) => {
        const exact = entropyOfShares(given.map(BigInt));
        expect(Math.abs(entropyMicroBits(given) - exact)).toBeLessThanOrEqual(2);
      }),
    );
  });

  test('knows the hourly neighbours of the balance entropy', () => {
    expect(entropyMicroBits([2, 22, 0, 0])).toBe(413_817);
    expect(entropyMicroBits([3, 21, 0, 0])).toBe(543_564);
    expect(entropyGap(413_817)).toBe(55_183);
    expect(entropyGap(543_564)).toBe(74_564);
  });

  test('refuses what is not 24 hours', () => {
    expect(() => entropyMicroBits([23, 0, 0, 0])).toThrow(RangeError);
    expect(() => entropyMicroBits([25, -1, 0, 0])).toThrow(RangeError);
  });

  test('bins begin at 0, 30, 60 and 80 per cent', () => {
    expect([0, 29, 30, 59, 60, 79, 80, 100].map((used) => hourBin(used, 100))).toEqual([
      0, 0, 1, 1, 2, 2, 3, 3,
    ]);
  });
});

describe('entropy of a node', () => {
  const at = 1_790_000_000n;
  const lease = fc
    .record({ ago: fc.nat(120_000), duration: fc.nat(60_000), cards: fc.integer({ min: 1, max: 8 }) })
    .map(({ ago, duration, cards }): Pick<Lease, 'start' | 'end' | 'cards'> => {
      const start = at - BigInt(ago);
      return { start, end: start + BigInt(duration), cards };
    });

  test('is that of the seconds counted one by one', () => {
    fc.assert(
      fc.property(fc.array(lease, { maxLength: 5 }), fc.integer({ min: 1, max: 16 }), (leases, cards) => {
        expect(nodeEntropy(cards, leases as Lease[], at)).toBe(slowEntropy(cards, leases, at));
      }),
      { numRuns: 30 },
    );
  });

  test('does not see leases outside its window', () => {
    const from = windowStart(at);
    const outside = [
      { start: 0n, end: from, cards: 8 },
      { start: from + 86_400n, end: from + 90_000n, cards: 8 },
    ] as Lease[];
    expect(nodeEntropy(8, outside, at)).toBe(0);
    expect(nodeEntropy(8, [{ start: from, end: from + 43_200n, cards: 8 }] as Lease[], at)).toBe(1_000_000);
  });
});

describe('entropy of the network', () => {
  test('is that of how the nodes spread over the entropies (Eq. 4)', () => {
    expect(networkEntropy([413_817, 413_817, 413_817])).toBe(0);
    expect(networkEntropy([0, 413_817])).toBe(1_000_000);
    expect(networkEntropy([0, 413_817, 543_564, 1_000_000])).toBe(2_000_000);
    expect(networkEntropy([0, 0, 0, 413_817])).toBe(811_278);
    expect(networkEntropy([])).toBe(0);
  });

  test('the use of an hour is that of its own seconds', () => {
    const at = 1_790_000_000n;
    const from = windowStart(at);
    const used = hourlyUse([{ start: from + 3_000n, end: from + 4_000n, cards: 2 }], at);
    expect(used?.slice(0, 3)).toEqual([1_200, 800, 0]);
    expect(hourlyUse([{ start: from - 10n, end: from, cards: 2 }], at)).toBeNull();
  });
});

function slowEntropy(cards: number, leases: Pick<Lease, 'start' | 'end' | 'cards'>[], at: bigint): number {
  const hours: HourBins = [0, 0, 0, 0];
  const last = (at / 3600n) * 3600n;
  for (let hour = last - 86_400n; hour < last; hour += 3600n) {
    let used = 0n;
    for (let second = hour; second < hour + 3600n; second++)
      for (const lease of leases)
        if (lease.start <= second && second < lease.end) used += BigInt(lease.cards);
    const share = (used * 100n) / (BigInt(cards) * 3600n);
    hours[share < 30n ? 0 : share < 60n ? 1 : share < 80n ? 2 : 3]++;
  }
  return entropyMicroBits(hours);
}
