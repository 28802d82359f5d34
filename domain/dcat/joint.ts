/**
 * Beyond the paper: all tasks of a slot are assigned at once instead of one by one. The market does not do so: its order is drawn by lot on
 * purpose (ADR 1), and a price that depends on who else came is no price of an auction by itself (ADR 25).
 */
import type { Tasks } from './arrivals.ts';
import { clockFactors, lastStepBelow } from './auction.ts';
import { fieldOf, type Field } from './field.ts';
import type { Partition } from './partition.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

export interface JointOutcome {
  profit: number;
  served: number;
  /** Cluster of task n by name, or -1. */
  winner: Int32Array;
  payment: Float64Array;
  delay: Float64Array;
}

/** What a cluster offers for a task at the start of a slot. */
interface Offer {
  cluster: number;
  task: number;
  /** When it must be done, s after the slot's start: the deadline less the transmission. */
  due: number;
  /** Eq. (1), s. */
  duration: number;
  step: number;
  delay: number;
  /** What the platform keeps if this cluster serves it. */
  kept: number;
}

interface Line {
  name: number;
  wait: number;
  /** Tasks assigned in this slot, by due time: a set that can be done in time can be done so in this order. */
  offers: Offer[];
}

/** `joint`: as below; `inTurn`: in order of arrival, each to the cheapest cluster that still can, at the same prices: what prices alone bring. */
export type Assignment = 'joint' | 'inTurn';

/**
 * Runs a cycle. A winner is paid by the market's rule among the clusters that can do the task in time as the slot begins; which of them serves it
 * is chosen for the largest sum of what the platform keeps, by insertions, replacements, and moves that make room, until none gains.
 */
export function simulateJointly(
  world: World,
  tasks: Tasks,
  partition: Partition,
  assignment: Assignment = 'joint',
): JointOutcome {
  const field = fieldOf(world, partition);
  const factors = clockFactors(world.settings);
  const steps = firstSteps(world, tasks);
  const lines = Array.from(field.order.slice(0, field.count), (name): Line => ({
    name,
    wait: 0,
    offers: [],
  }));
  const outcome: JointOutcome = {
    profit: 0,
    served: 0,
    winner: new Int32Array(tasks.count).fill(-1),
    payment: new Float64Array(tasks.count),
    delay: new Float64Array(tasks.count),
  };
  for (let slot = 0; slot < tasks.slots; slot++) {
    const offers: Offer[][] = [];
    for (let n = tasks.slotStart[slot]!; n < tasks.slotStart[slot + 1]!; n++)
      offers.push(offersFor(field, tasks, n, lines, factors, steps[n]!));
    if (assignment === 'joint') assign(lines, offers, tasks.slotStart[slot]!);
    else for (const own of offers) assignNext(lines, own);
    for (const line of lines) {
      for (const { task, duration, due, kept } of line.offers) {
        line.wait += duration;
        outcome.profit += kept;
        outcome.served++;
        outcome.winner[task] = line.name;
        outcome.payment[task] = tasks.unitFee[task]! * tasks.work[task]! - kept;
        outcome.delay[task] = tasks.deadline[task]! - due + line.wait;
      }
      line.offers = [];
      line.wait = Math.max(0, line.wait - world.settings.slotSeconds);
    }
  }
  return outcome;
}

