import fc from 'fast-check';
import { expect, test } from 'vitest';
import { entropyOfShares } from '../../../domain/entropy.ts';
import { entropyAfter, type Bin } from '../../../domain/match/score.ts';
import { farthest } from '../../../domain/match/scores/farthest.ts';
import { nearest } from '../../../domain/match/scores/nearest.ts';
import { nearestAfter } from '../../../domain/match/scores/nearest-after.ts';

/** Nodes of 002's Table 1: training, idle, and idle before a task that keeps it busy for two hours. */
const TRAINING = { entropyMicroBits: 468_996, afterMicroBits: 413_817 };
const IDLE = { entropyMicroBits: 0, afterMicroBits: 413_817 };
const RENDERING = { entropyMicroBits: 1_000_000, afterMicroBits: 994_985 };

test('scores_readTheSentenceTheFormulaAndTheSection', () => {
  const first = (score: typeof nearest) =>
    [RENDERING, TRAINING, IDLE].toSorted((a, b) => score.cost(a) - score.cost(b))[0];
  expect(first(farthest)).toBe(RENDERING);
  expect(first(nearest)).toBe(TRAINING);
  expect(nearestAfter.cost(IDLE)).toBe(55_183);
  expect(nearestAfter.cost(IDLE)).toBeLessThan(nearestAfter.cost(RENDERING));
});

const bin = fc.constantFrom<Bin>(0, 1, 2, 3);

test('entropyAfter_isTheEntropyOfTheWindowMovedOn', () => {
  fc.assert(
    fc.property(
      fc.array(bin, { minLength: 24, maxLength: 24 }),
      bin,
      fc.integer({ min: 1, max: 40 }),
      (window, load, hours) => {
        const moved = [...window, ...new Array<Bin>(hours).fill(load)].slice(-24);
        const counts = [0, 1, 2, 3].map((one) => BigInt(moved.filter((other) => other === one).length));
        // The table's terms are rounded one by one: half a micro-bit each.
        expect(Math.abs(entropyAfter(window, load, hours) - entropyOfShares(counts))).toBeLessThanOrEqual(2);
      },
    ),
  );
});

test('entropyAfter_refusesAnotherWindow', () => {
  expect(() => entropyAfter([0, 1], 3, 1)).toThrow('2 hours');
  for (const hours of [0, 1.5, NaN])
    expect(() => entropyAfter(new Array<Bin>(24).fill(0), 3, hours)).toThrow(RangeError);
});
