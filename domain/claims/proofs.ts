/** Leaf proofs for the contracts, out of a slot as it was committed. */
import { askId, orderId } from '../eip712.ts';
import { bytesToHex, uintBytes, concat } from '../hash.ts';
import { leasesOf } from '../lease-page.ts';
import { askLeaf, leaseLeaf, matchLeaf, orderLeaf } from '../leaves.ts';
import { merkleProof, merkleTop, TAG } from '../merkle.ts';
import type { AskProof, MatchCase, MatchProof, OrderProof } from './claim.ts';
import type { Commitment, CommittedMatch } from './commitment.ts';

/** Null when the order's message is not known (or is another's): without it the leaf proves nothing. */
export function orderProof(of: Commitment, index: number): OrderProof | null {
  const leaf = of.orders[index];
  const signed = leaf && of.orderOf.get(leaf.id);
  if (!leaf || !signed || orderId(of.domain, signed.order) !== leaf.id) return null;
  return {
    index,
    code: leaf.code,
    position: leaf.position,
    order: signed.order,
    classes: signed.classes,
    proof: merkleProof(TAG.orders, of.orders.map(orderLeaf), index),
  };
}

/** Null when the ask's message is not known. */
export function askProof(of: Commitment, index: number): AskProof | null {
  const leaf = of.asks[index];
  const signed = leaf && of.askOf.get(leaf.id);
  if (!leaf || !signed || askId(of.domain, signed.ask) !== leaf.id) return null;
  const { id: _, storage, ...state } = leaf;
  const proof = merkleProof(TAG.asks, of.asks.map(askLeaf), index);
  return { index, ...state, storage_: storage, ask: signed.ask, proof };
}

export function matchProof(of: Commitment, { page, index, leaf }: CommittedMatch): MatchProof {
  const { leaves, leases } = of.pages.get(page)!;
  return {
    ...leaf,
    ...{ page, index, pageId: leases.id, count: leaves.length, start: leases.start },
    leaseTop: bytesToHex(merkleTop(TAG.leases, leasesOf(leases).map(leaseLeaf))),
    shortlist: bytesToHex(concat(...leaf.shortlist.map((place) => uintBytes(place, 4)))),
    proof: merkleProof(TAG.matches, leaves.map(matchLeaf), index),
  };
}

/** A match with its order and its slot; null when the order has no leaf or no known message. */
export function matchCase(of: Commitment, match: CommittedMatch): MatchCase | null {
  const index = of.orders.findIndex(({ id }) => id === match.leaf.orderId);
  const order = orderProof(of, index);
  return order && { header: of.header, cleared: matchProof(of, match), order };
}