/** Of the clusters that can and will do the task if it comes first, with the price that the others leave each. */
function offersFor(
  field: Field,
  tasks: Tasks,
  n: number,
  lines: readonly Line[],
  factors: Float64Array,
  firstStep: number,
): Offer[] {
  const fee = tasks.unitFee[n]!;
  const work = tasks.work[n]!;
  const offers: Offer[] = [];
  lines.forEach(({ name, wait }, cluster) => {
    const at = tasks.zone[n]! * field.stride + name;
    const due = tasks.deadline[n]! - (tasks.data[n]! * field.perMegabit[at]! + field.propagation[at]!);
    const duration = work / field.power[name]!;
    if (!(wait + duration <= due) || field.reserve[name]! > fee) return;
    const step = lastStepBelow(factors, fee, field.reserve[name]!, firstStep);
    const delay = tasks.deadline[n]! - due + wait + duration;
    offers.push({ cluster, task: n, due, duration, step, delay, kept: 0 });
  });
  offers.sort((a, b) => b.step - a.step || a.delay - b.delay || a.cluster - b.cluster);
  for (const offer of offers) {
    const rival = offers[0] === offer ? offers[1] : offers[0];
    if (!rival) continue;
    // A winner that ranks behind its rival can't be paid less than its own last step.
    const last = Math.min(offer.step, rival.step);
    const first = offer.delay < rival.delay || (offer.delay === rival.delay && offer.cluster < rival.cluster);
    offer.kept = fee * work * (1 - factors[offer.step > last && !first ? last + 1 : last]!);
  }
  return offers.sort((a, b) => b.kept - a.kept);
}

/** As an auction in turn would: the last step first, then the shortest delay as the queues now are. */
function assignNext(lines: readonly Line[], own: readonly Offer[]): void {
  let best: { offer: Offer; done: number } | undefined;
  for (const offer of own) {
    const { wait, offers } = lines[offer.cluster]!;
    const done = offers.reduce((sum, { duration }) => sum + duration, wait) + offer.duration;
    if (done > offer.due) continue;
    const sooner = best ? offer.step - best.offer.step || best.done - best.offer.due - (done - offer.due) : 1;
    if (sooner > 0) best = { offer, done };
  }
  if (best) lines[best.offer.cluster]!.offers.push(best.offer);
}

/** `first`: the slot's first task. */
function assign(lines: readonly Line[], offers: readonly Offer[][], first: number): void {
  const taken = new Map<number, Offer>();
  const put = (offer: Offer): void => {
    const own = lines[offer.cluster]!.offers;
    let at = own.length;
    while (at > 0 && own[at - 1]!.due > offer.due) at--;
    own.splice(at, 0, offer);
    taken.set(offer.task, offer);
  };
  const drop = (offer: Offer): void => {
    const own = lines[offer.cluster]!.offers;
    own.splice(own.indexOf(offer), 1);
    taken.delete(offer.task);
  };
  const byKept = offers.toSorted((a, b) => (b[0]?.kept ?? 0) - (a[0]?.kept ?? 0));
  for (let changed = true; changed;) {
    changed = false;
    for (const own of byKept) {
      if (own.length === 0 || taken.has(own[0]!.task)) continue;
      changed = inserted(own) || madeRoom(own) || changed;
    }
  }

  function inserted(own: readonly Offer[]): boolean {
    for (const offer of own) {
      if (!fits(lines[offer.cluster]!, offer)) continue;
      put(offer);
      return true;
    }
    return false;
  }

  /** In the place of another task, which moves to another cluster, or is refused when it earns less. */
  function madeRoom(own: readonly Offer[]): boolean {
    for (const offer of own)
      for (const other of lines[offer.cluster]!.offers) {
        if (!fits(lines[offer.cluster]!, offer, other)) continue;
        const elsewhere = offers[other.task - first]!.find(
          (move) => move.cluster !== other.cluster && fits(lines[move.cluster]!, move),
        );
        const gain = offer.kept - other.kept + (elsewhere?.kept ?? 0);
        // As much for one task more is a gain too.
        if (!(elsewhere ? gain >= 0 : gain > 1e-9 * offer.kept)) continue;
        drop(other);
        put(offer);
        if (elsewhere) put(elsewhere);
        return true;
      }
    return false;
  }
}

/** Whether the line, without one of its tasks, can do one more. */
function fits({ wait, offers }: Line, added: Offer, without?: Offer): boolean {
  let done = wait;
  let open = true;
  for (const offer of offers) {
    if (offer === without) continue;
    if (open && offer.due > added.due) {
      open = false;
      done += added.duration;
      if (done > added.due) return false;
    }
    done += offer.duration;
    if (done > offer.due) return false;
  }
  return !open || done + added.duration <= added.due;
}
