/** What the paper leaves out: the order of a slot's tasks, who loses by its cluster, warm starts, servers that leave within a cycle. */
import { drawTasks, reorderTasks, type Tasks } from '../../domain/dcat/arrivals.ts';
import { dispatched } from '../../domain/dcat/candidates.ts';
import { incentivesOf, UNITS } from '../../domain/dcat/incentive.ts';
import { simulateJointly } from '../../domain/dcat/joint.ts';
import type { Partition } from '../../domain/dcat/partition.ts';
import { relaxedBound } from '../../domain/dcat/relaxation.ts';
import { seedIn, TEST_SEEDS } from '../../domain/dcat/seeds.ts';
import type { Settings } from '../../domain/dcat/settings.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { drawWorld, type World } from '../../domain/dcat/world.ts';
import { churnOf, measureChurn, type Churn, type ChurnRow } from './churn.ts';
import { historyOf, km, kmBest, merge, shipped, type Clustering } from './clusterings.ts';
import { FIRST_CYCLE, HISTORY, run } from './course.ts';
import { gainOf, meanOf, type Estimate } from './stats.ts';

export interface Beyond {
  worlds: number;
  mergeOverKmBest: Estimate;
  /** Share of the tasks that KM's clusters, and DCAT's, serve by Algorithm 2 as printed, over those by the rule without failures. */
  servedAlgorithm2OverRea: { km: Estimate; dcat: Estimate };
  /** Profit of another order of each slot's tasks over the order of arrival, on the same clusters. */
  orders: Record<string, Estimate>;
  /** A slot's tasks at once, on the same clusters, over one by one; see `domain/dcat/joint.ts`. */
  joint: {
    profit: Estimate;
    offloading: Estimate;
    /** Of which the prices of the slot's start alone, with the assignment in turn. */
    pricesAlone: Estimate;
    /** No dispatcher on these clusters more than. */
    mostProfit: Estimate;
    mostOffloading: Estimate;
  };
  rationality: {
    /** Share of the servers in clusters that would earn more alone while all others stay. */
    losers: Estimate;
    /** The same after compensations reckoned from the expected tasks, before the cycle; after those from the cycle's own tasks nobody is short. */
    losersAfterExpected: Estimate;
    /** Compensations from the cycle's own tasks, and from the expected ones, as a share of what clusters bring the platform. */
    compensation: Estimate;
    compensationExpected: Estimate;
    /** What the platform earns more by clusters than by singles, as a share of its profit. */
    surplus: Estimate;
  };
  /** Cycles one after another: with the last cycle's clusters as the start against none, and the servers that had to change. */
  warm: { profitOverCold: Estimate; changed: Estimate; changedCold: Estimate };
  /** Servers leave and join within a cycle; see `churn.ts`. */
  churn: Churn;
}

const CYCLES = 4;

export function measureBeyond(base: Settings, seed: number, worlds: number, evaluations: number): Beyond {
  const rows = Array.from({ length: worlds }, (_, index) => {
    const own = seedIn(TEST_SEEDS, seed * 1000 + 800 + index);
    return measureWorld(drawWorld(base, own), own, shipped(evaluations, null), evaluations);
  });
  const mean = (read: (row: Row) => number): Estimate => meanOf(rows.map(read));
  const gain = (ours: (row: Row) => number, theirs: (row: Row) => number): Estimate =>
    gainOf(rows.map(ours), rows.map(theirs));
  return {
    worlds,
    mergeOverKmBest: gain(
      (row) => row.merge,
      (row) => row.kmBest,
    ),
    servedAlgorithm2OverRea: {
      km: mean((row) => row.served2.km),
      dcat: mean((row) => row.served2.dcat),
    },
    orders: Object.fromEntries(
      Object.keys(ORDERS).map((name) => [
        name,
        gain(
          (row) => row.orders[name]!,
          (row) => row.profit,
        ),
      ]),
    ),
    joint: {
      profit: gain(
        (row) => row.joint.profit,
        (row) => row.profit,
      ),
      offloading: gain(
        (row) => row.joint.served,
        (row) => row.served,
      ),
      pricesAlone: gain(
        (row) => row.pricesAlone,
        (row) => row.profit,
      ),
      mostProfit: gain(
        (row) => row.mostJoint.profit,
        (row) => row.profit,
      ),
      mostOffloading: gain(
        (row) => row.mostJoint.served,
        (row) => row.served,
      ),
    },
    rationality: {
      losers: mean((row) => row.losers),
      losersAfterExpected: mean((row) => row.losersAfterExpected),
      compensation: mean((row) => row.compensation),
      compensationExpected: mean((row) => row.compensationExpected),
      surplus: mean((row) => row.surplus),
    },
    warm: {
      profitOverCold: gain(
        (row) => row.warm,
        (row) => row.cold,
      ),
      changed: mean((row) => row.changed),
      changedCold: mean((row) => row.changedCold),
    },
    churn: churnOf(
      rows.map((row) => row.churn),
      base.servers,
    ),
  };
}

