/**
 * Matching and clearing of a slot's eligible orders, one after the other: filter, shortlist by (distance, entropy gap,
 * lottery), REA. Cards, state vectors and bidding balances move with each match. A plain scan: exact by construction.
 */
import { distance, type Resources } from './distance.ts';
import { entropyGap } from './entropy.ts';
import { keccakWords, ZERO_HASH } from './hash.ts';
import { leasedCards, nonceKey, type MarketState } from './market-state.ts';
import { NEWCOMER_REPUTATION, NEWCOMER_TIER, SHORTLIST_WIDTH, type Parameters } from './parameters.ts';
import { clearRea, clock, lastStep, type Candidate } from './rea.ts';
import { ANY_CLASS } from './requirement.ts';
import type { Hex, Order, SignedAsk, SignedOrder } from './types.ts';
import { lockFor } from './units.ts';
import { nodeResources, type StateVector } from './vectors.ts';

/** The filter that left nothing; `FUNDS`, `NONCE`: an earlier match of the slot took the balance or the nonce. */
export type UnmatchedReason =
  'NO_CLASS' | 'NO_REGION' | 'NO_CARDS' | 'NO_REPUTATION' | 'PRICE' | 'FUNDS' | 'NONCE';

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

interface Standing {
  id: Hex;
  signed: SignedAsk;
  free: number;
  node: NodeStanding;
}

interface NodeStanding {
  id: Hex;
  cards: number;
  networkMbps: number;
  storageGb: number;
  free: number;
  resources: Resources;
  gap: number;
}

export interface MatchInput {
  seed: Hex;
  parameters: Parameters;
  orders: readonly { id: Hex; signed: SignedOrder }[];
  /** Eligible ones, and those whose node has no card free: an order that only they could serve lacks cards, not a class. */
  asks: readonly { id: Hex; signed: SignedAsk; free: number }[];
  vectors: readonly StateVector[];
  state: MarketState;
  /** The slot's end, unix seconds. */
  end: bigint;
}

export function matchOrders(input: MatchInput): { matches: ClearedMatch[]; unmatched: Unmatched[] } {
  const { seed, parameters, state } = input;
  const factors = clock(parameters.gammaWad);
  const nodes = new Map(input.vectors.map((vector) => [vector.node, standingOf(vector, input)]));
  const asks: Standing[] = input.asks.map((ask) => ({ ...ask, node: nodes.get(ask.signed.ask.supply)! }));
  const bidding = new Map<Hex, bigint>();
  const usedNonces = new Set<string>();
  const queue = input.orders
    .map((order) => ({ ...order, key: keccakWords(order.id, seed) }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));

  const matches: ClearedMatch[] = [];
  const unmatched: Unmatched[] = [];
  for (const { id, signed } of queue) {
    const { order } = signed;
    if (usedNonces.has(nonceKey(order.consumer, order.nonce))) {
      unmatched.push({ orderId: id, reason: 'NONCE', counts: {}, nearestReserve: null });
      continue;
    }
    const balance = bidding.get(order.consumer) ?? state.accounts.get(order.consumer)?.bidding ?? 0n;
    if (balance < lockFor(order.cards, order.duration, order.startPrice, parameters.feeBps)) {
      unmatched.push({ orderId: id, reason: 'FUNDS', counts: {}, nearestReserve: null });
      continue;
    }
    const filtered = filter(signed, asks);
    if ('reason' in filtered) {
      unmatched.push({ orderId: id, ...filtered });
      continue;
    }
    const shortlist = shortlistOf(id, order, filtered.left, seed);
    const candidates = shortlist.map(({ ask, ...candidate }) => ({
      ...candidate,
      askId: ask.id,
      node: ask.node.id,
      provider: ask.signed.ask.provider,
      droppedAt: lastStep(order.startPrice, factors, candidate.reserve),
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
    winner.node.resources = nodeResources(winner.node, winner.node.free);
    const locked = lockFor(order.cards, order.duration, clearing.price, parameters.feeBps);
    bidding.set(order.consumer, balance - locked);
    usedNonces.add(nonceKey(order.consumer, order.nonce));
  }
  return { matches, unmatched };
}

function standingOf(vector: StateVector, { state, end }: MatchInput): NodeStanding {
  const { id, cards, networkMbps, storageGb } = state.nodes.get(vector.node)!;
  const free = Math.max(0, cards - leasedCards(state, id, end));
  const { compute, network, storage } = vector;
  const gap = entropyGap(vector.entropyMicroBits);
  return { id, cards, networkMbps, storageGb, free, resources: { compute, network, storage }, gap };
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
      () =>
        order.minReputation <= NEWCOMER_REPUTATION && order.minTier <= NEWCOMER_TIER,
  ],
  [
    'PRICE',
    ({ order }) =>
      (ask) =>
        ask.signed.ask.reservePrice <= order.startPrice,
  ],
];

/** The asks that may serve an order, or the filter that left none. */
function filter(
  signed: SignedOrder,
  asks: readonly Standing[],
): { left: readonly Standing[] } | Omit<Unmatched, 'orderId'> {
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
  return { left };
}

function lowestReserve(asks: readonly Standing[]): bigint {
  return asks
    .map((ask) => ask.signed.ask.reservePrice)
    .reduce((lowest, reserve) => (reserve < lowest ? reserve : lowest));
}

/** The nearest W by (distance, entropy gap, lottery, ask id), at most one a provider. */
function shortlistOf(
  orderId: Hex,
  order: Order,
  asks: readonly Standing[],
  seed: Hex,
): (Candidate & { ask: Standing })[] {
  const task = { compute: order.taskCompute, network: order.taskNetwork, storage: order.taskStorage };
  const ranked = asks.map((ask) => new Ranked(ask, distance(task, ask.node.resources), orderId, seed));
  ranked.sort((a, b) => a.compare(b));
  const providers = new Set<Hex>();
  const chosen: (Candidate & { ask: Standing })[] = [];
  for (const entry of ranked) {
    const { ask } = entry;
    const { provider, reservePrice } = ask.signed.ask;
    if (providers.has(provider)) continue;
    providers.add(provider);
    chosen.push({
      ask,
      key: ask.id,
      reserve: reservePrice,
      distance: entry.distance,
      entropyGap: ask.node.gap,
      lottery: entry.lottery,
    });
    if (chosen.length === SHORTLIST_WIDTH) break;
  }
  return chosen;
}

/** An ask on its way to the shortlist; draws its lottery only when a tie or a place on the list asks for it. */
class Ranked {
  readonly ask: Standing;
  readonly distance: number;
  readonly #orderId: Hex;
  readonly #seed: Hex;
  #lottery: Hex | undefined;

  constructor(ask: Standing, distance: number, orderId: Hex, seed: Hex) {
    this.ask = ask;
    this.distance = distance;
    this.#orderId = orderId;
    this.#seed = seed;
  }

  get lottery(): Hex {
    return (this.#lottery ??= keccakWords(this.#orderId, this.ask.node.id, this.#seed));
  }

  compare(other: Ranked): number {
    return (
      this.distance - other.distance ||
      this.ask.node.gap - other.ask.node.gap ||
      (this.lottery < other.lottery ? -1 : this.lottery > other.lottery ? 1 : 0) ||
      (this.ask.id < other.ask.id ? -1 : 1)
    );
  }
}
