/** What the policy sees of a cycle before it: who stands where with how much power, and what is expected to arrive. */
import type { World } from '../../../domain/dcat/world.ts';

/** State s_t: ⟨λ, l, m, τ⟩ of document 004 with the servers' power, places and backlog. */
export interface State {
  world: World;
  /** λ: expected arrivals a slot of each zone. */
  rates: Float64Array;
  /** Unfinished work of each server, G. */
  backlog: Float64Array;
}

/** The state in the form that clusters are judged by. */
export interface Demand {
  world: World;
  backlog: Float64Array;
  /** Which share of the arrivals comes from each zone; sums to 1. */
  share: Float64Array;
  /** Transmission from zone z to server i at z × servers + i, s: Eq. (3). */
  path: Float64Array;
  /** Workloads and deadlines that stand for all: the middles of four equal parts each. */
  work: Float64Array;
  deadline: Float64Array;
  meanWork: number;
  meanDeadline: number;
  meanFee: number;
  totalPower: number;
  /** Work that arrives in a slot over what all servers do in one. */
  load: number;
}

const PARTS = 4;

export function demandOf({ world, rates, backlog }: State): Demand {
  const { settings } = world;
  const arrivals = rates.reduce((sum, rate) => sum + rate, 0);
  const work = middles(settings.work);
  const deadline = middles(settings.deadline);
  const meanWork = mean(work);
  const totalPower = world.power.reduce((sum, power) => sum + power, 0);
  return {
    world,
    backlog,
    share: rates.map((rate) => (arrivals > 0 ? rate / arrivals : 0)),
    path: world.perMegabit.map((seconds, at) =>
      seconds === Infinity ? Infinity : settings.data * seconds + world.propagation[at]!,
    ),
    work,
    deadline,
    meanWork,
    meanDeadline: mean(deadline),
    meanFee: mean(deadline.map((tau) => settings.price * (1 + settings.urgency / tau))),
    totalPower,
    load: totalPower > 0 ? (arrivals * meanWork) / (totalPower * settings.slotSeconds) : 0,
  };
}

function middles([least, most]: readonly [number, number]): Float64Array {
  return Float64Array.from({ length: PARTS }, (_, part) => least + ((part + 0.5) / PARTS) * (most - least));
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
