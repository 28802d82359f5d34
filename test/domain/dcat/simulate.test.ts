import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { drawTasks } from '../../../domain/dcat/arrivals.ts';
import { clearingPrice, clockFactors, emptyPick, type Rule } from '../../../domain/dcat/auction.ts';
import { randomClustering } from '../../../domain/dcat/baselines.ts';
import { violations } from '../../../domain/dcat/constraints.ts';
import { CALIBRATED, PAPER, type Settings } from '../../../domain/dcat/settings.ts';
import { simulate } from '../../../domain/dcat/simulate.ts';
import { drawWorld } from '../../../domain/dcat/world.ts';
import { clearRea, clock, type Candidate } from '../../../domain/rea.ts';
import { simulateLiterally } from './reference.ts';

const RULES: Rule[] = ['rea', 'algorithm2', 'oneOff'];

const settings = fc
  .record({
    calibrated: fc.boolean(),
    servers: fc.integer({ min: 1, max: 14 }),
    reach: fc.constantFrom(0, 100, 300, 1500),
    arrivals: fc.constantFrom(0, 2, 12),
    mostHops: fc.constantFrom(3, 24),
  })
  .map(({ calibrated, ...own }): Settings => ({
    ...(calibrated ? CALIBRATED : PAPER),
    ...own,
    slotsPerCycle: 6,
  }));

describe('the simulation', () => {
  test.each(RULES)('follows the equations taken literally (%s)', (rule) => {
    fc.assert(
      fc.property(settings, fc.nat(1_000_000), (chosen, seed) => {
        const world = drawWorld(chosen, seed);
        const tasks = drawTasks(world, seed, 0);
        const partition = randomClustering(world, seed);
        const backlog = world.power.map((power, i) => (seed % 3 === 0 ? (power * ((i * 7) % 5)) / 4 : 0));
        const run = simulate(world, tasks, partition, rule, backlog);
        const literal = simulateLiterally(world, tasks, partition, rule, backlog);
        expect([...run.ledger.winner]).toEqual(literal.winner);
        expect(run.profit).toBeCloseTo(literal.profit, 5);
        literal.payment.forEach((payment, n) => expect(run.ledger.payment[n]).toBeCloseTo(payment, 7));
        expect(run.served).toBe(literal.winner.filter((name) => name >= 0).length);
      }),
      { numRuns: 150 },
    );
  });

  test.each(RULES)('keeps constraints (10a) to (10f) (%s)', (rule) => {
    fc.assert(
      fc.property(settings, fc.nat(1_000_000), (chosen, seed) => {
        const world = drawWorld(chosen, seed);
        const partition = randomClustering(world, seed);
        let backlog: Float64Array | undefined;
        for (const cycle of [0, 1]) {
          const tasks = drawTasks(world, seed, cycle);
          const run = simulate(world, tasks, partition, rule, backlog);
          expect(violations(world, tasks, partition, run, backlog)).toEqual([]);
          backlog = run.backlog;
        }
      }),
      { numRuns: 100 },
    );
  });

  test('the check of the constraints sees each of them broken', () => {
    const world = drawWorld({ ...CALIBRATED, servers: 6, reach: 2000, slotsPerCycle: 4 }, 5);
    const tasks = drawTasks(world, 5, 0);
    const partition = new Int32Array(6);
    const run = simulate(world, tasks, partition, 'rea');
    const served = run.ledger.winner.findIndex((name) => name === 0);
    const broken = (change: (of: typeof run) => void, of = world): string => {
      const copy = structuredClone(run);
      change(copy);
      return violations(of, tasks, partition, copy).join();
    };
    expect(broken(() => undefined)).toBe('');
    expect(broken((copy) => (copy.ledger.winner[served] = 3))).toContain('(10a)');
    expect(broken((copy) => copy.ledger.winner.fill(0))).toContain('(10b)');
    expect(broken(() => undefined, { ...world, settings: { ...world.settings, reach: 1 } })).toContain(
      '(10c)',
    );
    expect(broken((copy) => (copy.ledger.payment[served] = 1))).toContain('(10f) server');
    expect(broken((copy) => (copy.ledger.payment[served]! *= 2))).toContain('(10f) platform');
    expect(broken((copy) => (copy.ledger.payment[served]! *= 0.9))).toContain('Eq. (6)');
  });

  test('a world, its tasks and their outcome are the same numbers everywhere', () => {
    const world = drawWorld(CALIBRATED, 7);
    const tasks = drawTasks(world, 7, 3);
    const run = simulate(world, tasks, randomClustering(world, 7), 'rea');
    expect([tasks.count, run.served, run.profit]).toMatchInlineSnapshot(`
      [
        1761,
        1131,
        6044145.594328368,
      ]
    `);
  });
});

describe('REA', () => {
  const reserve = fc.integer({ min: 1, max: 1_000_000 });
  test('is the market’s integer rule', () => {
    fc.assert(
      fc.property(
        fc.array(fc.record({ reserve, delay: fc.nat(3) }), { minLength: 1, maxLength: 6 }),
        fc.integer({ min: 1, max: 1_000_000 }),
        (bidders, start) => {
          const candidates = bidders.map((bidder, at): Candidate => ({
            key: String(at),
            reserve: BigInt(bidder.reserve) * 10n ** 12n,
            distance: bidder.delay,
            entropyGap: 0,
            lottery: '0x',
          }));
          const market = clearRea(BigInt(start) * 10n ** 12n, clock(8n * 10n ** 17n), candidates);
          const factors = clockFactors(PAPER);
          const ranked = bidders
            .map((bidder, at) => ({ ...bidder, at, step: stepOf(factors, start, bidder.reserve) }))
            .filter(({ step }) => step >= 0)
            .sort((a, b) => b.step - a.step || a.delay - b.delay || a.at - b.at);
          expect(market?.winner).toBe(ranked[0]?.at);
          if (!market) return;
          const pick = emptyPick();
          pick.winner = ranked[0]!.at;
          pick.winnerStep = ranked[0]!.step;
          pick.winnerDelay = ranked[0]!.delay;
          if (ranked[1]) {
            pick.runnerUp = ranked[1].at;
            pick.runnerUpStep = ranked[1].step;
            pick.runnerUpDelay = ranked[1].delay;
            pick.winnerFirst =
              ranked[0]!.delay < ranked[1].delay ||
              (ranked[0]!.delay === ranked[1].delay && ranked[0]!.at < ranked[1].at);
          }
          const price = clearingPrice('rea', factors, start, pick);
          expect(price / (Number(market.price) / 1e12)).toBeCloseTo(1, 6);
        },
      ),
      { numRuns: 500 },
    );
  });

  function stepOf(factors: Float64Array, fee: number, least: number): number {
    let step = -1;
    while (step + 1 < factors.length - 1 && fee * factors[step + 1]! >= least) step++;
    return step;
  }
});
