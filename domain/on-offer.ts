/**
 * What the auction has on offer between two slots, under the filters of a slot (`filters.ts`): whether something would serve an order, or
 * why nothing does and what comes nearest. Whatever says so to a consumer says it from here; a slot's own words come from `matching.ts`.
 */
import type { Resources } from './distance.ts';
import { classesOf, FILTERS, Scales, type FilterReason, type Wanted } from './filters.ts';
import { nearestMiss } from './match/nearest-miss.ts';
import { NodeIndex } from './match/node-index.ts';
import { whyNone, type WhyNone } from './match/why-none.ts';
import type { Hex } from './types.ts';

/** An ask as an order meets it. */
export interface OfferedAsk {
  resourceClass: Hex;
  region: Hex;
  /** Base units per card-hour. */
  reservePrice: bigint;
  /** Cards that one order could get of it. */
  cardsLeft: number;
  /** 0 to 10,000. */
  reputation: number;
  tier: number;
  /** Of its node. */
  state: Resources;
}

/** Why nothing on offer serves an order. */
export interface NothingServes<A> extends WhyNone<FilterReason> {
  /** Lowest reserve among the asks that only the price excludes, base units per card-hour; null where another filter left nothing. */
  nearestReserve: bigint | null;
  /** The ask that fails the fewest constraints, the nearest of several; null when nothing is on offer. */
  miss: { ask: A; fails: FilterReason[] } | null;
}

export class OnOffer<A extends OfferedAsk> {
  readonly asks: readonly A[];
  readonly #scales: Scales;
  readonly #index: NodeIndex;
  /** Numbers of the asks of each class. */
  readonly #classes = new Map<Hex, { group: number; numbers: number[] }>();

  constructor(asks: readonly A[]) {
    this.asks = asks;
    this.#scales = new Scales(asks);
    this.#index = new NodeIndex({ layout: FILTERS.layout, capacity: asks.length, widest: 1 });
    for (const [number, ask] of asks.entries()) {
      const { resourceClass, state } = ask;
      const ofClass = this.#classes.get(resourceClass) ?? { group: this.#classes.size, numbers: [] };
      this.#classes.set(resourceClass, ofClass);
      ofClass.numbers.push(number);
      FILTERS.write(this.#index.facts, number, { ...ask, ...this.#scales.of(ask) });
      this.#index.insert(number, ofClass.group, state.compute, state.network, state.storage);
    }
  }

  /** Null when something would serve the order at its start price. */
  whyNone(signed: Wanted): NothingServes<A> | null {
    const { order } = signed;
    const { terms, facts, best } = this.#index;
    const named = classesOf(signed);
    const classes = (named ?? [...this.#classes.keys()]).flatMap((name) => this.#classes.get(name) ?? []);
    const wish = { compute: order.taskCompute, network: order.taskNetwork, storage: order.taskStorage };
    FILTERS.ask(terms, this.#scales.wishOf(order));
    const groups = classes.map(({ group }) => group);
    this.#index.search({ ...wish, width: 1, place: 0, oneOfEach: null }, groups);
    if (best.count > 0) return null;
    const list = Int32Array.from(classes.flatMap(({ numbers }) => numbers));
    const none = whyNone(FILTERS, terms, facts, list, list.length);
    const isOfClass = (number: number): boolean => named?.includes(this.asks[number]!.resourceClass) ?? true;
    const miss = nearestMiss(FILTERS, this.#index, this.asks.keys(), wish, isOfClass);
    return {
      ...none,
      nearestReserve: none.reason === 'PRICE' ? this.#scales.reserveOf(none.most!) : null,
      miss: miss && { ask: this.asks[miss.node]!, fails: miss.fails },
    };
  }
}
