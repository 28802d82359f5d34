/**
 * A slot as its scheduler committed it: the leaves under its header's roots, with the messages behind them, and the matches of its
 * pages. Claims are judged by these and by nothing else; what the slot should have been plays no part.
 */
import type { SlotEvidence } from '../evidence.ts';
import type { LeasePage } from '../lease-page.ts';
import { keccakWords } from '../hash.ts';
import { askLeaf, orderLeaf, type AskLeaf, type MatchLeaf, type OrderLeaf } from '../leaves.ts';
import { merkleRoot, TAG } from '../merkle.ts';
import { matchRoot } from '../page.ts';
import type { ClearedSlot, SlotAsk, SlotOrder } from '../slot.ts';
import type { Hex, SignedAsk, SignedOrder, SigningDomain, SlotHeader } from '../types.ts';

/** A match of the slot where it stands, with its order's clearing key. */
export interface CommittedMatch {
  page: number;
  index: number;
  leaf: MatchLeaf;
  key: bigint;
}

/** A page's matches, and the leases that it opened. */
export interface CommittedPage {
  leaves: readonly MatchLeaf[];
  leases: LeasePage;
}

export interface Commitment {
  domain: SigningDomain;
  header: SlotHeader;
  orders: readonly OrderLeaf[];
  asks: readonly AskLeaf[];
  /** Messages by id, as published. */
  orderOf: ReadonlyMap<Hex, SignedOrder>;
  askOf: ReadonlyMap<Hex, SignedAsk>;
  /** In their order on the pages, which is ascending by key. */
  matches: readonly CommittedMatch[];
  /** The same by node, to see what was left of it. */
  byNode: ReadonlyMap<Hex, readonly CommittedMatch[]>;
  pages: ReadonlyMap<number, CommittedPage>;
  /** Whether all announced pages are there: only then is an order without a match unserved for good. */
  whole: boolean;
}

/** The leaves under a root of the header; null when they are not known. */
export interface KnownLeaves {
  orders: readonly OrderLeaf[] | null;
  asks: readonly AskLeaf[] | null;
}

/** Leaves are known when they were published or when the replay gives the header's very root. */
export function knownLeaves({ committed, leaves }: SlotEvidence, replay: ClearedSlot | null): KnownLeaves {
  if (!committed) return { orders: null, asks: null };
  const { ordersRoot, asksRoot } = committed.header;
  return {
    orders:
      replay?.header.ordersRoot === ordersRoot
        ? replay.orders
        : under(ordersRoot, leaves?.orders, (all) => merkleRoot(TAG.orders, all.map(orderLeaf))),
    asks:
      replay?.header.asksRoot === asksRoot
        ? replay.asks
        : under(asksRoot, leaves?.asks, (all) => merkleRoot(TAG.asks, all.map(askLeaf))),
  };
}

function under<T>(
  root: Hex,
  leaves: readonly T[] | undefined,
  rootOf: (leaves: readonly T[]) => Hex,
): readonly T[] | null {
  if (!leaves) return null;
  try {
    return rootOf(leaves) === root ? leaves : null;
  } catch (error) {
    // A published leaf that does not fit its widths is no leaf.
    if (error instanceof RangeError) return null;
    throw error;
  }
}

/** The slot as committed; null when its leaves or its pages' matches are not known. */
export function commitmentOf(evidence: SlotEvidence, { orders, asks }: KnownLeaves): Commitment | null {
  const { committed, stateNow, domain, slot } = evidence;
  if (!committed || !stateNow || !orders || !asks) return null;
  const opened = new Map(stateNow.slots.get(slot)?.pages.map(({ page, pageId }) => [page, pageId]));
  const pages = new Map<number, CommittedPage>();
  for (const { page, root, matches: leaves } of evidence.pages) {
    const leases = stateNow.pages.get(opened.get(page) ?? -1n);
    if (!leaves || !leases || matchRoot(leaves) !== root) return null;
    pages.set(page, { leaves, leases });
  }
  return commit({ domain, header: committed.header, orders, asks, pages }, evidence);
}

/** The slot with these leaves and pages, and the messages of its items. */
export function commit(
  slot: Pick<Commitment, 'domain' | 'header' | 'orders' | 'asks' | 'pages'>,
  items: { orders: readonly SlotOrder[]; asks: readonly SlotAsk[] },
): Commitment {
  const { header, pages } = slot;
  const matches = [...pages].flatMap(([page, { leaves }]) =>
    leaves.map((leaf, index) => ({ page, index, leaf, key: clearingKey(leaf.orderId, header.seed) })),
  );
  return {
    ...slot,
    matches,
    orderOf: new Map(items.orders.map((item) => [item.id, item.signed])),
    askOf: new Map(items.asks.map((item) => [item.id, item.signed])),
    byNode: Map.groupBy(matches, ({ leaf }) => leaf.node),
    whole: pages.size === header.pageCount,
  };
}

/** keccak256(order id ‖ seed): when the order's turn comes, and its place on the lottery's ring. */
export function clearingKey(orderId: Hex, seed: Hex): bigint {
  return BigInt(keccakWords(orderId, seed));
}
