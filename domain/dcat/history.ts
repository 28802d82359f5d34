/** The tasks of a cycle from what the market's own history says was asked for: real arrivals in the place of drawn ones. */
import { tasksOf, type Tasks } from './arrivals.ts';
import { stream } from './random.ts';
import type { Settings } from './settings.ts';

/** One task that was asked for, served or not. */
export interface Arrival {
  /** When, s on any clock. */
  at: number;
  /** Where from, a zone of the world. */
  zone: number;
  /** l_n, G. */
  work: number;
  /** m_n, Mb. */
  data: number;
  /** τ_n, s from its arrival. */
  deadline: number;
}

/**
 * The arrivals from `start` on, in so many slots, in order of time and then of the list. What lies outside, or says no amount of work or time that
 * can be reckoned with, is left out and counted. `seed`: of the lottery numbers, which history does not hold.
 */
export function tasksOfHistory(
  settings: Settings,
  arrivals: readonly Arrival[],
  { start, slots, seed }: { start: number; slots: number; seed: number },
): { tasks: Tasks; leftOut: number } {
  const random = stream(seed, 61);
  const usable = arrivals
    .filter((arrival) => isUsable(arrival) && slotOf(arrival) >= 0 && slotOf(arrival) < slots)
    .toSorted((a, b) => a.at - b.at);
  const list = usable.map((arrival) => ({
    slot: slotOf(arrival),
    zone: arrival.zone,
    work: arrival.work,
    data: arrival.data,
    deadline: arrival.deadline,
    lottery: random.next(),
  }));
  return { tasks: tasksOf(settings, list, slots), leftOut: arrivals.length - list.length };

  function slotOf({ at }: Arrival): number {
    return Math.floor((at - start) / settings.slotSeconds);
  }
}

function isUsable({ at, zone, work, data, deadline }: Arrival): boolean {
  return (
    Number.isFinite(at) &&
    Number.isSafeInteger(zone) &&
    zone >= 0 &&
    Number.isFinite(work) &&
    work > 0 &&
    Number.isFinite(data) &&
    data >= 0 &&
    Number.isFinite(deadline) &&
    deadline > 0
  );
}
