/** What a clustering earns on given tasks, as a search asks it thousands of times. */
import type { Tasks } from './arrivals.ts';
import type { Rule } from './auction.ts';
import { addCluster, emptyField, removeCluster, type Field } from './field.ts';
import { clustersOf, type Partition } from './partition.ts';
import { emptyLedger, run, type Ledger } from './run.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

/** A clustering that changes in place: at any time every server is in one cluster. */
export interface Standing {
  readonly world: World;
  readonly field: Field;
  /** Members of the cluster that is named so, ascending; empty for other names. */
  readonly members: number[][];
  /** Cluster of each server. */
  readonly clusterOf: Int32Array;
}

export function standingOf(world: World, partition: Partition): Standing {
  const standing: Standing = {
    world,
    field: emptyField(world),
    members: Array.from({ length: world.servers }, () => []),
    clusterOf: new Int32Array(world.servers),
  };
  for (const members of clustersOf(partition)) put(standing, members);
  return standing;
}

/** Puts these clusters in the place of those; both cover the same servers. */
export function exchange(standing: Standing, taken: readonly number[], added: readonly number[][]): void {
  for (const name of taken) {
    removeCluster(standing.field, name);
    standing.members[name] = [];
  }
  for (const members of added) put(standing, members);
}

function put(standing: Standing, members: readonly number[]): void {
  const name = members[0]!;
  standing.members[name] = [...members];
  for (const i of members) standing.clusterOf[i] = name;
  addCluster(standing.field, members);
}

export interface Objective {
  /** Profit of what stands. */
  profit(standing: Standing): number;
  /** The same, or -Infinity when it falls behind `least` after some slot. */
  profitUnless(standing: Standing, least: Float64Array): number;
  /** Tasks served by the last run. */
  served(): number;
  /** Profit after each slot of the last run. */
  readonly profitAfter: Float64Array;
  readonly tasks: Tasks;
}

/** Profit under a rule over the tasks of one or more cycles. Queues start empty: no task of a cycle outlasts its deadline. */
export function objectiveOf(world: World, tasks: Tasks, rule: Rule): Objective {
  const ledger: Ledger = emptyLedger(world.servers, tasks);
  const steps = firstSteps(world, tasks);
  const measure = (standing: Standing, least?: Float64Array): number => {
    ledger.wait.fill(0);
    return run(standing.field, tasks, rule, ledger, steps, least) ? ledger.profit : -Infinity;
  };
  return {
    profit: measure,
    profitUnless: measure,
    served: () => ledger.served,
    profitAfter: ledger.profitAfter,
    tasks,
  };
}
