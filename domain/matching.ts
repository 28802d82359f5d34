/**
 * Matching and clearing of a slot's eligible orders, one after the other: filter, shortlist by (distance, entropy gap,
 * lottery), REA. Cards and bidding balances move with each match; state vectors stand as they were at the close.
 */
import type { Resources } from './distance.ts';
import { entropyGap } from './entropy.ts';
import { classesOf, FILTERS, Scales, type FilterReason, type Offer, type Wish } from './filters.ts';
import { keccakWords } from './hash.ts';
import { nonceKey, type MarketState } from './market-state.ts';
import { SHORTLIST_WIDTH, type Parameters } from './parameters.ts';
import { clearRea, clock, type Candidate } from './rea.ts';
import { ShortlistIndex } from './shortlist.ts';
import { signingOf } from './signing.ts';
import { idleCards } from './supply.ts';
import type { Hex, SignedAsk, SignedOrder } from './types.ts';
import { lockFor } from './units.ts';
import type { StateVector } from './vectors.ts';

/** The filter that left nothing; `FUNDS`, `NONCE`: an earlier match of the slot took the balance or the nonce. */
export type UnmatchedReason = FilterReason | 'FUNDS' | 'NONCE';

export interface ClearedMatch {
  orderId: Hex;
  order: SignedOrder;
  askId: Hex;
  ask: SignedAsk;
  runnerUp: Hex | null;
  step: number;
  /** Base units per card-hour. */
  price: bigint;
  shortlist: Hex[];
  /** Of each ask on the shortlist; what the auction page draws. */
  distances: number[];
  /** Micro-bits. */
  entropyGaps: number[];
}

export interface Unmatched {
  orderId: Hex;
  reason: UnmatchedReason;
  /** Asks left after each filter, in the order of filtering. */
  counts: Record<string, number>;
  /** Lowest reserve among the asks that only the price excludes, base units per card-hour; null when there is none. */
  nearestReserve: bigint | null;
}

/** An ask with what the slot's matches leave of it. */
interface Standing extends Offer {
  id: Hex;
  /** Number of the provider. */
  provider: number;
  /** Base units per card-hour. */
  reserve: bigint;
  signed: SignedAsk;
  resources: Resources;
  entropyGap: number;
  ticket: bigint;
  node: NodeStanding;
  /** Cards of the ask alone; its node may have fewer. */
  free: number;
  /** Number of the resource class. */
  group: number;
}

/** The asks; the index forgets those without a card. */
interface Book {
  index: ShortlistIndex<Standing, Wish, FilterReason>;
  groups: ReadonlyMap<Hex, number>;
}

interface NodeStanding {
  id: Hex;
  free: number;
  /** Every ask over it. */
  asks: Standing[];
  resources: Resources;
  entropyGap: number;
  ticket: bigint;
}

export interface MatchInput {
  seed: Hex;
  parameters: Parameters;
  orders: readonly { id: Hex; signed: SignedOrder }[];
  /** Eligible ones, and those whose node has no card free: an order that only they could serve lacks cards, not a class. */
  asks: readonly { id: Hex; signed: SignedAsk; free: number; reputation: number; tier: number }[];
  vectors: readonly StateVector[];
  state: MarketState;
  /** The slot's end, unix seconds. */
  end: bigint;
}

