/** Every cluster that (10c) admits, and what each task would mean for it: what a bound on all clusterings is made from. */
import type { Tasks } from './arrivals.ts';
import { clockFactors, lastStepBelow } from './auction.ts';
import { admissiblePairs, clustersOf, type Partition } from './partition.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

/** A cluster that could be formed. */
export interface Candidate {
  readonly members: readonly number[];
  /** GHz. */
  readonly power: number;
  /** Least price a G. */
  readonly reserve: number;
  /** Longest queue, s, with which task n is still done in time; negative when it never is, or when its fee is below the reserve. */
  readonly room: Float64Array;
  /** Eq. (1), s. */
  readonly duration: Float64Array;
  /** No less than what the platform keeps of task n's fee when this cluster is the runner-up. */
  readonly asRunnerUp: Float64Array;
  /** The same when it is the winner. */
  readonly asWinner: Float64Array;
  /** Tasks in the order in which it serves those of a slot; as they came where there is none. */
  readonly order?: Int32Array;
}

/**
 * Null when there are more than `most`. With a runner-up whose last step is r the price is that of step r, or of r + 1 when the winner stays
 * longer; so it is never below that of r + 1, nor of the winner's own last step, which is at most the cheapest server's.
 */
export function candidatesOf(world: World, tasks: Tasks, most: number): Candidate[] | null {
  const { servers } = world;
  const pairs = admissiblePairs(world);
  const lists: number[][] = [];
  const grow = (members: readonly number[], others: readonly number[]): void => {
    for (let at = 0; at < others.length && lists.length <= most; at++) {
      const i = others[at]!;
      const larger = [...members, i];
      lists.push(larger);
      grow(
        larger,
        others.slice(at + 1).filter((j) => pairs[i * servers + j]),
      );
    }
  };
  grow(
    [],
    Array.from({ length: servers }, (_, i) => i),
  );
  if (lists.length > most) return null;
  const factors = clockFactors(world.settings);
  const steps = firstSteps(world, tasks);
  return lists.map((members) => candidateOf(world, tasks, members, factors, steps));
}

/**
 * The clusters of one partition, as a dispatcher sees them that assigns a slot's tasks at once (`joint.ts`): it serves them by due time, which does
 * whatever can be done, and pays no less than the step after the last one of the others that could do the task at all.
 */
export function dispatched(world: World, tasks: Tasks, partition: Partition): Candidate[] {
  const factors = clockFactors(world.settings);
  const steps = firstSteps(world, tasks);
  const own = clustersOf(partition).map((members) => candidateOf(world, tasks, members, factors, steps));
  const lastOf = ({ reserve, room }: Candidate, n: number): number =>
    room[n]! < 0 ? -1 : lastStepBelow(factors, tasks.unitFee[n]!, reserve, steps[n]!);
  return own.map((candidate) => {
    const due = tasks.work.map((_, n) => candidate.room[n]! + candidate.duration[n]!);
    const order = Int32Array.from({ length: tasks.count }, (_, n) => n);
    for (let slot = 0; slot < tasks.slots; slot++)
      order
        .subarray(tasks.slotStart[slot], tasks.slotStart[slot + 1])
        .sort((a, b) => due[a]! - due[b]! || a - b);
    const asWinner = tasks.work.map((work, n) => {
      const rival = own.reduce(
        (most, other) => (other === candidate ? most : Math.max(most, lastOf(other, n))),
        -1,
      );
      const step = Math.min(lastOf(candidate, n), rival + 1);
      return rival < 0 || step < 0 ? 0 : tasks.unitFee[n]! * work * (1 - factors[step]!);
    });
    return { ...candidate, order, asWinner };
  });
}

function candidateOf(
  world: World,
  tasks: Tasks,
  members: readonly number[],
  factors: Float64Array,
  steps: Int32Array,
): Candidate {
  const { servers, zones } = world;
  const power = members.reduce((sum, i) => sum + world.power[i]!, 0);
  const reserve = members.reduce((most, i) => Math.max(most, world.unitCost[i]!), 0);
  const ingress = Int32Array.from({ length: zones }, (_, zone) =>
    members.reduce((best, i) =>
      world.perMegabit[zone * servers + i]! < world.perMegabit[zone * servers + best]! ? i : best,
    ),
  );
  const candidate = {
    members,
    power,
    reserve,
    room: new Float64Array(tasks.count).fill(-1),
    duration: tasks.work.map((work) => work / power),
    asRunnerUp: new Float64Array(tasks.count),
    asWinner: new Float64Array(tasks.count),
  };
  for (let n = 0; n < tasks.count; n++) {
    const fee = tasks.unitFee[n]!;
    if (reserve > fee) continue;
    const zone = tasks.zone[n]!;
    const at = zone * servers + ingress[zone]!;
    const transmission = tasks.data[n]! * world.perMegabit[at]! + world.propagation[at]!;
    candidate.room[n] = tasks.deadline[n]! - transmission - candidate.duration[n]!;
    const last = lastStepBelow(factors, fee, reserve, steps[n]!);
    const kept = (step: number): number => fee * tasks.work[n]! * (1 - factors[step]!);
    candidate.asRunnerUp[n] = kept(Math.min(last + 1, steps[n]!));
    candidate.asWinner[n] = kept(last);
  }
  return candidate;
}
