import { expect, it } from 'vitest';
import { chaos } from './chaos.ts';

const POINTS = Number(process.env['CHAOS_POINTS'] ?? 100);

it(
  'aSchedulerThatIsKilledAgainAndAgainLosesNothingAndDoesNothingTwice',
  async () => {
    const [report, findings] = await chaos({ points: POINTS, seed: 20_261_121, say: () => undefined });
    const { lost, double, stuckNonces, unaccounted, unverified } = findings;
    expect({ lost, double, stuckNonces, unaccounted, unverified }).toEqual({
      lost: [],
      double: [],
      stuckNonces: [],
      unaccounted: [],
      unverified: [],
    });
    expect(report.ok).toBe(true);
    // It was no peace: markets went on, and most deaths came where they were meant to.
    expect(report.matched).toBeGreaterThan(POINTS / 4);
    expect(report.chosen).toBeGreaterThan(POINTS / 4);
    expect(report.reorgs).toBeGreaterThan(POINTS / 20);
    expect(report.retried).toBeGreaterThan(0);
  },
  POINTS * 20_000,
);