export function matchOrders(input: MatchInput): { matches: ClearedMatch[]; unmatched: Unmatched[] } {
  const { seed, parameters, state } = input;
  const factors = clock(parameters.gammaWad);
  const nodes = new Map(input.vectors.map((vector) => [vector.node, standingOf(vector, input)]));
  const scales = new Scales(input.asks.map(({ signed }) => signed.ask));
  const book = bookOf(input, nodes, scales);
  const bidding = new Map<Hex, bigint>();
  const usedNonces = new Set<string>();
  const queue = input.orders
    .map((order) => ({ ...order, key: keccakWords(order.id, seed) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));

  const matches: ClearedMatch[] = [];
  const unmatched: Unmatched[] = [];
  for (const { id, signed, key } of queue) {
    const { order } = signed;
    if (usedNonces.has(nonceKey('order', order.consumer, order.nonce))) {
      unmatched.push({ orderId: id, reason: 'NONCE', counts: {}, nearestReserve: null });
      continue;
    }
    // What a quote holds is no part of the bidding balance.
    const isHeld = signingOf(signed.signature) === 'QUOTE';
    const balance = bidding.get(order.consumer) ?? state.accounts.get(order.consumer)?.bidding ?? 0n;
    if (!isHeld && balance < lockFor(order.cards, order.duration, order.startPrice, parameters.feeBps)) {
      unmatched.push({ orderId: id, reason: 'FUNDS', counts: {}, nearestReserve: null });
      continue;
    }
    const wish = scales.wishOf(order);
    const groups = groupsFor(signed, book);
    const task = { compute: order.taskCompute, network: order.taskNetwork, storage: order.taskStorage };
    const wanted = { task, place: BigInt(key), width: SHORTLIST_WIDTH, wish, groups };
    const shortlist = book.index.nearest(wanted);
    if (shortlist.length === 0) {
      const { reason, counts, most } = book.index.whyNone(wish, groups);
      const nearestReserve = reason === 'PRICE' ? scales.reserveOf(most!) : null;
      unmatched.push({ orderId: id, reason, counts, nearestReserve });
      continue;
    }
    // Where gap and distance are equal the shortlist stands in the order of the lottery: a place in it says who is first.
    const candidates = shortlist.map(({ ask, distance }, place): Candidate => ({
      key: ask.id,
      reserve: ask.reserve,
      distance,
      entropyGap: ask.entropyGap,
      lottery: place,
    }));
    const clearing = clearRea(order.startPrice, factors, candidates)!;
    const winner = shortlist[clearing.winner]!.ask;
    matches.push({
      orderId: id,
      order: signed,
      askId: winner.id,
      ask: winner.signed,
      runnerUp: clearing.runnerUp === null ? null : shortlist[clearing.runnerUp]!.ask.id,
      step: clearing.step,
      price: clearing.price,
      shortlist: shortlist.map((entry) => entry.ask.id),
      distances: shortlist.map((entry) => entry.distance),
      entropyGaps: shortlist.map((entry) => entry.ask.entropyGap),
    });
    take(winner, order.cards, book);
    if (!isHeld) {
      const locked = lockFor(order.cards, order.duration, clearing.price, parameters.feeBps);
      bidding.set(order.consumer, balance - locked);
    }
    usedNonces.add(nonceKey('order', order.consumer, order.nonce));
  }
  return { matches, unmatched };
}

function standingOf(vector: StateVector, { state, end, seed }: MatchInput): NodeStanding {
  const { node: id, compute, network, storage } = vector;
  return {
    id,
    free: idleCards(state, id, end),
    asks: [],
    resources: { compute, network, storage },
    entropyGap: entropyGap(vector.entropyMicroBits),
    ticket: BigInt(keccakWords(id, seed)),
  };
}

/** Every ask, numbered by class. */
function bookOf(input: MatchInput, nodes: ReadonlyMap<Hex, NodeStanding>, scales: Scales): Book {
  const providers = new Map<Hex, number>();
  const groups = new Map<Hex, number>();
  const standings = input.asks.map(({ id, signed, free, reputation, tier }): Standing => {
    const { ask } = signed;
    const node = nodes.get(ask.supply)!;
    const { resources, entropyGap: gap, ticket } = node;
    const provider = providers.get(ask.provider) ?? providers.size;
    providers.set(ask.provider, provider);
    const group = groups.get(ask.resourceClass) ?? groups.size;
    groups.set(ask.resourceClass, group);
    const { region, priceRank } = scales.of(ask);
    const standing: Standing = {
      id,
      provider,
      reserve: ask.reservePrice,
      signed,
      node,
      resources,
      entropyGap: gap,
      ticket,
      group,
      region,
      priceRank,
      reputation,
      tier,
      free,
      cardsLeft: Math.min(free, node.free),
    };
    node.asks.push(standing);
    return standing;
  });
  return { index: new ShortlistIndex(standings, FILTERS, ({ group }) => group), groups };
}

/** The classes that an order takes, of those on offer; null for all. */
function groupsFor(signed: SignedOrder, { groups }: Book): number[] | null {
  const named = classesOf(signed);
  return named?.map((name) => groups.get(name)).filter((found) => found !== undefined) ?? null;
}

/** Cards of an ask go to a match: all asks over its node may have fewer left. */
function take(winner: Standing, cards: number, { index }: Book): void {
  winner.free -= cards;
  winner.node.free -= cards;
  for (const ask of winner.node.asks) {
    const left = Math.min(ask.free, ask.node.free);
    if (left === ask.cardsLeft) continue;
    ask.cardsLeft = left;
    index.shrink(ask);
    if (left === 0) index.remove(ask);
  }
}
