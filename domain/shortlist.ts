/**
 * The nearest asks of an order, exactly: the first W by (distance, entropy gap, lottery, ask id) that it accepts, at most one a
 * provider (ADR 0001, "Matching and the clock"; the lottery of ADR 0006). Asks in one state stand together in the order of their
 * lottery tickets, and states are swept outwards from the task along one axis, until the axis alone puts the rest too far away.
 */
import type { Resources } from './distance.ts';

/** An ask as the shortlist sees it; state and ticket hold for the whole slot. */
export interface Contender {
  id: string;
  provider: string;
  resources: Resources;
  /** Micro-bits. */
  entropyGap: number;
  /** The node's place on the lottery's ring, 256 bits. */
  ticket: bigint;
}

export interface Shortlisted<T extends Contender> {
  ask: T;
  distance: number;
  lottery: bigint;
}

const RING = 1n << 256n;

/** The way from an order's place to a node's ticket, clockwise. */
export function lottery(ticket: bigint, place: bigint): bigint {
  return ticket >= place ? ticket - place : ticket - place + RING;
}

/** Asks in one and the same state, by (ticket, ask id). */
interface Crowd<T> {
  resources: Resources;
  entropyGap: number;
  members: T[];
}

export class ShortlistIndex<T extends Contender> {
  /** By compute, ascending. */
  readonly #crowds: Crowd<T>[];
  readonly #compute: Int32Array;
  readonly #network: Int32Array;
  readonly #storage: Int32Array;

  constructor(asks: readonly T[]) {
    const crowds = new Map<string, Crowd<T>>();
    for (const ask of asks) {
      const { compute, network, storage } = ask.resources;
      const state = `${compute} ${network} ${storage} ${ask.entropyGap}`;
      const crowd = crowds.get(state);
      if (crowd) crowd.members.push(ask);
      else crowds.set(state, { resources: ask.resources, entropyGap: ask.entropyGap, members: [ask] });
    }
    this.#crowds = [...crowds.values()].sort((a, b) => a.resources.compute - b.resources.compute);
    for (const { members } of this.#crowds) members.sort(byTicket);
    this.#compute = Int32Array.from(this.#crowds, (crowd) => crowd.resources.compute);
    this.#network = Int32Array.from(this.#crowds, (crowd) => crowd.resources.network);
    this.#storage = Int32Array.from(this.#crowds, (crowd) => crowd.resources.storage);
  }

  /**
   * The first `width` in order. `place` is the order's place on the ring; `accepts` may change its mind between calls (cards run
   * out), never within one.
   */
  nearest(task: Resources, place: bigint, width: number, accepts: (ask: T) => boolean): Shortlisted<T>[] {
    const best = new Best<T>(width);
    const total = this.#crowds.length;
    let above = lowerBound(this.#compute, task.compute);
    let below = above - 1;
    while (below >= 0 || above < total) {
      const down = below >= 0 ? task.compute - this.#compute[below]! : Infinity;
      const up = above < total ? this.#compute[above]! - task.compute : Infinity;
      const near = Math.min(down, up);
      // The other two axes only add to it.
      if (Math.floor((near * near) / 3) > best.farthest) break;
      this.#visit(up <= down ? above++ : below--, task, place, accepts, best);
    }
    return best.entries;
  }

  /** Takes out an ask that can't be accepted any more. */
  remove(ask: T): void {
    const { compute, network, storage } = ask.resources;
    for (let i = lowerBound(this.#compute, compute); this.#compute[i] === compute; i++) {
      if (this.#network[i] !== network || this.#storage[i] !== storage) continue;
      const { members } = this.#crowds[i]!;
      const place = members.indexOf(ask);
      if (place >= 0) members.splice(place, 1);
    }
  }

  #visit(index: number, task: Resources, place: bigint, accepts: (ask: T) => boolean, best: Best<T>): void {
    const dc = this.#compute[index]! - task.compute;
    const dl = this.#network[index]! - task.network;
    const ds = this.#storage[index]! - task.storage;
    const distance = Math.floor((dc * dc + dl * dl + ds * ds) / 3);
    if (distance > best.farthest) return;
    const { members, entropyGap } = this.#crowds[index]!;
    if (best.excludes(distance, entropyGap)) return;
    const first = members.length === 1 ? 0 : successor(members, place);
    for (let step = 0; step < members.length; step++) {
      const ask = members[(first + step) % members.length]!;
      if (!accepts(ask)) continue;
      // Members come in the order of the lottery: when one is too late, all that follow are.
      if (!best.offer({ ask, distance, lottery: lottery(ask.ticket, place) })) return;
    }
  }
}

/** The best so far, in order, one a provider. */
class Best<T extends Contender> {
  readonly entries: Shortlisted<T>[] = [];
  readonly #width: number;

  constructor(width: number) {
    this.#width = width;
  }

  /** What is farther than this can't come in any more. */
  get farthest(): number {
    return this.entries.length < this.#width ? Infinity : this.entries[this.#width - 1]!.distance;
  }

  excludes(distance: number, entropyGap: number): boolean {
    if (this.entries.length < this.#width) return false;
    const last = this.entries[this.#width - 1]!;
    return distance > last.distance || (distance === last.distance && entropyGap > last.ask.entropyGap);
  }

  /** False when it comes after a full list. */
  offer(entry: Shortlisted<T>): boolean {
    const { entries } = this;
    const full = entries.length === this.#width;
    if (full && compare(entry, entries[this.#width - 1]!) > 0) return false;
    const sibling = entries.findIndex((other) => other.ask.provider === entry.ask.provider);
    if (sibling >= 0) {
      if (compare(entry, entries[sibling]!) > 0) return true;
      entries.splice(sibling, 1);
    } else if (full) {
      entries.pop();
    }
    let position = entries.length;
    while (position > 0 && compare(entry, entries[position - 1]!) < 0) position--;
    entries.splice(position, 0, entry);
    return true;
  }
}

/** Order of a shortlist. */
export function compare(a: Shortlisted<Contender>, b: Shortlisted<Contender>): number {
  return (
    a.distance - b.distance ||
    a.ask.entropyGap - b.ask.entropyGap ||
    (a.lottery < b.lottery ? -1 : a.lottery > b.lottery ? 1 : 0) ||
    (a.ask.id < b.ask.id ? -1 : a.ask.id > b.ask.id ? 1 : 0)
  );
}

function byTicket(a: Contender, b: Contender): number {
  return a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : a.id < b.id ? -1 : 1;
}

/** Index of the first value at or above `value`. */
function lowerBound(values: Int32Array, value: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (values[middle]! < value) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Index of the first member whose ticket is at or after `place`; 0 when all come before it. */
function successor(members: readonly Contender[], place: bigint): number {
  let low = 0;
  let high = members.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (members[middle]!.ticket < place) low = middle + 1;
    else high = middle;
  }
  return low === members.length ? 0 : low;
}
