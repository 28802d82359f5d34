import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { tasksOf, type Tasks } from '../../../domain/dcat/arrivals.ts';
import { bestKMeans, givenK, kMeans, randomClustering } from '../../../domain/dcat/baselines.ts';
import { upperBound } from '../../../domain/dcat/bound.ts';
import { candidatesOf, dispatched, type Candidate } from '../../../domain/dcat/candidates.ts';
import { incentivesOf, UNITS } from '../../../domain/dcat/incentive.ts';
import { simulateJointly, type JointOutcome } from '../../../domain/dcat/joint.ts';
import { greedyMerge } from '../../../domain/dcat/merge.ts';
import { standingOf } from '../../../domain/dcat/objective.ts';
import { optimum } from '../../../domain/dcat/optimum.ts';
import {
  admissiblePairs,
  clustersOf,
  isAdmissible,
  partitionOf,
  singles,
  type Partition,
} from '../../../domain/dcat/partition.ts';
import { stream } from '../../../domain/dcat/random.ts';
import { relaxedBound } from '../../../domain/dcat/relaxation.ts';
import { Scheduler } from '../../../domain/dcat/schedule.ts';
import { countdown, search } from '../../../domain/dcat/search.ts';
import { CALIBRATED, PAPER } from '../../../domain/dcat/settings.ts';
import { simulate } from '../../../domain/dcat/simulate.ts';
import { serverUtilities } from '../../../domain/dcat/utilities.ts';
import { type World } from '../../../domain/dcat/world.ts';
import { setup } from './setup.ts';

