/**
 * A slot, cleared: the same code in the scheduler, the verifier and the browser. Inputs are the manifest's items and the
 * market's state at the closing block; nothing else decides. ADR 0001 fixes every rule.
 */
import { askStanding, orderCode, ORDER_CODE, ASK_CODE } from './eligibility.ts';
import { nodeEntropy } from './history.ts';
import { keccak } from './hash.ts';
import { askLeaf, matchLeaf, orderLeaf, vectorLeaf } from './leaves.ts';
import { encodeManifest } from './manifest.ts';
import { leasedCards, type MarketState } from './market-state.ts';
import { matchOrders, type ClearedMatch, type Unmatched } from './matching.ts';
import { merkleRoot, TAG } from './merkle.ts';
import { slotEnd, type Parameters } from './parameters.ts';
import { nodeResources, type StateVector } from './vectors.ts';
import type { Hex, SignedAsk, SignedOrder, SlotHeader } from './types.ts';

/** An order of the slot; `id` is its digest, `signer` the address recovered from the signature, or null. */
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
}

export interface ClearedSlot {
  header: Omit<SlotHeader, 'pageCount'>;
  orders: { id: Hex; code: number }[];
  asks: { id: Hex; node: Hex; free: number; code: number }[];
  vectors: StateVector[];
  matches: ClearedMatch[];
  unmatched: Unmatched[];
  manifest: Uint8Array;
}

/** Clears a slot on `state`, which it does not change. */
export function clearSlot(input: SlotInput, state: MarketState): ClearedSlot {
  const { slot, seed, parameters } = input;
  const orders = byId(input.orders).map((item) => ({
    item,
    id: item.id,
    code: orderCode(item.signed, item.signer, slot, state, parameters),
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
      .map((a) => ({ ...a.item, free: a.free })),
    vectors,
    state,
    end: slotEnd(slot, parameters),
  });
  const manifest = encodeManifest({ slot, orders: orders.map((o) => o.id), asks: asks.map((a) => a.id) });
  return {
    header: {
      slot,
      closeBlock: input.closeBlock,
      seed,
      gammaWad: parameters.gammaWad,
      orderCount: orders.length,
      askCount: asks.length,
      nodeCount: vectors.length,
      matchCount: matches.length,
      ordersRoot: merkleRoot(TAG.orders, orders.map(orderLeaf)),
      asksRoot: merkleRoot(TAG.asks, asks.map(askLeaf)),
      vectorsRoot: merkleRoot(TAG.vectors, vectors.map(vectorLeaf)),
      matchesRoot: merkleRoot(TAG.matches, matches.map(matchLeaf)),
      inputsHash: keccak(manifest),
    },
    orders: orders.map(({ id, code }) => ({ id, code })),
    asks: asks.map(({ id, node, free, code }) => ({ id, node, free, code })),
    vectors,
    matches,
    unmatched,
    manifest,
  };
}

/** State of every known node that an ask names, ascending by node id. */
function stateVectors(asks: readonly { node: Hex }[], end: bigint, state: MarketState): StateVector[] {
  const ids = [...new Set(asks.map((ask) => ask.node))].sort();
  const vectors: StateVector[] = [];
  for (const id of ids) {
    const node = state.nodes.get(id);
    if (!node) continue;
    const leases = state.leasesByNode.get(id) ?? [];
    const free = Math.max(0, node.cards - leasedCards(state, id, end));
    const entropyMicroBits = leases.length === 0 ? 0 : nodeEntropy(node.cards, leases, end);
    vectors.push({ node: id, ...nodeResources(node, free), entropyMicroBits });
  }
  return vectors;
}

function byId<T extends { id: Hex }>(items: readonly T[]): T[] {
  return [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
}
