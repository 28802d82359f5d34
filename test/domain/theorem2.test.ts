import fc from 'fast-check';
import { expect, test } from 'vitest';
import { clearRea, clock, lastStep, priceAt, tieBreak, WAD, type Candidate } from '../../domain/rea.ts';

/**
 * Theorem 2 of document 004: with γ > 1 − (c₂ − c₁) / p₀ the task is assigned and the price exceeds the least cost by no more
 * than c₂ − c₁. The published rule pays the step where one is left; ours pays the last at which the winner would still have won,
 * which is that step when the runner-up precedes it in the tie-break, and the one before when it does not.
 */
const auctions = fc
  .record({
    start: fc.bigInt(10_000n, 10n ** 12n),
    gammaWad: fc.bigInt(WAD / 2n, (973n * WAD) / 1000n),
    shares: fc.array(fc.integer({ min: 1, max: 9_999 }), { minLength: 2, maxLength: 16 }),
    ties: fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 16, maxLength: 16 }),
  })
  .map(({ start, gammaWad, shares, ties }) => ({
    start,
    gammaWad,
    factors: clock(gammaWad),
    bids: shares.map((share, place): Candidate => ({
      key: String(place),
      reserve: (start * BigInt(share)) / 10_000n + 1n,
      distance: ties[place]!,
      entropyGap: 0,
      lottery: `0x${place.toString(16).padStart(64, '0')}`,
    })),
  }));

test('theorem2_theLeastCostWins_andThePriceStaysWithinItsBound', () => {
  let held = 0;
  fc.assert(
    fc.property(auctions, ({ start, gammaWad, factors, bids }) => {
      const [least, second] = [...bids].sort((a, b) => (a.reserve < b.reserve ? -1 : 1));
      const apart = second!.reserve - least!.reserve;
      // γ > 1 − (c₂ − c₁) / p₀, with a unit for each of the two prices that the integer clock rounds down.
      if (start * (WAD - gammaWad) >= (apart - 2n) * WAD) return;
      held++;
      const cleared = clearRea(start, factors, bids)!;
      expect(bids[cleared.winner]).toBe(least);
      const runnerUp = bids[cleared.runnerUp!]!;
      const dropped = lastStep(start, factors, runnerUp.reserve);
      const step = priceAt(start, factors[dropped]!) - priceAt(start, factors[dropped + 1]!);
      const early = tieBreak(least!, runnerUp) < 0;
      expect(cleared.price - least!.reserve).toBeLessThan(apart + (early ? step : 0n));
    }),
    { numRuns: 4_000 },
  );
  expect(held).toBeGreaterThan(200);
});

test('assigned_wheneverOneAsksAtMostTheStartPrice_whateverTheClock', () => {
  fc.assert(
    fc.property(auctions, ({ start, factors, bids }) => {
      const willing = bids.filter((bid) => bid.reserve <= start);
      const cleared = clearRea(start, factors, bids);
      expect(cleared === null).toBe(willing.length === 0);
      if (cleared) expect(cleared.price).toBeGreaterThanOrEqual(bids[cleared.winner]!.reserve);
    }),
  );
});
