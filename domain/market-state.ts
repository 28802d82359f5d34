/**
 * The market as the contracts' events tell it: a pure fold. The indexer turns it into rows, the scheduler and every
 * verifier read eligibility from it as of a slot's closing block.
 *
 * Event arguments carry the ABI's names; addresses and hashes are lower-case hex, integers up to 32 bits `number`,
 * wider ones `bigint`, a slot's header is a nested object.
 */
import type { LeasePage } from './lease-page.ts';
import type { Outcomes } from './reputation.ts';
import type { Ask, Hex, SlotHeader } from './types.ts';

export interface Account {
  available: bigint;
  bidding: bigint;
  unbidding: bigint;
  /** Unix seconds at which `unbidding` becomes available. */
  readyAt: bigint;
  staked: bigint;
  /** Most that one lease may lock; 0 for no such limit. */
  perLeaseCap: bigint;
}

export interface Provider {
  payout: Hex;
  signer: Hex;
  metadata: string;
  stake: bigint;
  /** Unix seconds; null while it sells. */
  exitAt: bigint | null;
}

export interface MarketNode {
  id: Hex;
  provider: Hex;
  x: string;
  y: string;
  z: string;
  className: string;
  resourceClass: Hex;
  region: string;
  regionId: Hex;
  cards: number;
  networkMbps: number;
  storageGb: number;
  epoch: number;
  /** Attestation tier; 0 without one. */
  tier: number;
  /** Who vouches for it. */
  auditor: Hex | null;
  /** Unix seconds up to which a cluster alone offers it. */
  clusteredUntil: bigint;
  /** The announced maintenance window, unix seconds; 0 and 0 without one. */
  maintenanceFrom: bigint;
  maintenanceTo: bigint;
}

export interface Cluster {
  id: Hex;
  askId: Hex;
  /** As `Clusters.form` made it; nobody signs it. */
  ask: Ask;
  /** Ascending by node. */
  members: { provider: Hex; power: bigint; node: Hex }[];
}

export type LeaseEnd =
  'NONE' | 'COMPLETED' | 'CLOSED_BY_CONSUMER' | 'CLOSED_BY_PROVIDER' | 'NO_SHOW' | 'FAULT';

export interface Lease {
  /** Page id and place in the page: `pageId << 8 | index`. */
  id: bigint;
  /** Lease that this one prolongs. */
  parent: bigint | null;
  /** Whether it is settled with its page; false once it was settled alone or closed. */
  followsPage: boolean;
  consumer: Hex;
  provider: Hex;
  node: Hex;
  /** Order id of a Bid, listing id of a Buy. */
  sourceId: Hex;
  /** Null for a Buy. */
  slot: bigint | null;
  cards: number;
  duration: number;
  start: bigint;
  end: bigint;
  rate: bigint;
  locked: bigint;
  paid: bigint;
  fee: bigint;
  refunded: bigint;
  settledUntil: bigint;
  /** Seconds of attested outages, which nobody pays for. */
  outage: bigint;
  workload: Hex;
  endReason: LeaseEnd;
  /** Nothing of it is held any more. */
  settled: boolean;
}

export interface CommittedSlot {
  header: SlotHeader;
  scheduler: Hex;
  blockNumber: bigint;
  pages: { page: number; pageId: bigint; count: number; root: Hex }[];
  skipped: { page: number; index: number; orderId: Hex; askId: Hex; reason: number; blockNumber: bigint }[];
  fills: { orderId: Hex; askId: Hex; leaseId: bigint; cards: number }[];
}

export interface MarketPage extends LeasePage {
  /** Null for a Buy. */
  slot: bigint | null;
  page: number;
  /** Second up to which the leases that follow it are settled; 0 before the first time. */
  settledUntil: bigint;
  leaseIds: bigint[];
}

/** A firm quote that was accepted, and what became of the money that it locked. */
export interface HeldQuote {
  consumer: Hex;
  /** Base units that accepting it locked. */
  amount: bigint;
  /** Unix seconds after which anyone may return it all. */
  deadline: bigint;
  outcome: 'HELD' | 'PROCURED' | 'REFUNDED';
  /** Of a procured one, base units: what went back to the consumer, and what was kept as fees. */
  shared: bigint;
  kept: bigint;
}

/** What its consumer allows for an open-ended lease (`IMarket.Renewal`). */
export interface Renewal {
  node: Hex;
  resourceClass: Hex;
  /** Most that it pays, base units per card-hour. */
  maxRate: bigint;
  /** Unix seconds at which it ends at last. */
  until: bigint;
}

export interface MarketState {
  treasury: Hex;
  /** On top of a lease's price, 1/10,000. */
  feeBps: number;
  /** Fees that wait for their collection. */
  fees: bigint;
  /** Slashed to nobody, for ever. */
  burned: bigint;
  accounts: Map<Hex, Account>;
  providers: Map<Hex, Provider>;
  nodes: Map<Hex, MarketNode>;
  /** By provider; none for a newcomer. */
  outcomes: Map<Hex, Outcomes>;
  /** Members of the clusters that were formed, by the account that stands for them. */
  clusters: Map<Hex, Cluster>;
  leases: Map<bigint, Lease>;
  /**
   * Leases that a node runs, its cluster's among them (ADR 24), in the order of their starts. Those that ended before the hours that any later slot looks at are
   * left out from time to time: a node of many short leases must not slow every slot down.
   */
  leasesByNode: Map<Hex, Lease[]>;
  /** Cards sold out of an ask or a listing. */
  filled: Map<Hex, number>;
  /** `nonceKey`s of what was filled (orders) or cancelled (all kinds). */
  usedNonces: Set<string>;
  /** Orders approved on-chain. */
  approved: Set<Hex>;
  /** Orders at a firm quote, by order. */
  quotes: Map<Hex, HeldQuote>;
  /** The newest word on each lease that anyone may prolong. */
  renewals: Map<bigint, Renewal>;
  pages: Map<bigint, MarketPage>;
  slots: Map<bigint, CommittedSlot>;
}

export function emptyMarket(treasury: Hex, feeBps: number): MarketState {
  return {
    treasury,
    feeBps,
    fees: 0n,
    burned: 0n,
    accounts: new Map(),
    providers: new Map(),
    nodes: new Map(),
    outcomes: new Map(),
    clusters: new Map(),
    leases: new Map(),
    leasesByNode: new Map(),
    filled: new Map(),
    usedNonces: new Set(),
    approved: new Set(),
    quotes: new Map(),
    renewals: new Map(),
    pages: new Map(),
    slots: new Map(),
  };
}

export type NonceKind = 'order' | 'ask' | 'listing';

export function nonceKey(kind: NonceKind, account: Hex, nonce: bigint): string {
  return `${kind}:${account}:${nonce}`;
}

/** Cards of `node` whose leases run beyond `at` (unix seconds). */
export function leasedCards(state: MarketState, node: Hex, at: bigint): number {
  let cards = 0;
  for (const lease of state.leasesByNode.get(node) ?? []) if (lease.end > at) cards += lease.cards;
  return cards;
}

export function accountOf(state: MarketState, address: Hex): Account {
  let account = state.accounts.get(address);
  if (!account) {
    account = { available: 0n, bidding: 0n, unbidding: 0n, readyAt: 0n, staked: 0n, perLeaseCap: 0n };
    state.accounts.set(address, account);
  }
  return account;
}
