/** Constraints (10a) to (10f) of problem P1 over a whole run, recomputed from Eqs. (1) to (9) apart from the simulation. */
import type { Tasks } from './arrivals.ts';
import { clustersOf, type Partition } from './partition.ts';
import type { Outcome } from './simulate.ts';
import type { World } from './world.ts';

/** Money and seconds are sums in another order than the simulation's. */
const ROUNDING = 1e-9;

/** What a run breaks, one sentence each; empty when it keeps every constraint. */
export function violations(
  world: World,
  tasks: Tasks,
  partition: Partition,
  outcome: Outcome,
  backlog?: Float64Array,
): string[] {
  const broken = brokenClusters(world, partition);
  const members = new Map(clustersOf(partition).map((list) => [list[0]!, list]));
  const powers = new Map([...members].map(([name, list]) => [name, sum(list, (i) => world.power[i]!)]));
  // L_{n,k}: unprocessed work of each cluster, G.
  const waiting = new Map([...members].map(([name, list]) => [name, sum(list, (i) => backlog?.[i] ?? 0)]));
  let profit = 0;
  for (let slot = 0; slot < tasks.slots; slot++) {
    for (let n = tasks.slotStart[slot]!; n < tasks.slotStart[slot + 1]!; n++) {
      const name = outcome.ledger.winner[n]!;
      // (10a) read as ≤ 1 and (10d): one name or none.
      if (name === -1) continue;
      const list = members.get(name);
      if (!list) {
        broken.push(`(10a) task ${n} is with ${name}, which is no cluster`);
        continue;
      }
      const power = powers.get(name)!;
      const delay = transmission(world, tasks, n, list) + waiting.get(name)! / power + tasks.work[n]! / power;
      if (delay > tasks.deadline[n]! + ROUNDING)
        broken.push(`(10b) task ${n} takes ${delay} s of ${tasks.deadline[n]} s`);
      waiting.set(name, waiting.get(name)! + tasks.work[n]!);
      broken.push(...brokenParties(world, tasks, n, list, power, outcome.ledger.payment[n]!));
      profit += tasks.unitFee[n]! * tasks.work[n]! - outcome.ledger.payment[n]!;
    }
    for (const [name, work] of waiting)
      waiting.set(name, Math.max(0, work - powers.get(name)! * world.settings.slotSeconds));
  }
  if (Math.abs(profit - outcome.profit) > ROUNDING * Math.max(1, profit))
    broken.push(`Eq. (6) is ${profit}, the run says ${outcome.profit}`);
  return broken;
}

/** (10c) and (10e): every server in one cluster, no two members farther apart than R_max. */
function brokenClusters(world: World, partition: Partition): string[] {
  const broken: string[] = [];
  if (partition.length !== world.servers) return ['(10e) not every server has a cluster'];
  for (let i = 0; i < partition.length; i++)
    for (let j = 0; j < i; j++) {
      if (partition[i] !== partition[j]) continue;
      const distance = world.distance[i * world.servers + j]!;
      if (distance > world.settings.reach)
        broken.push(`(10c) servers ${j} and ${i} are ${distance} km apart`);
    }
  for (const members of clustersOf(partition))
    if (partition[members[0]!] !== members[0]) broken.push(`(10e) cluster of ${members[0]} is misnamed`);
  return broken;
}

/** (10f): nobody loses by a task. A user offers one only if its value covers the fee, so U_n needs g ≤ p_n no more than U_c does. */
function brokenParties(
  world: World,
  tasks: Tasks,
  n: number,
  members: readonly number[],
  power: number,
  payment: number,
): string[] {
  const broken: string[] = [];
  const work = tasks.work[n]!;
  const fee = tasks.unitFee[n]! * work;
  if (payment > fee * (1 + ROUNDING))
    broken.push(`(10f) platform pays ${payment} for task ${n} of fee ${fee}`);
  for (const i of members) {
    const share = world.power[i]! / power;
    const utility = payment * share - world.unitCost[i]! * work * share;
    if (utility < -ROUNDING * payment) broken.push(`(10f) server ${i} earns ${utility} by task ${n}`);
  }
  return broken;
}

/** Eq. (3) to the member with the widest path. */
function transmission(world: World, tasks: Tasks, n: number, members: readonly number[]): number {
  const row = tasks.zone[n]! * world.servers;
  const ingress = members.reduce((best, i) =>
    world.perMegabit[row + i]! < world.perMegabit[row + best]! ? i : best,
  );
  return tasks.data[n]! * world.perMegabit[row + ingress]! + world.propagation[row + ingress]!;
}

function sum(list: readonly number[], read: (i: number) => number): number {
  return list.reduce((total, i) => total + read(i), 0);
}
