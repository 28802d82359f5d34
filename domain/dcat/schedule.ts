/** The best that one cluster could do in a cycle, at prices for its part in each task: a dynamic programme over its queue. */
import type { Tasks } from './arrivals.ts';
import type { Candidate } from './candidates.ts';

/** What a cluster has from task n when it serves it, and when it is merely able to (then never below zero). */
export interface Worth {
  serve(candidate: Candidate, n: number): number;
  stand(candidate: Candidate, n: number): number;
}

/** What the best schedule does with a task. */
export type Deed = 'serves' | 'stands';

const IDLE = 0;
const STANDS = 1;
const SERVES = 2;
/** Seconds by which a rounded sum may be off. */
const ROUNDING = 1e-9;

/**
 * Value of the best schedule: tasks in the candidate's order, a task is served, or merely stood by for, only when the queue leaves it enough time;
 * what is served joins the queue, which shrinks by a slot's length between slots.
 *
 * The queue is kept in cells of `slotSeconds / cellsPerSlot` and counts as the cell's lower edge, and every duration is cut to whole cells. A
 * shorter queue can do whatever a longer one can, so the result is never below the best of the true schedules.
 */
export class Scheduler {
  readonly #tasks: Tasks;
  readonly #cell: number;
  readonly #perSlot: number;
  readonly #values: Float64Array;
  #deeds = new Uint8Array(0);

  constructor(tasks: Tasks, slotSeconds: number, cellsPerSlot: number) {
    this.#tasks = tasks;
    this.#cell = slotSeconds / cellsPerSlot;
    this.#perSlot = cellsPerSlot;
    const longest = tasks.deadline.reduce((a, b) => Math.max(a, b), 0);
    this.#values = new Float64Array(Math.max(Math.ceil(longest / this.#cell), cellsPerSlot) + 2);
  }

  value(candidate: Candidate, worth: Worth, note = false): number {
    const values = this.#values;
    const tasks = this.#tasks;
    const width = values.length;
    if (note && this.#deeds.length === 0) this.#deeds = new Uint8Array(tasks.count * width);
    const deeds = note ? this.#deeds.fill(IDLE) : null;
    values.fill(0);
    for (let slot = tasks.slots - 1; slot >= 0; slot--) {
      if (slot < tasks.slots - 1) this.#pass();
      for (let turn = tasks.slotStart[slot + 1]! - 1; turn >= tasks.slotStart[slot]!; turn--) {
        const n = candidate.order ? candidate.order[turn]! : turn;
        const last = this.#lastCell(candidate, n);
        if (last < 0) continue;
        const cells = Math.floor(candidate.duration[n]! / this.#cell);
        const stands = worth.stand(candidate, n);
        const serves = worth.serve(candidate, n);
        for (let at = 0; at <= last; at++) {
          const standing = stands + values[at]!;
          const serving = serves + values[at + cells]!;
          values[at] = serving > standing ? serving : standing;
          if (deeds) deeds[n * width + at] = serving > standing ? SERVES : STANDS;
        }
      }
    }
    return values[0]!;
  }

  /** What the schedule that `value` noted last does, task by task. */
  follow(candidate: Candidate, see: (n: number, deed: Deed) => void): void {
    const tasks = this.#tasks;
    const width = this.#values.length;
    let at = 0;
    for (let slot = 0; slot < tasks.slots; slot++) {
      if (slot > 0) at = Math.max(0, at - this.#perSlot);
      for (let turn = tasks.slotStart[slot]!; turn < tasks.slotStart[slot + 1]!; turn++) {
        const n = candidate.order ? candidate.order[turn]! : turn;
        const deed = this.#deeds[n * width + at]!;
        if (deed === IDLE) continue;
        see(n, deed === SERVES ? 'serves' : 'stands');
        if (deed === SERVES) at += Math.floor(candidate.duration[n]! / this.#cell);
      }
    }
  }

  /** The longest queue with which the task is still done in time, as a cell. */
  #lastCell(candidate: Candidate, n: number): number {
    return Math.floor((candidate.room[n]! + ROUNDING) / this.#cell);
  }

  /** A slot's time goes by between two slots: backwards, a queue is worth what is left of it. */
  #pass(): void {
    const values = this.#values;
    values.copyWithin(this.#perSlot, 0, values.length - this.#perSlot);
    values.fill(values[this.#perSlot]!, 0, this.#perSlot);
  }
}
