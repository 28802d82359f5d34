/** Nodes whose running leases need more cards than they have, where a match of the slot was sold last. */
import { ZERO_HASH, bytesToHex, concat, uintBytes } from '../hash.ts';
import { leaseRef } from '../lease-page.ts';
import { matchLeaf, type MatchLeaf } from '../leaves.ts';
import type { Lease, MarketState } from '../market-state.ts';
import { merkleProof, TAG } from '../merkle.ts';
import { slotEnd, type Parameters } from '../parameters.ts';
import type { Hex } from '../types.ts';
import type { Claim, MatchProof } from './claim.ts';

export interface OversoldCase {
  slot: bigint;
  parameters: Parameters;
  state: MarketState;
  /** Unix seconds of the chain. */
  now: bigint;
  /** Leaves of a page's matches, of whatever slot; null when they are not known. */
  matchesOf: (slot: bigint, page: number) => readonly MatchLeaf[] | null;
}

/** A node with the leases that run on it, where they need more cards than it has and a match of the slot was sold last. */
export interface OversoldNode {
  id: Hex;
  cards: number;
  used: number;
  /** In ascending order of their ids. */
  running: Lease[];
  last: Lease;
}

/** Who sold last is at fault: a provider that sold a used card by a Buy is not the slot's wrong. */
export function oversoldNodes({
  slot,
  parameters,
  state,
  now,
}: Omit<OversoldCase, 'matchesOf'>): OversoldNode[] {
  const soldAt = (lease: Lease): bigint =>
    lease.slot === null ? 2n * lease.start + 1n : 2n * slotEnd(lease.slot, parameters);
  const fills = state.slots.get(slot)?.fills ?? [];
  const nodes = new Set(fills.flatMap(({ leaseId }) => state.leases.get(leaseId)?.node ?? []));
  return [...nodes].flatMap((id) => {
    // The contract counts no cluster's lease against its member.
    const cards = state.nodes.get(id)?.cards ?? 0;
    const running = (state.leasesByNode.get(id) ?? [])
      .filter(({ node, start, end, settled }) => node === id && !settled && start <= now && now < end)
      .sort((a, b) => (a.id < b.id ? -1 : 1));
    const used = running.reduce((sum, lease) => sum + lease.cards, 0);
    const last = running.reduce((a: Lease | null, b) => (a && soldAt(a) > soldAt(b) ? a : b), null);
    return used > cards && last?.slot === slot ? [{ id, cards, used, running, last }] : [];
  });
}

export function oversold(of: OversoldCase): Claim[] {
  return oversoldNodes(of).flatMap(({ id, cards, used, running, last }) => {
    const shown = running.map((lease) => show(of.state, lease, of.matchesOf));
    if (shown.includes(null)) return [];
    const sentence = `Node ${id} has ${cards} cards and leases of ${used} run on it; lease ${last.id} of slot ${of.slot} was sold last.`;
    return [
      {
        ...{
          judge: 'oversold',
          name: 'claim',
          args: [id, shown],
          announced: false,
          waits: false,
          verdict: null,
        },
        sentence,
      },
    ];
  });
}

function show(state: MarketState, lease: Lease, matchesOf: OversoldCase['matchesOf']) {
  const page = state.pages.get(lease.id >> 8n);
  if (!page) return null;
  const index = Number(lease.id & 0xffn);
  const ref = leaseRef(page, index);
  if (lease.slot === null) return { ref, listingId: lease.sourceId, slot: 0n, cleared: NO_MATCH };
  const leaves = matchesOf(lease.slot, page.page);
  const leaf = leaves?.[index];
  if (!leaves || !leaf) return null;
  const cleared: MatchProof = {
    ...leaf,
    ...{
      pageId: page.id,
      page: page.page,
      index,
      count: leaves.length,
      start: page.start,
      leaseTop: ZERO_HASH,
    },
    shortlist: bytesToHex(concat(...leaf.shortlist.map((place) => uintBytes(place, 4)))),
    proof: merkleProof(TAG.matches, leaves.map(matchLeaf), index),
  };
  return { ref, listingId: ZERO_HASH, slot: lease.slot, cleared };
}

const NO_MATCH: MatchProof = {
  ...{ pageId: 0n, page: 0, index: 0, count: 0, start: 0n, leaseTop: ZERO_HASH, skip: 0 },
  ...{ orderId: ZERO_HASH, askId: ZERO_HASH, node: ZERO_HASH, cards: 0, winner: 0, runnerUp: 0, step: 0 },
  ...{ price: 0n, shortlist: '0x', proof: [] },
};