describe('clusterings', () => {
  test('keep R_max whoever makes them', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 25 }),
        fc.constantFrom(0, 120, 300, 2000),
        fc.nat(1e6),
        (servers, reach, seed) => {
          const { world, objective } = setup({ servers, reach }, seed);
          const made: Record<string, Partition> = {
            rand: randomClustering(world, seed),
            km: kMeans(world, givenK(servers), seed),
            merge: greedyMerge(world, objective).partition,
            search: search(world, objective, singles(servers), {
              seed,
              spent: countdown(30),
              threshold: 0.05,
            }).partition,
          };
          for (const partition of Object.values(made)) expect(wide(world, partition)).toEqual([]);
        },
      ),
      { numRuns: 40 },
    );
  });

  test('k-means finds the groups that are there, and falls apart where they are too wide', () => {
    const { world } = setup({ servers: 12, reach: 100 }, 1);
    const at = (i: number): number => (i % 3) * 400 + i;
    const x = world.x.map((_, i) => at(i));
    const grouped: World = {
      ...world,
      x,
      y: new Float64Array(12),
      distance: Float64Array.from({ length: 144 }, (_, k) => Math.abs(at(k % 12) - at(Math.floor(k / 12)))),
    };
    const threes = [0, 1, 2].map((first) => [first, first + 3, first + 6, first + 9]);
    expect(clustersOf(kMeans(grouped, 3, 5))).toEqual(threes);
    expect(wide(grouped, kMeans(grouped, 1, 5))).toEqual([]);
    expect(kMeans(grouped, 3, 5, { mostMembers: 2 }).filter((name, i) => name === i)).toHaveLength(6);
  });

  test('KM* earns no less than KM on the tasks that it was chosen by', () => {
    const { world, objective } = setup({ servers: 16 }, 2);
    const profitOf = (partition: Partition): number => objective.profit(standingOf(world, partition));
    const best = bestKMeans(world, 2, profitOf);
    expect(profitOf(best.partition)).toBeGreaterThanOrEqual(profitOf(kMeans(world, givenK(16), 2)));
  });

  test('a search never ends below its start, and never above the optimum, which the bound is not below', () => {
    for (let seed = 0; seed < 12; seed++) {
      const { world, tasks, objective } = setup({ servers: 7, reach: 700, arrivals: 5 }, seed);
      const start = kMeans(world, 2, seed);
      const best = optimum(world, objective);
      const found = search(world, objective, start, {
        seed,
        spent: countdown(400),
        threshold: 0.1,
        rounds: 4,
      });
      const bound = upperBound(world, tasks);
      expect(found.profit).toBeGreaterThanOrEqual(objective.profit(standingOf(world, start)));
      expect(best.profit).toBeGreaterThanOrEqual(found.profit);
      expect(bound.profit).toBeGreaterThanOrEqual(best.profit);
      expect(bound.profitUnlimited).toBeGreaterThanOrEqual(bound.profit * (1 - 1e-12));
      for (const rule of ['rea', 'oneOff', 'algorithm2'] as const)
        expect(bound.served).toBeGreaterThanOrEqual(simulate(world, tasks, best.partition, rule).served);
    }
  });

  test('no clustering of small worlds exceeds the bound that knows the auction, under any rule', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(CALIBRATED, PAPER),
        fc.integer({ min: 1, max: 6 }),
        fc.constantFrom(0, 200, 500, 2000),
        fc.constantFrom(1, 3, 8),
        fc.nat(1e6),
        (base, servers, reach, arrivals, seed) => {
          const { world, tasks, objective } = setup({ ...base, servers, reach, arrivals, side: 600 }, seed);
          const best = optimum(world, objective);
          for (const rounds of [3, 25]) {
            const profit = relaxedBound(world, tasks, 'profit', { rounds })!;
            const served = relaxedBound(world, tasks, 'served', { rounds })!;
            expect(profit).toBeGreaterThanOrEqual(best.profit);
            expect(served).toBeGreaterThanOrEqual(best.served);
            for (const rule of ['oneOff', 'algorithm2'] as const)
              expect(served).toBeGreaterThanOrEqual(simulate(world, tasks, best.partition, rule).served);
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  test('a lone server cannot be its own runner-up, and the bound that knows the auction halves what it hopes for', () => {
    const { world, tasks } = setup({ servers: 1, arrivals: 5, side: 100 }, 3);
    expect(upperBound(world, tasks).profit).toBeGreaterThan(0);
    expect(relaxedBound(world, tasks, 'profit')! / upperBound(world, tasks).profit).toBeLessThan(0.5);
    expect(relaxedBound(world, tasks, 'served', { mostCandidates: 0 })).toBeNull();
  });

  test('the best schedule of one cluster is what trying all schedules finds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 4 }), fc.nat(1e6), (servers, seed) => {
        const { world, tasks } = setup({ servers, arrivals: 3, slotsPerCycle: 3, side: 200 }, seed);
        const random = stream(seed, 77);
        const serve = tasks.work.map(() => random.next() - 0.2);
        const stand = tasks.work.map(() => random.next() / 3);
        const scheduler = new Scheduler(tasks, world.settings.slotSeconds, 2000);
        for (const candidate of candidatesOf(world, tasks, 100)!) {
          const exact = tryAll(candidate, tasks, world.settings.slotSeconds, serve, stand);
          const found = scheduler.value(
            candidate,
            { serve: (_, n) => serve[n]!, stand: (_, n) => stand[n]! },
            true,
          );
          let followed = 0;
          scheduler.follow(candidate, (n, deed) => (followed += deed === 'serves' ? serve[n]! : stand[n]!));
          expect(followed).toBeCloseTo(found, 9);
          expect(found).toBeGreaterThanOrEqual(exact - 1e-9);
          // A millisecond more or less seldom matters.
          if (seed % 5 > 0) expect(found).toBeLessThanOrEqual(exact + 1);
        }
      }),
      { numRuns: 40 },
    );
  });

  test('the optimum looks at all 877 partitions of seven servers, and refuses eleven', () => {
    const { world, objective } = setup({ servers: 7, reach: 5000, arrivals: 1 }, 1);
    expect(optimum(world, objective).partitions).toBe(877);
    const many = setup({ servers: 11 }, 1);
    expect(() => optimum(many.world, many.objective)).toThrow('too many clusterings');
  });

  test('a search says the profit of what it found', () => {
    const { world, tasks, objective } = setup({ servers: 20 }, 4);
    const found = search(world, objective, singles(20), { seed: 4, spent: countdown(200), threshold: 0.02 });
    expect(found.profit).toBe(simulate(world, tasks, found.partition, 'rea').profit);
  });
});

describe('joint assignment of a slot', () => {
  test('keeps deadlines in every queue, pays nobody below its reserve nor above the fee, and stays below its bound', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(CALIBRATED, PAPER),
        fc.integer({ min: 1, max: 12 }),
        fc.nat(1e6),
        (base, servers, seed) => {
          const { world, tasks } = setup({ ...base, servers, arrivals: 10, side: 500 }, seed);
          const partition = randomClustering(world, seed);
          const outcome = simulateJointly(world, tasks, partition);
          expect(brokenLines(world, tasks, partition, outcome)).toEqual([]);
          const candidates = dispatched(world, tasks, partition);
          for (const [goal, reached] of [
            ['dispatched', outcome.profit],
            ['served', outcome.served],
          ] as const)
            expect(relaxedBound(world, tasks, goal, { rounds: 10, candidates })).toBeGreaterThanOrEqual(
              reached * (1 - 1e-12),
            );
        },
      ),
      { numRuns: 40 },
    );
  });

  test('serves two tasks that one by one block each other', () => {
    const { world: drawn } = setup({ servers: 2, arrivals: 0, side: 10, linkLength: 1 }, 1);
    const same = (values: Float64Array): Float64Array => values.map(() => values[0]!);
    const power = same(drawn.power);
    // The second server is farther away by 0.4 s.
    const propagation = drawn.propagation.map((_, at) => (at % 2) * 0.4);
    const world: World = { ...drawn, power, unitCost: same(drawn.unitCost), propagation };
    const at = (deadline: number): Parameters<typeof tasksOf>[1][number] => ({
      slot: 0,
      work: power[0]!,
      data: 0,
      deadline,
      zone: 0,
      lottery: 0,
    });
    // The task that can wait comes first and takes the near server, which alone could do the other in time.
    const tasks = tasksOf(world.settings, [at(1.5), at(1.2)], 1);
    expect(simulate(world, tasks, singles(2), 'rea').served).toBe(1);
    expect(simulateJointly(world, tasks, singles(2)).served).toBe(2);
  });
});

