/** A cycle of the small time scale: every task in order of arrival to the cluster that its auction picks. Eqs. (1) to (9). */
import type { Tasks } from './arrivals.ts';
import { clockFactors, lastStepBelow, type Rule } from './auction.ts';
import { fieldOf } from './field.ts';
import type { Partition } from './partition.ts';
import { emptyLedger, run, type Ledger } from './run.ts';
import type { World } from './world.ts';

export interface Outcome {
  /** U_c, Eq. (6). */
  readonly profit: number;
  readonly offered: number;
  readonly served: number;
  readonly ledger: Ledger;
  /** Unfinished work of each server at the end, G: what the next cycle starts with. */
  readonly backlog: Float64Array;
}

/** One cycle of a partition. `backlog`: work that servers bring along, G; `steps`: see `run`, the same for all partitions. */
export function simulate(
  world: World,
  tasks: Tasks,
  partition: Partition,
  rule: Rule,
  backlog?: Float64Array,
  steps = firstSteps(world, tasks),
): Outcome {
  const ledger = emptyLedger(world.servers, tasks);
  if (backlog) {
    const field = fieldOf(world, partition);
    for (let i = 0; i < world.servers; i++)
      ledger.wait[partition[i]!]! += backlog[i]! / field.power[partition[i]!]!;
  }
  run(fieldOf(world, partition), tasks, rule, ledger, steps);
  // A task is split in proportion to power, so all members of a cluster have as many seconds left.
  const left = Float64Array.from(partition, (name, i) => ledger.wait[name]! * world.power[i]!);
  return { profit: ledger.profit, offered: tasks.count, served: ledger.served, ledger, backlog: left };
}

/** For each task the last step that any server of the world accepts: where the scan's search of the clock starts. */
export function firstSteps(world: World, tasks: Tasks): Int32Array {
  const factors = clockFactors(world.settings);
  const least = world.unitCost.reduce((a, b) => Math.min(a, b), Infinity);
  return Int32Array.from({ length: tasks.count }, (_, n) => {
    const fee = tasks.unitFee[n]!;
    return fee < least ? 0 : lastStepBelow(factors, fee, least, world.settings.lastStep);
  });
}
