/** Tasks of a cycle: when, where from, how large, how urgent. */
import { stream, type Random } from './random.ts';
import { unitFee, type Settings } from './settings.ts';
import type { World } from './world.ts';

/** The tasks ⟨l, m, τ, O⟩ of some slots, by column, in order of arrival. */
export interface Tasks {
  readonly count: number;
  readonly slots: number;
  /** First task of slot δ at δ; at `slots` the count. */
  readonly slotStart: Int32Array;
  /** l_n, G. */
  readonly work: Float64Array;
  /** m_n, Mb. */
  readonly data: Float64Array;
  /** τ_n, s. */
  readonly deadline: Float64Array;
  /** O_n as a zone of the world. */
  readonly zone: Int32Array;
  /** Eq. (5) a G: the task's fee is this times its work. */
  readonly unitFee: Float64Array;
  /** The task's draw in [0, 1), for rules that choose at random. */
  readonly lottery: Float64Array;
}

interface Task {
  slot: number;
  work: number;
  data: number;
  deadline: number;
  zone: number;
  lottery: number;
}

/** Poisson arrivals at the rates of one cycle. Seeds of training and of tests are apart by the caller's choice. */
export function drawTasks(world: World, seed: number, cycle: number): Tasks {
  const { settings } = world;
  const random = stream(seed, 2, cycle);
  const rates = zoneRates(world, cycle);
  const tasks: Task[] = [];
  for (let slot = 0; slot < settings.slotsPerCycle; slot++) {
    const count = random.poisson(settings.arrivals);
    for (let n = 0; n < count; n++) tasks.push({ slot, ...drawTask(settings, random, rates) });
  }
  return tasksOf(settings, tasks, settings.slotsPerCycle);
}

/** Arrivals a slot from each zone in a cycle: a zone's share swings over the day, the sum over zones stays λ. */
export function zoneRates(world: World, cycle: number): Float64Array {
  const { settings } = world;
  const rates = world.zoneShare.map((share, zone) => {
    const time = (cycle / settings.cyclesPerDay + world.zonePhase[zone]!) % 1;
    // A triangle from −1 to 1 and back.
    const wave = time < 0.5 ? 4 * time - 1 : 3 - 4 * time;
    return share * (1 + settings.swing * wave);
  });
  const sum = rates.reduce((a, b) => a + b, 0);
  return rates.map((rate) => (rate / sum) * settings.arrivals);
}

/** Tasks by column from a list in order of arrival: of a trace, of the market's history, of a generator. */
export function tasksOf(settings: Settings, list: readonly Task[], slots: number): Tasks {
  const slotStart = new Int32Array(slots + 1);
  for (const task of list) slotStart[task.slot + 1]!++;
  for (let slot = 0; slot < slots; slot++) slotStart[slot + 1]! += slotStart[slot]!;
  return {
    count: list.length,
    slots,
    slotStart,
    work: Float64Array.from(list, (task) => task.work),
    data: Float64Array.from(list, (task) => task.data),
    deadline: Float64Array.from(list, (task) => task.deadline),
    zone: Int32Array.from(list, (task) => task.zone),
    unitFee: Float64Array.from(list, (task) => unitFee(settings, task.deadline)),
    lottery: Float64Array.from(list, (task) => task.lottery),
  };
}

function drawTask(settings: Settings, random: Random, rates: Float64Array): Omit<Task, 'slot'> {
  let left = random.next() * settings.arrivals;
  let zone = 0;
  for (; zone < rates.length - 1 && left >= rates[zone]!; zone++) left -= rates[zone]!;
  return {
    zone,
    work: random.between(settings.work[0], settings.work[1]),
    data: settings.data,
    deadline: random.between(settings.deadline[0], settings.deadline[1]),
    lottery: random.next(),
  };
}

/** The slots of several cycles one after the other. */
export function joinTasks(parts: readonly Tasks[]): Tasks {
  const slots = parts.reduce((sum, part) => sum + part.slots, 0);
  const slotStart = new Int32Array(slots + 1);
  let slot = 0;
  let count = 0;
  for (const part of parts) {
    for (let own = 0; own < part.slots; own++) slotStart[slot++] = count + part.slotStart[own]!;
    count += part.count;
  }
  slotStart[slots] = count;
  const column = (read: (part: Tasks) => Float64Array): Float64Array =>
    Float64Array.from(parts.flatMap((part) => [...read(part)]));
  return {
    count,
    slots,
    slotStart,
    work: column((part) => part.work),
    data: column((part) => part.data),
    deadline: column((part) => part.deadline),
    zone: Int32Array.from(parts.flatMap((part) => [...part.zone])),
    unitFee: column((part) => part.unitFee),
    lottery: column((part) => part.lottery),
  };
}

/** The tasks at these indices, ascending, in their slots. */
export function takeTasks(tasks: Tasks, indices: readonly number[]): Tasks {
  const slotStart = new Int32Array(tasks.slots + 1);
  let at = 0;
  for (let slot = 0; slot < tasks.slots; slot++) {
    while (at < indices.length && indices[at]! < tasks.slotStart[slot + 1]!) at++;
    slotStart[slot + 1] = at;
  }
  const column = (of: Float64Array): Float64Array => Float64Array.from(indices, (n) => of[n]!);
  return {
    count: indices.length,
    slots: tasks.slots,
    slotStart,
    work: column(tasks.work),
    data: column(tasks.data),
    deadline: column(tasks.deadline),
    zone: Int32Array.from(indices, (n) => tasks.zone[n]!),
    unitFee: column(tasks.unitFee),
    lottery: column(tasks.lottery),
  };
}

/** The tasks of some slots, which count from 0 again. */
export function takeSlots(tasks: Tasks, from: number, to: number): Tasks {
  const [first, end] = [tasks.slotStart[from]!, tasks.slotStart[to]!];
  const indices = Array.from({ length: end - first }, (_, at) => first + at);
  return {
    ...takeTasks(tasks, indices),
    slots: to - from,
    slotStart: tasks.slotStart.slice(from, to + 1).map((start) => start - first),
  };
}

/** The same tasks with those of each slot in descending order of a key; equal keys in order of arrival. */
export function reorderTasks(tasks: Tasks, key: (n: number) => number): Tasks {
  const order: number[] = [];
  for (let slot = 0; slot < tasks.slots; slot++) {
    const own: number[] = [];
    for (let n = tasks.slotStart[slot]!; n < tasks.slotStart[slot + 1]!; n++) own.push(n);
    order.push(...own.sort((a, b) => key(b) - key(a) || a - b));
  }
  const taken = takeTasks(tasks, order);
  return { ...taken, slotStart: tasks.slotStart };
}
