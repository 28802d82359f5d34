/**
 * The nearest asks of an order, exactly: the first W by (distance, entropy gap, lottery, ask id) that it accepts, at most one a
 * provider (ADR 0001, "Matching and the clock"; the lottery of ADR 0006). Asks in one state stand together in the order of their
 * lottery tickets. States stand in levels of equal compute (a node's free cards: few levels), by network within each; levels and states
 * are swept outwards from the task, until these axes alone put the rest too far away.
 */
import type { Resources } from './distance.ts';

/** An ask as the shortlist sees it; state and ticket hold for the whole slot. */
export interface Contender {
  id: string;
  /** Whatever tells providers apart; small integers compare fastest. */
  provider: string | number;
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
/** Beyond every difference: components are 16 bits wide. */
const OUTSIDE = 0x10000;
/** Beyond every sum of squares. */
const NO_LIMIT = 3 * OUTSIDE * OUTSIDE;

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
  /** By compute, then network, ascending. */
  readonly #crowds: Crowd<T>[];
  readonly #network: Int32Array;
  readonly #storage: Int32Array;
  /** Compute of each level, ascending, and its first crowd; one more first than levels. */
  readonly #levels: Int32Array;
  readonly #firsts: Int32Array;

  constructor(asks: readonly T[]) {
    const crowds = new Map<string, Crowd<T>>();
    for (const ask of asks) {
      const { compute, network, storage } = ask.resources;
      const state = `${compute} ${network} ${storage} ${ask.entropyGap}`;
      const crowd = crowds.get(state);
      if (crowd) crowd.members.push(ask);
      else crowds.set(state, { resources: ask.resources, entropyGap: ask.entropyGap, members: [ask] });
    }
    this.#crowds = [...crowds.values()].sort(
      ({ resources: a }, { resources: b }) => a.compute - b.compute || a.network - b.network,
    );
    for (const { members } of this.#crowds) members.sort(byTicket);
    this.#network = Int32Array.from(this.#crowds, (crowd) => crowd.resources.network);
    this.#storage = Int32Array.from(this.#crowds, (crowd) => crowd.resources.storage);
    const levels = [...new Set(this.#crowds.map((crowd) => crowd.resources.compute))];
    const compute = Int32Array.from(this.#crowds, (crowd) => crowd.resources.compute);
    this.#levels = Int32Array.from(levels);
    this.#firsts = Int32Array.from([
      ...levels.map((level) => lowerBound(compute, level, 0, compute.length)),
      compute.length,
    ]);
  }

  /**
   * The first `width` in order. `place` is the order's place on the ring; `accepts` may change its mind between calls (cards run
   * out), never within one.
   */
  nearest(task: Resources, place: bigint, width: number, accepts: (ask: T) => boolean): Shortlisted<T>[] {
    return nearestAmong([this], task, place, width, accepts);
  }

  /** Offers `best` every ask that may still come in. */
  sweep(task: Resources, accepts: (ask: T) => boolean, best: Best<T>): void {
    const levels = this.#levels;
    let above = lowerBound(levels, task.compute, 0, levels.length);
    let below = above - 1;
    while (below >= 0 || above < levels.length) {
      const down = below >= 0 ? task.compute - levels[below]! : OUTSIDE;
      const up = above < levels.length ? levels[above]! - task.compute : OUTSIDE;
      const near = up <= down ? up : down;
      // The other two axes only add to it.
      if (near * near >= best.limit) break;
      this.#sweepLevel(up <= down ? above++ : below--, near * near, task, accepts, best);
    }
  }

  /** Takes out an ask that can't be accepted any more. */
  remove(ask: T): void {
    const { compute, network, storage } = ask.resources;
    const level = lowerBound(this.#levels, compute, 0, this.#levels.length);
    const end = this.#firsts[level + 1]!;
    for (let i = lowerBound(this.#network, network, this.#firsts[level]!, end); i < end; i++) {
      if (this.#network[i] !== network) return;
      if (this.#storage[i] !== storage) continue;
      const { members } = this.#crowds[i]!;
      const place = members.indexOf(ask);
      if (place >= 0) members.splice(place, 1);
    }
  }

  #sweepLevel(
    level: number,
    square: number,
    task: Resources,
    accepts: (ask: T) => boolean,
    best: Best<T>,
  ): void {
    const network = this.#network;
    const first = this.#firsts[level]!;
    const end = this.#firsts[level + 1]!;
    let above = lowerBound(network, task.network, first, end);
    let below = above - 1;
    while (below >= first || above < end) {
      const down = below >= first ? task.network - network[below]! : OUTSIDE;
      const up = above < end ? network[above]! - task.network : OUTSIDE;
      const near = up <= down ? up : down;
      const index = up <= down ? above++ : below--;
      const plane = square + near * near;
      if (plane >= best.limit) return;
      const ds = this.#storage[index]! - task.storage;
      const sum = plane + ds * ds;
      if (sum < best.limit) this.#visit(this.#crowds[index]!, Math.floor(sum / 3), accepts, best);
    }
  }

  #visit(
    { members, entropyGap }: Crowd<T>,
    distance: number,
    accepts: (ask: T) => boolean,
    best: Best<T>,
  ): void {
    if (best.excludes(distance, entropyGap)) return;
    const first = members.length === 1 ? 0 : successor(members, best.place);
    for (let step = 0; step < members.length; step++) {
      const at = first + step;
      const ask = members[at < members.length ? at : at - members.length]!;
      if (!accepts(ask)) continue;
      // Members come in the order of the lottery: when one is too late, all that follow are.
      if (!best.offer(ask, distance)) return;
    }
  }
}

/** The first `width` over several indexes, at most one a provider; see `ShortlistIndex.nearest`. */
export function nearestAmong<T extends Contender>(
  indexes: readonly ShortlistIndex<T>[],
  task: Resources,
  place: bigint,
  width: number,
  accepts: (ask: T) => boolean,
): Shortlisted<T>[] {
  const best = new Best<T>(width, place);
  for (const index of indexes) index.sweep(task, accepts, best);
  return best.entries();
}

/** The best so far, in order, one a provider. The lottery is drawn where it decides: most asks differ before it does. */
class Best<T extends Contender> {
  readonly #asks: T[] = [];
  readonly #distances: number[] = [];
  readonly #width: number;
  /** The order's, on the ring. */
  readonly place: bigint;
  /** Squares of the three axes that add up to this or more are too far to come in any more. */
  limit = NO_LIMIT;

  constructor(width: number, place: bigint) {
    this.#width = width;
    this.place = place;
  }

  entries(): Shortlisted<T>[] {
    return this.#asks.map((ask, i) => ({
      ask,
      distance: this.#distances[i]!,
      lottery: lottery(ask.ticket, this.place),
    }));
  }

