/** What the paper leaves out: the order of a slot's tasks, who loses by its cluster, warm starts, servers that leave within a cycle. */
import { drawTasks, reorderTasks, type Tasks } from '../../domain/dcat/arrivals.ts';
import { partitionOf, type Partition } from '../../domain/dcat/partition.ts';
import { stream } from '../../domain/dcat/random.ts';
import { seedIn, TEST_SEEDS } from '../../domain/dcat/seeds.ts';
import type { Settings } from '../../domain/dcat/settings.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { serverUtilities } from '../../domain/dcat/utilities.ts';
import { drawWorld, subWorld, type World } from '../../domain/dcat/world.ts';
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
  rationality: {
    /** Share of the servers in clusters that would earn more alone while all others stay. */
    losers: Estimate;
    /** What would make up for it, as a share of the platform's profit. */
    compensation: Estimate;
    /** What the platform earns more by clusters than by singles, as a share of its profit. */
    surplus: Estimate;
  };
  /** Cycles one after another: with the last cycle's clusters as the start against none, and the servers that had to change. */
  warm: { profitOverCold: Estimate; changed: Estimate; changedCold: Estimate };
  /** A tenth of the servers leaves: a new decision over clusters that only lost their members. */
  leaving: { profitOverWaiting: Estimate };
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
    rationality: {
      losers: mean((row) => row.losers),
      compensation: mean((row) => row.compensation),
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
    leaving: {
      profitOverWaiting: gain(
        (row) => row.redecided,
        (row) => row.waited,
      ),
    },
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
  losers: number;
  compensation: number;
  surplus: number;
  warm: number;
  cold: number;
  changed: number;
  changedCold: number;
  redecided: number;
  waited: number;
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
    ...rationality(world, tasks, ours, profit),
    warm: warm.byRule.rea.profit,
    cold: cold.byRule.rea.profit,
    changed: warm.changed,
    changedCold: cold.changed,
    ...leaving(situation, ours, tasks, dcat),
  };
}

function rationality(
  world: World,
  tasks: Tasks,
  partition: Partition,
  profit: number,
): Pick<Row, 'losers' | 'compensation' | 'surplus'> {
  const together = serverUtilities(world, tasks, partition, simulate(world, tasks, partition, 'rea'));
  let clustered = 0;
  let losers = 0;
  let owed = 0;
  for (let i = 0; i < world.servers; i++) {
    if (partition.filter((name) => name === partition[i]).length < 2) continue;
    clustered++;
    const left = partitionOf(Array.from(partition, (name, j) => (j === i ? -1 : name)));
    const alone = serverUtilities(world, tasks, left, simulate(world, tasks, left, 'rea'))[i]!;
    if (alone <= together[i]!) continue;
    losers++;
    owed += alone - together[i]!;
  }
  const singles = Int32Array.from({ length: world.servers }, (_, i) => i);
  return {
    losers: clustered === 0 ? 0 : losers / clustered,
    compensation: owed / profit,
    surplus: 1 - simulate(world, tasks, singles, 'rea').profit / profit,
  };
}

function leaving(
  situation: Parameters<Clustering>[0],
  partition: Partition,
  tasks: Tasks,
  dcat: Clustering,
): Pick<Row, 'redecided' | 'waited'> {
  const { world, seed } = situation;
  const random = stream(seed, 31);
  const gone = new Set<number>();
  while (gone.size < Math.round(world.servers / 10)) gone.add(random.below(world.servers));
  const stay = Array.from({ length: world.servers }, (_, i) => i).filter((i) => !gone.has(i));
  const rest = subWorld(world, stay);
  const waiting = partitionOf(stay.map((i) => partition[i]!));
  const anew = dcat({ ...situation, world: rest, backlog: new Float64Array(rest.servers), last: waiting });
  return {
    redecided: simulate(rest, tasks, anew, 'rea').profit,
    waited: simulate(rest, tasks, waiting, 'rea').profit,
  };
}
