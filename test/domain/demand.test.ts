import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/bench.ts';
import {
  expectedSeconds,
  fitDemand,
  measureRun,
  type NodePerformance,
  type Run,
} from '../../domain/metrology/demand.ts';
import { leastSquares } from '../../domain/metrology/least-squares.ts';

const nodeOf = (change: Partial<NodePerformance> = {}): NodePerformance => ({
  computeGflops: 1_000,
  computeUsed: 0,
  storageGb: 100,
  storageUsed: 0,
  ioGbPerSecond: 2,
  ...change,
});

describe('a measured run (document 001, Eqs. 4 to 10)', () => {
  test('is integrated over its samples', () => {
    const samples = [
      { at: 5, compute: 0, storage: 0.5, ioGbPerSecond: 1 },
      { at: 15, compute: 1, storage: 0.5, ioGbPerSecond: 3 },
      { at: 25, compute: 1, storage: 0.5, ioGbPerSecond: 3 },
    ];
    expect(measureRun(nodeOf(), samples)).toEqual({
      seconds: 20,
      meanCompute: 0.75,
      meanStorage: 0.5,
      meanIo: 2.5,
      work: 15_000,
      size: 1_000,
    });
    expect(() => measureRun(nodeOf(), samples.slice(0, 1))).toThrow(RangeError);
  });
});

describe('least squares', () => {
  test('leave what no other coefficients from zero up can lower', () => {
    const value = fc.integer({ min: -50, max: 50 });
    const cases = fc.array(fc.tuple(value, value, value), { minLength: 5, maxLength: 20 });
    const nudge = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.integer({ min: 0, max: 9 }));
    fc.assert(
      fc.property(cases, nudge, (points, [a, b]) => {
        const rows = points.map(([x, y]) => [x, y]);
        const targets = points.map(([, , z]) => z);
        const fit = leastSquares(rows, targets)!;
        const lossOf = (coefficients: number[]): number =>
          rows.reduce(
            (sum, row, i) =>
              sum + (targets[i]! - row[0]! * coefficients[0]! - row[1]! * coefficients[1]!) ** 2,
            0,
          );
        for (const coefficient of fit.coefficients) expect(coefficient).toBeGreaterThanOrEqual(0);
        // Both kept: nothing near is better.
        if (fit.coefficients.every((coefficient) => coefficient > 0)) {
          const near = [fit.coefficients[0]! + a / 1e3, fit.coefficients[1]! - b / 1e3];
          expect(lossOf(near)).toBeGreaterThanOrEqual(lossOf(fit.coefficients) - 1e-6);
        }
        // Never worse than nothing at all.
        expect(lossOf(fit.coefficients)).toBeLessThanOrEqual(lossOf([0, 0]) + 1e-6);
      }),
    );
  });

  test('are not asked of too few rows, nor of what is no number', () => {
    expect(leastSquares([[1, 2]], [1])).toBeNull();
    expect(leastSquares([[1], [2], [Number.NaN]], [1, 2, 3])).toBeNull();
    expect(
      leastSquares(
        [
          [1, 1],
          [1, 1],
          [1, 1],
        ],
        [2, 2, 2],
      )?.coefficients.reduce((a, b) => a + b),
    ).toBeCloseTo(2);
  });
});

describe('the demand model (Eq. 2)', () => {
  const truth = { overhead: 12, work: 60_000, passes: 3 };
  const runs = (count: number, noise: number): Run[] => {
    const next = random(7);
    return Array.from({ length: count }, () => {
      const node = nodeOf({
        computeGflops: 500 + 4_000 * next(),
        computeUsed: next() / 2,
        ioGbPerSecond: 1 + next(),
      });
      const gigabytes = 10 * next();
      const compute = truth.work / (node.computeGflops * (1 - node.computeUsed));
      const seconds = truth.overhead + compute + (truth.passes * gigabytes) / node.ioGbPerSecond;
      return { node, gigabytes, seconds: seconds + noise * (next() - 0.5) };
    });
  };

  test('finds what made the runs', () => {
    const model = fitDemand(runs(40, 0))!;
    expect(model.overheadSeconds).toBeCloseTo(truth.overhead, 4);
    expect(model.workGflop).toBeCloseTo(truth.work, 1);
    expect(model.dataPasses).toBeCloseTo(truth.passes, 4);
    expect(model.errorSeconds).toBeLessThan(1e-6);
    expect(model.explained).toBeCloseTo(1, 9);
    expect(expectedSeconds(model, { node: nodeOf(), gigabytes: 4 })?.seconds).toBeCloseTo(12 + 60 + 6, 4);
  });

  test('says how wrong it may be', () => {
    const model = fitDemand(runs(400, 10))!;
    // A uniform noise of ±5 s has a standard deviation of 2.89 s.
    expect(model.errorSeconds).toBeGreaterThan(2.4);
    expect(model.errorSeconds).toBeLessThan(3.4);
    const hint = expectedSeconds(model, { node: nodeOf(), gigabytes: 4 })!;
    expect(hint.low).toBeLessThan(78);
    expect(hint.high).toBeGreaterThan(78);
    expect(hint.high - hint.seconds).toBeCloseTo(2 * model.errorSeconds);
  });

  test('needs four runs on nodes that have something free', () => {
    expect(fitDemand(runs(3, 0))).toBeNull();
    const full = { node: nodeOf({ computeUsed: 1 }), gigabytes: 0, seconds: 1 };
    expect(fitDemand([...runs(5, 0), full])).toBeNull();
    expect(expectedSeconds(fitDemand(runs(5, 0))!, full)).toBeNull();
  });
});
