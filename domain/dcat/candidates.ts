/** Every cluster that (10c) admits, and what each task would mean for it: what a bound on all clusterings is made from. */
import type { Tasks } from './arrivals.ts';
import { clockFactors, lastStepBelow } from './auction.ts';
import { admissiblePairs } from './partition.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

/** A cluster that could be formed. */
export interface Candidate {
  readonly members: readonly number[];
  /** GHz. */
  readonly power: number;
  /** Longest queue, s, with which task n is still done in time; negative when it never is, or when its fee is below the reserve. */
  readonly room: Float64Array;
  /** Eq. (1), s. */
  readonly duration: Float64Array;
  /** No less than what the platform keeps of task n's fee when this cluster is the runner-up. */
  readonly asRunnerUp: Float64Array;
  /** The same when it is the winner. */
  readonly asWinner: Float64Array;
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
