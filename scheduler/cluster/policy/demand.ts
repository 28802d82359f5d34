/** What the policy sees of a cycle before it: who stands where with how much power, and what is expected to arrive. */
import { zoneRates, type Tasks } from '../../../domain/dcat/arrivals.ts';
import { admissiblePairs } from '../../../domain/dcat/partition.ts';
import { unitFee } from '../../../domain/dcat/settings.ts';
import type { World } from '../../../domain/dcat/world.ts';

/** State s_t: ⟨λ, l, m, τ⟩ of document 004 with the servers' power, places and backlog. */
interface State {
  world: World;
  /** λ: arrivals a slot of each zone. */
  rates: Float64Array;
  /** l, G, and τ, s: four of each that stand for all. */
  work: Float64Array;
  deadline: Float64Array;
  /** m, Mb. */
  data: number;
  /** Unfinished work of each server, G; none when not given. */
  backlog?: Float64Array;
}

/** The state in the form that clusters are judged by. */
export interface Demand {
  world: World;
  /** Who may share a cluster with whom: 1 at i × servers + j. */
  pairs: Uint8Array;
  backlog: Float64Array;
  /** Which share of the arrivals comes from each zone; sums to 1. */
  share: Float64Array;
  /** Transmission from zone z to server i at z × servers + i, s: Eq. (3). */
  path: Float64Array;
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

/** The state of a world whose arrivals are known: Table I and the rates of a cycle. */
export function expectedDemand(world: World, cycle: number, backlog?: Float64Array): Demand {
  const { settings } = world;
  return demandOf({
    world,
    rates: zoneRates(world, cycle),
    work: middles(settings.work),
    deadline: middles(settings.deadline),
    data: settings.data,
    backlog,
  });
}

/** The state as the tasks of the last cycles show it. */
export function observedDemand(world: World, tasks: Tasks, backlog?: Float64Array): Demand {
  const rates = new Float64Array(world.zones);
  for (let n = 0; n < tasks.count; n++) rates[tasks.zone[n]!]! += 1 / Math.max(1, tasks.slots);
  return demandOf({
    world,
    rates,
    work: quantiles(tasks.work),
    deadline: quantiles(tasks.deadline),
    data: mean(tasks.data),
    backlog,
  });
}

function demandOf({ world, rates, work, deadline, data, backlog }: State): Demand {
  const { settings, servers } = world;
  const arrivals = rates.reduce((sum, rate) => sum + rate, 0);
  const meanWork = mean(work);
  const totalPower = world.power.reduce((sum, power) => sum + power, 0);
  return {
    world,
    pairs: admissiblePairs(world),
    backlog: backlog ?? new Float64Array(servers),
    share: rates.map((rate) => (arrivals > 0 ? rate / arrivals : 0)),
    path: world.perMegabit.map((seconds, at) =>
      seconds === Infinity ? Infinity : data * seconds + world.propagation[at]!,
    ),
    work,
    deadline,
    meanWork,
    meanDeadline: mean(deadline),
    meanFee: mean(deadline.map((tau) => unitFee(settings, tau))),
    totalPower,
    load: totalPower > 0 ? (arrivals * meanWork) / (totalPower * settings.slotSeconds) : 0,
  };
}

/** The middles of four equal parts. */
function middles([least, most]: readonly [number, number]): Float64Array {
  return Float64Array.from({ length: PARTS }, (_, part) => least + ((part + 0.5) / PARTS) * (most - least));
}

/** The same of a sample; zeros of none. */
function quantiles(sample: Float64Array): Float64Array {
  const sorted = sample.toSorted();
  return Float64Array.from(
    { length: PARTS },
    (_, part) => sorted[Math.floor(((part + 0.5) / PARTS) * sorted.length)] ?? 0,
  );
}

function mean(values: Float64Array): number {
  return values.length > 0 ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}
