/**
 * A slot, cleared: the same code in the scheduler, the verifier and the browser. Inputs are the manifest's items and the
 * market's state at the closing block; nothing else decides. ADR 0001 fixes every rule.
 */
import { askStanding, orderCode, ASK_CODE, ORDER_CODE, type AskStanding } from './eligibility.ts';
import { keccak } from './hash.ts';
import { askLeaf, NO_RUNNER_UP, orderLeaf, type AskLeaf, type MatchLeaf, type OrderLeaf } from './leaves.ts';
import type { MarketState } from './market-state.ts';
import { matchOrders, type ClearedMatch, type Unmatched } from './matching.ts';
import { merkleRoot, TAG } from './merkle.ts';
import { slotEnd, type Parameters } from './parameters.ts';
import { supplyVector } from './supply.ts';
import type { StateVector } from './vectors.ts';
import type { Hex, SignedAsk, SignedOrder, SlotHeader } from './types.ts';

/** An order of the slot; `id` is its digest, `signer` the address recovered from the signature, or null without a key's. */
export interface SlotOrder {
  id: Hex;
  signed: SignedOrder;
  signer: Hex | null;
}

export interface SlotAsk {
  id: Hex;
  signed: SignedAsk;
  signer: Hex | null;
}

export interface SlotInput {
  slot: bigint;
  seed: Hex;
  closeBlock: bigint;
  parameters: Parameters;
  /** In any order; ids are distinct. */
  orders: readonly SlotOrder[];
  asks: readonly SlotAsk[];
  /** The canonical bytes of these items (`encodeManifest`), for the header to bind. */
  manifest: Uint8Array;
}

/** A match with its leaf, as a page will bring it. */
export interface SlotMatch extends ClearedMatch {
  leaf: MatchLeaf;
}

export interface ClearedSlot {
  header: Omit<SlotHeader, 'pageCount'>;
  orders: OrderLeaf[];
  asks: AskLeaf[];
  matches: SlotMatch[];
  unmatched: Unmatched[];
  manifest: Uint8Array;
}

/** Clears a slot on `state`, which it does not change. */
export function clearSlot(input: SlotInput, state: MarketState): ClearedSlot {
  const { slot, seed, parameters } = input;
  const orders = byId(input.orders).map((item) => ({
    item,
    id: item.id,
    code: orderCode(item, slot, state, parameters),
  }));
  const asks = byId(input.asks).map((item) => ({
    item,
    id: item.id,
    node: item.signed.ask.supply,
    ...askStanding(item.id, item.signed, item.signer, slot, state, parameters),
  }));
  const vectors = stateVectors(asks, slotEnd(slot, parameters), state);
  const { matches, unmatched } = matchOrders({
    seed,
    parameters,
    orders: orders.filter((o) => o.code === ORDER_CODE.ELIGIBLE).map((o) => o.item),
    asks: asks
      .filter((a) => a.code === ASK_CODE.ELIGIBLE || a.code === ASK_CODE.NO_FREE_CARD)
      .map((a) => ({ ...a.item, free: Math.min(a.left, a.idle), reputation: a.reputation, tier: a.tier })),
    vectors,
    state,
    end: slotEnd(slot, parameters),
  });
  const orderLeaves = withOutcomes(orders, matches, unmatched);
  const askLeaves = withVectors(asks, vectors);
  return {
    header: {
      slot,
      closeBlock: input.closeBlock,
      seed,
      gammaWad: parameters.gammaWad,
      orderCount: orders.length,
      askCount: asks.length,
      matchCount: matches.length,
      ordersRoot: merkleRoot(TAG.orders, orderLeaves.map(orderLeaf)),
      asksRoot: merkleRoot(TAG.asks, askLeaves.map(askLeaf)),
      inputsHash: keccak(input.manifest),
    },
    orders: orderLeaves,
    asks: askLeaves,
    matches: withLeaves(matches, askLeaves),
    unmatched,
    manifest: input.manifest,
  };
}

/** What became of each order: its place among the matches, or that the slot itself used up its funds or nonce. */
function withOutcomes(
  orders: readonly { id: Hex; code: number }[],
  matches: readonly ClearedMatch[],
  unmatched: readonly Unmatched[],
): OrderLeaf[] {
  const position = new Map(matches.map((match, index) => [match.orderId, index + 1]));
  const spent = new Set(
    unmatched.filter(({ reason }) => reason === 'FUNDS' || reason === 'NONCE').map(({ orderId }) => orderId),
  );
  return orders.map(({ id, code }) => ({
    id,
    code: spent.has(id) ? ORDER_CODE.SPENT_IN_SLOT : code,
    position: position.get(id) ?? 0,
  }));
}

function withVectors(
  asks: readonly ({ id: Hex; node: Hex } & AskStanding)[],
  vectors: readonly StateVector[],
): AskLeaf[] {
  const vectorOf = new Map(vectors.map((vector) => [vector.node, vector]));
  return asks.map(({ id, node, left, idle, code, reputation, tier }) => {
    const { compute, network, storage, entropyMicroBits } = vectorOf.get(node) ?? NO_VECTOR;
    return { id, left, idle, code, compute, network, storage, entropyMicroBits, reputation, tier };
  });
}

function withLeaves(matches: readonly ClearedMatch[], asks: readonly AskLeaf[]): SlotMatch[] {
  const place = new Map(asks.map((ask, index) => [ask.id, index]));
  return matches.map((match) => ({
    ...match,
    leaf: {
      skip: 0,
      orderId: match.orderId,
      askId: match.askId,
      node: match.ask.ask.supply,
      cards: match.order.order.cards,
      winner: match.shortlist.indexOf(match.askId),
      runnerUp: match.runnerUp === null ? NO_RUNNER_UP : match.shortlist.indexOf(match.runnerUp),
      step: match.step,
      price: match.price,
      shortlist: match.shortlist.map((id) => place.get(id)!),
    },
  }));
}

const NO_VECTOR = { compute: 0, network: 0, storage: 0, entropyMicroBits: 0 };

/** State of every known node and cluster that an ask names, ascending by its id. */
function stateVectors(asks: readonly { node: Hex }[], end: bigint, state: MarketState): StateVector[] {
  const ids = [...new Set(asks.map((ask) => ask.node))].sort();
  return ids.flatMap((id) => supplyVector(state, id, end) ?? []);
}

function byId<T extends { id: Hex }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
}