describe('incentives', () => {
  test('are what a simulation of each member alone says, whole, and nobody is left short', () => {
    fc.assert(
      fc.property(fc.integer({ min: 2, max: 14 }), fc.nat(1e6), (servers, seed) => {
        const { world, tasks } = setup({ servers, arrivals: 8, side: 500 }, seed);
        const partition = randomClustering(world, seed);
        const { stakes, owed, gain, profit } = incentivesOf(world, tasks, partition);
        const earned = (of: Partition): Float64Array =>
          serverUtilities(world, tasks, of, simulate(world, tasks, of, 'rea'));
        const clustered = [...partition].flatMap((name, i) =>
          partition.filter((other) => other === name).length > 1 ? [i] : [],
        );
        expect(stakes.map(({ server }) => server)).toEqual(clustered);
        for (const { server, together, alone, compensation } of stakes) {
          const left = partitionOf(Array.from(partition, (name, i) => (i === server ? -1 : name)));
          expect(together / UNITS).toBeCloseTo(earned(partition)[server]!, 2);
          expect(alone / UNITS).toBeCloseTo(earned(left)[server]!, 2);
          expect(Number.isSafeInteger(compensation)).toBe(true);
          expect(together + compensation).toBe(Math.max(together, alone));
        }
        expect(owed).toBe(stakes.reduce((sum, { compensation }) => sum + compensation, 0));
        const before = simulate(world, tasks, singles(servers), 'rea').profit;
        expect(gain / UNITS).toBeCloseTo(profit - before, 2);
      }),
      { numRuns: 40 },
    );
  });
});

/** What a joint assignment breaks: each queue is run again by due time. */
function brokenLines(
  world: World,
  tasks: Tasks,
  partition: Partition,
  { winner, payment, delay, profit }: JointOutcome,
): string[] {
  const broken: string[] = [];
  const wait = new Map<number, number>();
  const clusters = new Map(dispatched(world, tasks, partition).map((own) => [own.members[0]!, own]));
  let kept = 0;
  for (let slot = 0; slot < tasks.slots; slot++) {
    for (const [name, { room, duration, order, reserve }] of clusters) {
      for (let turn = tasks.slotStart[slot]!; turn < tasks.slotStart[slot + 1]!; turn++) {
        const n = order![turn]!;
        if (winner[n] !== name) continue;
        const queue = wait.get(name) ?? 0;
        if (queue > room[n]! + 1e-9) broken.push(`task ${n} waits ${queue} s of ${room[n]} s`);
        wait.set(name, queue + duration[n]!);
        if (Math.abs(tasks.deadline[n]! - room[n]! + queue - delay[n]!) > 1e-9)
          broken.push(`delay of task ${n}`);
        const price = payment[n]! / tasks.work[n]!;
        if (price < reserve - 1e-9 || price > tasks.unitFee[n]! + 1e-9) broken.push(`price of task ${n}`);
        kept += (tasks.unitFee[n]! - price) * tasks.work[n]!;
      }
      wait.set(name, Math.max(0, (wait.get(name) ?? 0) - world.settings.slotSeconds));
    }
  }
  if (Math.abs(kept - profit) > 1e-6 * (1 + profit)) broken.push(`profit ${profit} is ${kept}`);
  return broken;
}

/** The best schedule of one cluster by trying both deeds on every task that it is able to do. */
function tryAll(
  { room, duration }: Candidate,
  tasks: Tasks,
  slotSeconds: number,
  serve: Float64Array,
  stand: Float64Array,
): number {
  const from = (slot: number, n: number, wait: number): number => {
    if (n === tasks.slotStart[slot + 1]!)
      return slot + 1 === tasks.slots ? 0 : from(slot + 1, n, Math.max(0, wait - slotSeconds));
    if (wait > room[n]!) return from(slot, n + 1, wait);
    const standing = stand[n]! + from(slot, n + 1, wait);
    return Math.max(standing, serve[n]! + from(slot, n + 1, wait + duration[n]!));
  };
  return from(0, 0, 0);
}

/** Clusters that are wider than R_max. */
function wide(world: World, partition: Partition): number[][] {
  const pairs = admissiblePairs(world);
  return clustersOf(partition).filter((members) => !isAdmissible(pairs, world.servers, members));
}
