/**
 * The nearest asks of an order, exactly: the first W by (distance, entropy gap, lottery, ask id) that it accepts, at most one a
 * provider (ADR 0001, "Matching and the clock"; the lottery of ADR 0006). Asks are numbered in the order of their lottery tickets, so
 * that the ring of tickets is the index's ring of numbers.
 */
import type { Resources } from './distance.ts';
import type { FilterList } from './match/filter.ts';
import { NodeIndex, STATE_BITS } from './match/node-index.ts';
import { whyNone, type WhyNone } from './match/why-none.ts';
import { SHORTLIST_WIDTH } from './parameters.ts';

/** An ask as the shortlist sees it; state and ticket hold for the whole slot. */
export interface Contender {
  id: string;
  /** Whatever tells providers apart. */
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
}

const RING = 1n << 256n;
const NOBODY = new Int32Array(0);

/** The way from an order's place to a node's ticket, clockwise. */
export function lottery(ticket: bigint, place: bigint): bigint {
  return ticket >= place ? ticket - place : ticket - place + RING;
}

/** What an order wants of its shortlist. */
export interface Wanted<W> {
  task: Resources;
  /** Its place on the ring. */
  place: bigint;
  /** How many, at most `SHORTLIST_WIDTH`. */
  width: number;
  /** What the filters ask of an ask. */
  wish: W;
  /** Groups of asks that would do; null for all. */
  groups: readonly number[] | null;
}

export class ShortlistIndex<T extends Contender, W, R extends string = string> {
  /** By ticket, then id. */
  readonly #asks: readonly T[];
  readonly #tickets: readonly bigint[];
  readonly #numbers: Map<T, number>;
  readonly #providers: Int32Array;
  readonly #filters: FilterList<T, W, R>;
  readonly #index: NodeIndex;
  /** Asks by group, those that left included. */
  readonly #groups: Int32Array[];
  /** Room for all of them. */
  readonly #list: Int32Array;

  /** @param groupOf small integers; an order may want some groups alone */
  constructor(asks: readonly T[], filters: FilterList<T, W, R>, groupOf: (ask: T) => number) {
    this.#asks = asks.toSorted(byTicket);
    this.#tickets = this.#asks.map((ask) => ask.ticket);
    this.#numbers = new Map(this.#asks.map((ask, number) => [ask, number]));
    const providers = new Map<string | number, number>();
    this.#providers = Int32Array.from(this.#asks, ({ provider }) => {
      const number = providers.get(provider) ?? providers.size;
      providers.set(provider, number);
      return number;
    });
    this.#filters = filters;
    this.#index = new NodeIndex({
      layout: filters.layout,
      capacity: asks.length,
      widest: SHORTLIST_WIDTH,
      bits: this.#asks.reduce((bits, { resources }) => Math.max(bits, bitsOf(resources)), STATE_BITS),
    });
    const members: number[][] = [];
    for (const [number, ask] of this.#asks.entries()) {
      const { compute, network, storage } = ask.resources;
      this.#index.gaps[number] = ask.entropyGap;
      filters.write(this.#index.facts, number, ask);
      const group = groupOf(ask);
      this.#index.insert(number, group, compute, network, storage);
      (members[group] ??= []).push(number);
    }
    this.#groups = Array.from(members, (numbers) => Int32Array.from(numbers ?? []));
    this.#list = new Int32Array(asks.length);
  }

  /** The first `width` in order. `judge` has the last word on asks that pass the filters. */
  nearest({ task, place, width, wish, groups }: Wanted<W>, judge?: (ask: T) => boolean): Shortlisted<T>[] {
    const { terms, best } = this.#index;
    this.#filters.ask(terms, wish);
    if (judge !== undefined) terms.judgedBy((number) => judge(this.#asks[number]!));
    this.#index.search({ ...task, width, place: this.#successor(place), oneOfEach: this.#providers }, groups);
    const found: Shortlisted<T>[] = [];
    for (let i = 0; i < best.count; i++)
      found.push({ ask: this.#asks[best.nodeAt(i)]!, distance: best.distanceAt(i) });
    return found;
  }

  /** What the filters see of the ask has shrunk. */
  shrink(ask: T): void {
    this.#filters.write(this.#index.facts, this.#numbers.get(ask)!, ask);
  }

  /** Takes out an ask that can't be accepted any more. */
  remove(ask: T): void {
    this.#index.remove(this.#numbers.get(ask)!);
  }

  /** Why no ask of these groups serves a wish. @throws Error when one does */
  whyNone(wish: W, groups: readonly number[] | null): WhyNone<R> {
    const { terms, facts } = this.#index;
    this.#filters.ask(terms, wish);
    let length = 0;
    for (const group of groups ?? this.#groups.keys()) {
      const numbers = this.#groups[group] ?? NOBODY;
      this.#list.set(numbers, length);
      length += numbers.length;
    }
    return whyNone(this.#filters, terms, facts, this.#list, length);
  }

  /** Number of the first ask whose ticket is at or after `place`; 0 when all come before it. */
  #successor(place: bigint): number {
    let low = 0;
    let high = this.#tickets.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#tickets[middle]! < place) low = middle + 1;
      else high = middle;
    }
    return low === this.#tickets.length ? 0 : low;
  }
}

/** Bits of the largest component. */
function bitsOf({ compute, network, storage }: Resources): number {
  return 32 - Math.clz32(Math.max(compute, network, storage));
}

function byTicket(a: Contender, b: Contender): number {
  return a.ticket < b.ticket ? -1 : a.ticket > b.ticket ? 1 : a.id < b.id ? -1 : 1;
}