  excludes(distance: number, entropyGap: number): boolean {
    if (this.#asks.length < this.#width) return false;
    const last = this.#distances[this.#width - 1]!;
    return distance > last || (distance === last && entropyGap > this.#asks[this.#width - 1]!.entropyGap);
  }

  /** False when it comes after a full list. */
  offer(ask: T, distance: number): boolean {
    const asks = this.#asks;
    const full = asks.length === this.#width;
    if (full && !this.#precedes(ask, distance, this.#width - 1)) return false;
    let sibling = 0;
    while (sibling < asks.length && asks[sibling]!.provider !== ask.provider) sibling++;
    if (sibling < asks.length && !this.#precedes(ask, distance, sibling)) return true;
    // What follows the new one's place moves down, up to the entry that leaves.
    let place = Math.min(sibling, this.#width - 1);
    for (; place > 0 && this.#precedes(ask, distance, place - 1); place--) {
      asks[place] = asks[place - 1]!;
      this.#distances[place] = this.#distances[place - 1]!;
    }
    asks[place] = ask;
    this.#distances[place] = distance;
    // floor(sum / 3) ≤ farthest, without the division.
    if (asks.length === this.#width) this.limit = 3 * (this.#distances[this.#width - 1]! + 1);
    return true;
  }

  #precedes(ask: T, distance: number, index: number): boolean {
    const other = this.#asks[index]!;
    const first = distance - this.#distances[index]! || ask.entropyGap - other.entropyGap;
    if (first !== 0) return first < 0;
    const [left, right] = [ask.ticket, other.ticket];
    if (left === right) return ask.id < other.id;
    // Tickets before the order's place come after those that are not.
    const ahead = left >= this.place;
    return ahead === right >= this.place ? left < right : ahead;
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

/** Index from `low` on of the first value at or above `value`; `high` when there is none before it. */
function lowerBound(values: Int32Array, value: number, low: number, high: number): number {
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
