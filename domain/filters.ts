/**
 * Which asks may serve an order: six filters in a fixed order, all of them comparisons of small integers. Regions and providers are
 * numbered, and a reserve is its rank among the slot's reserves, so that a slot of thousands of orders compares no text and no bigint.
 */
import { ZERO_HASH } from './hash.ts';
import { FilterList } from './match/filter.ts';
import { cards } from './match/filters/cards.ts';
import { price } from './match/filters/price.ts';
import { region } from './match/filters/region.ts';
import { reputation } from './match/filters/reputation.ts';
import { tier } from './match/filters/tier.ts';
import { ANY_CLASS } from './requirement.ts';
import type { Hex, Order, SignedOrder } from './types.ts';

/** The filter that left nothing. */
export type FilterReason = 'NO_CLASS' | 'NO_REGION' | 'NO_CARDS' | 'NO_REPUTATION' | 'NO_TIER' | 'PRICE';

/** An ask as the filters see it. */
export interface Offer {
  region: number;
  /** Place of its reserve among the slot's distinct reserves, from 0. */
  priceRank: number;
  reputation: number;
  tier: number;
  /** Cards that the slot's matches left so far of the ask, and of its node. */
  cardsLeft: number;
}

/** An order as the filters see it. */
export interface Wish {
  /** 1 at each region that would do; null for any. */
  regions: Uint8Array | null;
  cards: number;
  minReputation: number;
  minTier: number;
  /** Of the dearest of the slot's distinct reserves that its start price covers; -1 when it covers none. */
  maxPriceRank: number;
}

/** Those after the class's: asks of a class stand together. */
export const FILTERS = new FilterList<Offer, Wish, FilterReason>([region, cards, reputation, tier, price]);

/** Of an order, what the filters and the distance ask for, and the classes beside it. */
export interface Wanted {
  order: Pick<Order, WantedField>;
  classes: SignedOrder['classes'];
}
type WantedField =
  | 'requirement'
  | 'region'
  | 'cards'
  | 'minReputation'
  | 'minTier'
  | 'startPrice'
  | 'taskCompute'
  | 'taskNetwork'
  | 'taskStorage';

/** Classes that the order takes; null for any. */
export function classesOf({ order, classes }: Wanted): readonly Hex[] | null {
  if (order.requirement === ANY_CLASS) return null;
  return classes.length > 0 ? classes : [order.requirement];
}

/** The slot's regions, numbered, and its reserves, ranked. */
export class Scales {
  readonly #regions = new Map<Hex, number>();
  /** By region, the choice of it alone; the last is of none. */
  readonly #choices: Uint8Array[];
  /** Distinct, ascending. */
  readonly #reserves: bigint[];
  readonly #rank: Map<bigint, number>;

  constructor(asks: readonly { region: Hex; reservePrice: bigint }[]) {
    for (const ask of asks)
      if (!this.#regions.has(ask.region)) this.#regions.set(ask.region, this.#regions.size);
    const count = this.#regions.size;
    this.#choices = Array.from({ length: count + 1 }, (_, only) =>
      Uint8Array.from({ length: count }, (_, number) => (number === only ? 1 : 0)),
    );
    this.#reserves = [...new Set(asks.map((ask) => ask.reservePrice))].sort((a, b) => (a < b ? -1 : 1));
    this.#rank = new Map(this.#reserves.map((reserve, rank) => [reserve, rank]));
  }

  /** Of an ask that the scales were made of. */
  of(ask: { region: Hex; reservePrice: bigint }): Pick<Offer, 'region' | 'priceRank'> {
    return { region: this.#regions.get(ask.region)!, priceRank: this.#rank.get(ask.reservePrice)! };
  }

  /** Base units per card-hour. @param most of the price's filter: it looks at ranks as their negatives, so the most is the lowest reserve */
  reserveOf(most: number): bigint {
    return this.#reserves[-most]!;
  }

  wishOf(order: Wanted['order']): Wish {
    const { minReputation, minTier, startPrice } = order;
    const number = this.#regions.get(order.region) ?? this.#regions.size;
    const regions = order.region === ZERO_HASH ? null : this.#choices[number]!;
    const maxPriceRank = this.#affordable(startPrice) - 1;
    return { regions, cards: order.cards, minReputation, minTier, maxPriceRank };
  }

  /** How many of the reserves a price covers. */
  #affordable(startPrice: bigint): number {
    let low = 0;
    let high = this.#reserves.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#reserves[middle]! <= startPrice) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
