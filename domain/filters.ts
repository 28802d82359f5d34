/**
 * Which asks may serve an order: six filters in a fixed order, all of them comparisons of small integers. Regions and providers are
 * numbered, and a reserve is its rank among the slot's reserves, so that a slot of thousands of orders compares no text and no bigint.
 */
import { ZERO_HASH } from './hash.ts';
import { ANY_CLASS } from './requirement.ts';
import type { Hex, Order, SignedOrder } from './types.ts';

/** The filter that left nothing. */
export type FilterReason = 'NO_CLASS' | 'NO_REGION' | 'NO_CARDS' | 'NO_REPUTATION' | 'NO_TIER' | 'PRICE';

/** An ask as the filters see it. */
export interface Offer {
  region: number;
  /** Place of its reserve among the slot's distinct reserves, from 0. */
  reserveRank: number;
  reputation: number;
  tier: number;
  /** Cards of the ask that the slot's matches left so far. */
  free: number;
  node: { free: number };
}

/** An order as the filters see it. */
export interface Wish {
  /** -1 for any. */
  region: number;
  cards: number;
  minReputation: number;
  minTier: number;
  /** How many of the slot's distinct reserves its start price covers. */
  affordable: number;
}

/** Whether the ask passes every filter after the class's. */
export function passes(wish: Wish, ask: Offer): boolean {
  return (
    ask.reserveRank < wish.affordable &&
    (wish.region === -1 || wish.region === ask.region) &&
    ask.free >= wish.cards &&
    ask.reputation >= wish.minReputation &&
    ask.tier >= wish.minTier &&
    ask.node.free >= wish.cards
  );
}

export interface Refused {
  reason: FilterReason;
  /** Asks left after each filter, in the order of filtering. */
  counts: Record<string, number>;
  /** Lowest reserve among the asks that only the price excludes, base units per card-hour; null when there is none. */
  nearestReserve: bigint | null;
}

/** Classes that the order takes; null for any. */
export function classesOf({ order, classes }: SignedOrder): readonly Hex[] | null {
  if (order.requirement === ANY_CLASS) return null;
  return classes.length > 0 ? classes : [order.requirement];
}

/** The slot's regions, numbered, and its reserves, ranked. */
export class Scales {
  readonly #regions = new Map<Hex, number>();
  /** Distinct, ascending. */
  readonly #reserves: bigint[];
  readonly #rank: Map<bigint, number>;

  constructor(asks: readonly { region: Hex; reservePrice: bigint }[]) {
    for (const { region } of asks)
      if (!this.#regions.has(region)) this.#regions.set(region, this.#regions.size);
    this.#reserves = [...new Set(asks.map((ask) => ask.reservePrice))].sort((a, b) => (a < b ? -1 : 1));
    this.#rank = new Map(this.#reserves.map((reserve, rank) => [reserve, rank]));
  }

  /** Of an ask that the scales were made of. */
  of(ask: { region: Hex; reservePrice: bigint }): Pick<Offer, 'region' | 'reserveRank'> {
    return { region: this.#regions.get(ask.region)!, reserveRank: this.#rank.get(ask.reservePrice)! };
  }

  wishOf(order: Order): Wish {
    const { cards, minReputation, minTier, startPrice } = order;
    // A region that no ask is in has a number that no ask has.
    const region = order.region === ZERO_HASH ? -1 : (this.#regions.get(order.region) ?? this.#regions.size);
    return { region, cards, minReputation, minTier, affordable: this.#affordable(startPrice) };
  }

  /** Why none of these asks, of the order's classes, serves it. @throws Error when one does */
  whyNone(wish: Wish, groups: readonly (readonly Offer[])[]): Refused {
    const kept = [0, 0, 0, 0, 0, 0];
    let lowest = Infinity;
    for (const group of groups)
      for (const ask of group) {
        kept[0]!++;
        if (wish.region !== -1 && wish.region !== ask.region) continue;
        kept[1]!++;
        if (ask.free < wish.cards || ask.node.free < wish.cards) continue;
        kept[2]!++;
        if (ask.reputation < wish.minReputation) continue;
        kept[3]!++;
        if (ask.tier < wish.minTier) continue;
        kept[4]!++;
        if (ask.reserveRank < lowest) lowest = ask.reserveRank;
        if (ask.reserveRank < wish.affordable) kept[5]!++;
      }
    const failed = kept.indexOf(0);
    if (failed < 0) throw new Error('an order without a shortlist passes every filter');
    return {
      reason: REASONS[failed]!,
      counts: Object.fromEntries(REASONS.slice(0, failed + 1).map((reason, i) => [reason, kept[i]!])),
      nearestReserve: REASONS[failed] === 'PRICE' ? this.#reserves[lowest]! : null,
    };
  }

  #affordable(price: bigint): number {
    let low = 0;
    let high = this.#reserves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#reserves[middle]! <= price) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

const REASONS: readonly FilterReason[] = [
  'NO_CLASS',
  'NO_REGION',
  'NO_CARDS',
  'NO_REPUTATION',
  'NO_TIER',
  'PRICE',
];
