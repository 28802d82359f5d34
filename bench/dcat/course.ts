/** A course: some cycles of one world with one clustering, auctioned by both rules. */
import { drawTasks } from '../../domain/dcat/arrivals.ts';
import type { Rule } from '../../domain/dcat/auction.ts';
import { violations } from '../../domain/dcat/constraints.ts';
import type { Partition } from '../../domain/dcat/partition.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import type { World } from '../../domain/dcat/world.ts';
import { historyOf, type Clustering } from './clusterings.ts';

export interface Course {
  profit: number;
  /** Fees of all tasks, served or not. */
  fees: number;
  offered: number;
  served: number;
}

export interface Courses {
  byRule: Record<Rule, Course>;
  /** Mean number of clusters. */
  clusters: number;
  /** Servers in clusters that did not stand the cycle before, as a share of all; of the cycles after the first. */
  changed: number;
}

/** Cycles that the first decision may look back on. */
export const FIRST_CYCLE = 2;
export const HISTORY = 2;

/** @throws Error when a run breaks a constraint of P1: a bug */
export function run(
  world: World,
  seed: number,
  cycles: number,
  clustering: Clustering,
  rules: readonly Rule[],
): Courses {
  const empty = (): Course => ({ profit: 0, fees: 0, offered: 0, served: 0 });
  const byRule: Record<Rule, Course> = { rea: empty(), oneOff: empty(), algorithm2: empty() };
  const backlogs = new Map<Rule, Float64Array>(rules.map((rule) => [rule, new Float64Array(world.servers)]));
  let last: Partition | null = null;
  let clusters = 0;
  let changed = 0;
  for (let cycle = FIRST_CYCLE; cycle < FIRST_CYCLE + cycles; cycle++) {
    const history = historyOf(world, seed, cycle, HISTORY);
    const backlog = backlogs.get('rea') ?? new Float64Array(world.servers);
    const partition = clustering({ world, seed, cycle, history, backlog, last });
    const tasks = drawTasks(world, seed, cycle);
    for (const rule of rules) {
      const before = backlogs.get(rule)!;
      const outcome = simulate(world, tasks, partition, rule, before);
      const broken = violations(world, tasks, partition, outcome, before);
      if (broken.length > 0) throw new Error(broken[0]);
      backlogs.set(rule, outcome.backlog);
      const course = byRule[rule];
      course.profit += outcome.profit;
      course.offered += outcome.offered;
      course.served += outcome.served;
      for (let n = 0; n < tasks.count; n++) course.fees += tasks.unitFee[n]! * tasks.work[n]!;
    }
    clusters += new Set(partition).size / cycles;
    if (last) changed += movedShare(last, partition) / Math.max(1, cycles - 1);
    last = partition;
  }
  return { byRule, clusters, changed };
}

/** Share of the servers that have other fellows than before. */
export function movedShare(before: Partition, after: Partition): number {
  const fellows = (partition: Partition, i: number): string =>
    partition.reduce((list, name, j) => (name === partition[i] ? `${list},${j}` : list), '');
  let count = 0;
  for (let i = 0; i < after.length; i++) if (fellows(before, i) !== fellows(after, i)) count++;
  return count / after.length;
}
