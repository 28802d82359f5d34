import { expect, test } from 'vitest';
import { simulateAll } from './simulate.ts';

const RUNS = Number(process.env['SIMULATE_RUNS'] ?? 21);

test(
  'whatever fails, lies, dies or reorganises, the rows end as those of a fresh sync',
  async () => {
    const findings: string[] = [];
    const report = await simulateAll({
      runs: RUNS,
      seed: 20_261_121,
      parallel: 2,
      say: (s) => findings.push(s),
    });
    expect(findings).toEqual([]);
    expect(report.equal).toBe(RUNS);
    // It was no peace.
    expect(report.reorganisations).toBeGreaterThan(RUNS);
    expect(report.kills).toBeGreaterThan(RUNS / 2);
    expect(report.faulty).toBeGreaterThan(RUNS);
    expect(report.cuts).toBeGreaterThan(RUNS / 4);
  },
  RUNS * 60_000,
);
