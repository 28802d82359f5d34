/** What no clustering can exceed, whichever tasks its auctions accept: an upper bound of profit and of served tasks. */
import type { Tasks } from './arrivals.ts';
import { clockFactors } from './auction.ts';
import { admissiblePairs } from './partition.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

export interface Bound {
  profit: number;
  served: number;
  /** The same with work without limit: each feasible task at the least price. */
  profitUnlimited: number;
}

/**
 * A task earns at most its fee less the lowest clock price that the cheapest server accepts, and only if the largest cluster could do it in time
 * with an empty queue. What is accepted in one slot must be done within the longest deadline less the shortest transmission, and what is
 * accepted in all within the whole time: tasks fill these two capacities, at best in parts, in the order of what they earn a G.
 */
export function upperBound(world: World, tasks: Tasks): Bound {
  const { settings, servers, zones } = world;
  const factors = clockFactors(settings);
  const steps = firstSteps(world, tasks);
  const cheapest = world.unitCost.reduce((a, b) => Math.min(a, b), Infinity);
  const largest = largestPower(world);
  const path = new Float64Array(zones).fill(Infinity);
  const seconds = (zone: number, i: number, data: number): number =>
    data * world.perMegabit[zone * servers + i]! + world.propagation[zone * servers + i]!;
  const least = tasks.data.reduce((a, b) => Math.min(a, b), Infinity);
  for (let zone = 0; zone < zones; zone++)
    for (let i = 0; i < servers; i++) path[zone] = Math.min(path[zone]!, seconds(zone, i, least));

  const feasible: { slot: number; work: number; gain: number }[] = [];
  let longest = 0;
  for (let slot = 0; slot < tasks.slots; slot++)
    for (let n = tasks.slotStart[slot]!; n < tasks.slotStart[slot + 1]!; n++) {
      const fee = tasks.unitFee[n]!;
      const left = tasks.deadline[n]! - path[tasks.zone[n]!]!;
      if (fee < cheapest || !(tasks.work[n]! <= left * largest)) continue;
      longest = Math.max(longest, left);
      feasible.push({ slot, work: tasks.work[n]!, gain: fee * (1 - factors[steps[n]!]!) });
    }
  const total = world.power.reduce((a, b) => a + b, 0);
  const slotRoom = total * longest;
  const allRoom = total * ((tasks.slots - 1) * settings.slotSeconds + longest);
  const byGain = filled(
    feasible.toSorted((a, b) => b.gain - a.gain),
    tasks.slots,
    slotRoom,
    allRoom,
  );
  const byWork = filled(
    feasible.toSorted((a, b) => a.work - b.work),
    tasks.slots,
    slotRoom,
    allRoom,
  );
  return {
    profit: byGain.gain,
    served: byWork.count,
    profitUnlimited: feasible.reduce((sum, task) => sum + task.gain * task.work, 0),
  };
}

function filled(
  sorted: readonly { slot: number; work: number; gain: number }[],
  slots: number,
  slotRoom: number,
  allRoom: number,
): { gain: number; count: number } {
  const room = new Float64Array(slots).fill(slotRoom);
  let left = allRoom;
  let gain = 0;
  let count = 0;
  for (const task of sorted) {
    const part = Math.min(task.work, room[task.slot]!, left);
    room[task.slot]! -= part;
    left -= part;
    gain += task.gain * part;
    count += part / task.work;
  }
  return { gain, count };
}

/** Power of no more than the most powerful cluster: of a server with all that it may share one with. */
function largestPower(world: World): number {
  const { servers, power } = world;
  const pairs = admissiblePairs(world);
  let largest = 0;
  for (let i = 0; i < servers; i++) {
    let sum = 0;
    for (let j = 0; j < servers; j++) if (pairs[i * servers + j]) sum += power[j]!;
    largest = Math.max(largest, sum);
  }
  return largest;
}
