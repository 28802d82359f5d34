/**
 * Matching and clearing of a slot's eligible orders, one after the other: filter, shortlist by (distance, entropy gap,
 * lottery), REA. Cards and bidding balances move with each match; state vectors stand as they were at the close.
 */
import type { Resources } from './distance.ts';
import { entropyGap } from './entropy.ts';
import { keccakWords, ZERO_HASH } from './hash.ts';
import { leasedCards, nonceKey, type MarketState } from './market-state.ts';
import { SHORTLIST_WIDTH, type Parameters } from './parameters.ts';
import { clearRea, clock, lastStep, type Candidate } from './rea.ts';
import { ANY_CLASS } from './requirement.ts';
import { signingOf } from './signing.ts';
import { compare, ShortlistIndex, type Shortlisted } from './shortlist.ts';
import type { Hex, SignedAsk, SignedOrder } from './types.ts';
import { lockFor } from './units.ts';
import type { StateVector } from './vectors.ts';

/** The filter that left nothing; `FUNDS`, `NONCE`: an earlier match of the slot took the balance or the nonce. */
export type UnmatchedReason =
  'NO_CLASS' | 'NO_REGION' | 'NO_CARDS' | 'NO_REPUTATION' | 'NO_TIER' | 'PRICE' | 'FUNDS' | 'NONCE';

/** A shortlisted ask as the auction saw it; what the auction page draws. */
export interface ShortlistEntry extends Candidate {
  askId: Hex;
  node: Hex;
  provider: Hex;
  /** Last clock step that it accepts. */
  droppedAt: number;
}

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
  candidates: ShortlistEntry[];
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
interface Standing {
  id: Hex;
  provider: Hex;
  signed: SignedAsk;
  resources: Resources;
  entropyGap: number;
  ticket: bigint;
  free: number;
  reputation: number;
  tier: number;
  node: NodeStanding;
}

interface NodeStanding {
  id: Hex;
  free: number;
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
  const asks = input.asks.map((ask): Standing => {
    const node = nodes.get(ask.signed.ask.supply)!;
    const { resources, entropyGap: gap, ticket } = node;
    return { ...ask, provider: ask.signed.ask.provider, resources, entropyGap: gap, ticket, node };
  });
  const book = new Map([...Map.groupBy(asks, classOf)].map(([name, of]) => [name, new ShortlistIndex(of)]));
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
    const shortlist = shortlistOf(signed, BigInt(key), book);
    if (shortlist.length === 0) {
      unmatched.push({ orderId: id, ...whyNone(signed, asks) });
      continue;
    }
    const candidates = shortlist.map(({ ask, distance, lottery }) => ({
      key: ask.id,
      askId: ask.id,
      node: ask.node.id,
      provider: ask.provider,
      reserve: ask.signed.ask.reservePrice,
      distance,
      entropyGap: ask.entropyGap,
      lottery: toWord(lottery),
      droppedAt: lastStep(order.startPrice, factors, ask.signed.ask.reservePrice),
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
      candidates,
    });
    winner.free -= order.cards;
    winner.node.free -= order.cards;
    if (winner.free === 0) book.get(classOf(winner))?.remove(winner);
    if (!isHeld) {
      const locked = lockFor(order.cards, order.duration, clearing.price, parameters.feeBps);
      bidding.set(order.consumer, balance - locked);
    }
    usedNonces.add(nonceKey('order', order.consumer, order.nonce));
  }
  return { matches, unmatched };
}

function standingOf(vector: StateVector, { state, end, seed }: MatchInput): NodeStanding {
  const { id, cards } = state.nodes.get(vector.node)!;
  const { compute, network, storage } = vector;
  return {
    id,
    free: Math.max(0, cards - leasedCards(state, id, end)),
    resources: { compute, network, storage },
    entropyGap: entropyGap(vector.entropyMicroBits),
    ticket: BigInt(keccakWords(id, seed)),
  };
}

function classOf(ask: Standing): Hex {
  return ask.signed.ask.resourceClass;
}

function toWord(value: bigint): Hex {
  return `0x${value.toString(16).padStart(64, '0')}`;
}

/** What each filter keeps, in the order of filtering. */
const FILTERS: [UnmatchedReason, (signed: SignedOrder) => (ask: Standing) => boolean][] = [
  [
    'NO_CLASS',
    ({ order, classes }) => {
      if (order.requirement === ANY_CLASS) return () => true;
      const allowed = new Set(classes.length > 0 ? classes : [order.requirement]);
      return (ask) => allowed.has(ask.signed.ask.resourceClass);
    },
  ],
  [
    'NO_REGION',
    ({ order }) =>
      (ask) =>
        order.region === ZERO_HASH || order.region === ask.signed.ask.region,
  ],
  [
    'NO_CARDS',
    ({ order }) =>
      (ask) =>
        ask.free >= order.cards && ask.node.free >= order.cards,
  ],
  [
    'NO_REPUTATION',
    ({ order }) =>
      (ask) =>
        ask.reputation >= order.minReputation,
  ],
  [
    'NO_TIER',
    ({ order }) =>
      (ask) =>
        ask.tier >= order.minTier,
  ],
  [
    'PRICE',
    ({ order }) =>
      (ask) =>
        ask.signed.ask.reservePrice <= order.startPrice,
  ],
];

/** The nearest W that may serve the order, at most one a provider; each class's own nearest, merged. */
function shortlistOf(
  signed: SignedOrder,
  place: bigint,
  book: ReadonlyMap<Hex, ShortlistIndex<Standing>>,
): Shortlisted<Standing>[] {
  const { order, classes } = signed;
  const task = { compute: order.taskCompute, network: order.taskNetwork, storage: order.taskStorage };
  const filters = FILTERS.slice(1).map(([, keeping]) => keeping(signed));
  const accepts = (ask: Standing): boolean => filters.every((keeps) => keeps(ask));
  const named = classes.length > 0 ? classes : [order.requirement];
  const allowed = order.requirement === ANY_CLASS ? [...book.keys()] : named;
  const nearest = allowed.map((name) => book.get(name)?.nearest(task, place, SHORTLIST_WIDTH, accepts) ?? []);
  if (nearest.length === 1) return nearest[0]!;
  const providers = new Set<Hex>();
  return nearest
    .flat()
    .sort(compare)
    .filter(({ ask }) => !providers.has(ask.provider) && providers.add(ask.provider))
    .slice(0, SHORTLIST_WIDTH);
}

/** The filter that left no ask, in the order of filtering. */
function whyNone(signed: SignedOrder, asks: readonly Standing[]): Omit<Unmatched, 'orderId'> {
  const counts: Record<string, number> = {};
  let left = asks;
  for (const [reason, keeping] of FILTERS) {
    const kept = left.filter(keeping(signed));
    counts[reason] = kept.length;
    if (kept.length === 0) {
      const nearestReserve = reason === 'PRICE' ? lowestReserve(left) : null;
      return { reason, counts, nearestReserve };
    }
    left = kept;
  }
  throw new Error('an order without a shortlist passes every filter');
}

function lowestReserve(asks: readonly Standing[]): bigint {
  return asks
    .map((ask) => ask.signed.ask.reservePrice)
    .reduce((lowest, reserve) => (reserve < lowest ? reserve : lowest));
}