/** What comes first in a slot has the larger key. */
const ORDERS: Record<string, (tasks: Tasks, n: number) => number> = {
  /** The shortest deadline too: Eq. (5). */
  dearestFirst: (tasks, n) => tasks.unitFee[n]!,
  largestFeeFirst: (tasks, n) => tasks.unitFee[n]! * tasks.work[n]!,
  smallestFirst: (tasks, n) => -tasks.work[n]!,
  largestFirst: (tasks, n) => tasks.work[n]!,
};

interface Row {
  merge: number;
  kmBest: number;
  profit: number;
  served2: { km: number; dcat: number };
  orders: Record<string, number>;
  served: number;
  joint: { profit: number; served: number };
  pricesAlone: number;
  mostJoint: { profit: number; served: number };
  losers: number;
  losersAfterExpected: number;
  compensation: number;
  compensationExpected: number;
  surplus: number;
  warm: number;
  cold: number;
  changed: number;
  changedCold: number;
  churn: ChurnRow;
}

function measureWorld(world: World, seed: number, dcat: Clustering, evaluations: number): Row {
  const situation = {
    world,
    seed,
    cycle: FIRST_CYCLE,
    history: historyOf(world, seed, FIRST_CYCLE, HISTORY),
    backlog: new Float64Array(world.servers),
    last: null,
  };
  const ours = dcat(situation);
  const theirs = km(situation);
  const tasks = drawTasks(world, seed, FIRST_CYCLE);
  const profitOf = (partition: Partition, of: Tasks = tasks): number =>
    simulate(world, of, partition, 'rea').profit;
  const served2 = (partition: Partition): number =>
    simulate(world, tasks, partition, 'algorithm2').served / simulate(world, tasks, partition, 'rea').served;
  const profit = profitOf(ours);
  const warm = run(world, seed, CYCLES, dcat, ['rea']);
  const cold = run(world, seed, CYCLES, shipped(evaluations, null, 'cold'), ['rea']);
  return {
    merge: profitOf(merge(situation)),
    kmBest: profitOf(kmBest(situation)),
    profit,
    served2: { km: served2(theirs), dcat: served2(ours) },
    orders: Object.fromEntries(
      Object.entries(ORDERS).map(([name, key]) => [
        name,
        profitOf(
          ours,
          reorderTasks(tasks, (n) => key(tasks, n)),
        ),
      ]),
    ),
    served: simulate(world, tasks, ours, 'rea').served,
    joint: simulateJointly(world, tasks, ours),
    pricesAlone: simulateJointly(world, tasks, ours, 'inTurn').profit,
    mostJoint: mostJoint(world, tasks, ours),
    ...rationality(world, situation.history, tasks, ours),
    warm: warm.byRule.rea.profit,
    cold: cold.byRule.rea.profit,
    changed: warm.changed,
    changedCold: cold.changed,
    churn: measureChurn(world, seed, evaluations),
  };
}

function mostJoint(world: World, tasks: Tasks, partition: Partition): { profit: number; served: number } {
  const candidates = dispatched(world, tasks, partition);
  const most = (goal: 'dispatched' | 'served'): number => relaxedBound(world, tasks, goal, { candidates })!;
  return { profit: most('dispatched'), served: most('served') };
}

function rationality(
  world: World,
  history: Tasks,
  tasks: Tasks,
  partition: Partition,
): Pick<Row, 'losers' | 'losersAfterExpected' | 'compensation' | 'compensationExpected' | 'surplus'> {
  const { stakes, owed, gain, profit } = incentivesOf(world, tasks, partition);
  const expected = incentivesOf(world, history, partition);
  // What a cycle costs, of an expectation over several.
  const cycles = history.slots / tasks.slots;
  const share = (short: (at: number) => boolean): number =>
    stakes.length === 0 ? 0 : stakes.filter((_, at) => short(at)).length / stakes.length;
  return {
    losers: share((at) => stakes[at]!.alone > stakes[at]!.together),
    losersAfterExpected: share(
      (at) => stakes[at]!.alone > stakes[at]!.together + expected.stakes[at]!.compensation / cycles,
    ),
    compensation: owed / gain,
    compensationExpected: expected.owed / cycles / gain,
    surplus: gain / UNITS / profit,
  };
}
