/** What the chain says of one provider: a pure fold of the market's events over its key, nodes, leases and sales. */
import { leaseId } from '../domain/lease-page.ts';
import { classId, regionId } from '../domain/names.ts';
import { decodeRecords } from '../domain/page.ts';
import type { Hex, MarketEvent } from '../domain/types.ts';
import { clusterOf, ownRunner, remembered, type OwnCluster } from './cluster/ledger.ts';

export interface OwnNode {
  id: Hex;
  className: string;
  classId: Hex;
  regionId: Hex;
  cards: number;
  epoch: number;
  /** Unix seconds up to which a cluster alone offers it; absent before its first. */
  clusteredUntil?: bigint;
}

export interface OwnLease {
  id: bigint;
  node: Hex;
  cards: number;
  /** Unix seconds; `end` is the first second that is not billed, and moves down on an early close. */
  start: bigint;
  end: bigint;
  workload: Hex;
}

export interface Ledger {
  /** The key that binds the provider now; null before it registers. */
  signer: Hex | null;
  /** On its way out: it sells no more. */
  unbonding: boolean;
  nodes: OwnNode[];
  leases: OwnLease[];
  /** Cards sold out of each of its asks and listings. */
  sold: Record<Hex, number>;
  /** Those that its nodes are in, or were lately; absent in a file of an earlier version. */
  clusters?: OwnCluster[];
  /** Nonces of its asks and listings that the provider cancelled. */
  cancelled: bigint[];
}

/** Names of the events that `applyEvent` reads. */
export const LEDGER_EVENTS = new Set([
  'ProviderRegistered',
  'SignerRotated',
  'UnbondingStarted',
  'ProviderExited',
  'NodeAdded',
  'NodeEpochRaised',
  'NodeUpdated',
  'NodeClustered',
  'ClusterFormed',
  'PageCommitted',
  'LeaseClosed',
  'LeaseEnded',
  'ListingBought',
  'AskCancelled',
  'ListingCancelled',
]);

export function emptyLedger(): Ledger {
  return { signer: null, unbonding: false, nodes: [], leases: [], sold: {}, cancelled: [] };
}

/** @param provider lower-case address; events of others change nothing */
export function applyEvent(ledger: Ledger, provider: Hex, { name, args }: MarketEvent): void {
  const mine = args['provider'] === provider;
  switch (name) {
    case 'ProviderRegistered':
    case 'SignerRotated':
      if (mine) ledger.signer = args['signer'] as Hex;
      return;
    case 'UnbondingStarted':
    case 'ProviderExited':
      if (mine) ledger.unbonding = name === 'UnbondingStarted';
      if (mine && name === 'ProviderExited') ledger.signer = null;
      return;
    case 'NodeAdded':
      if (mine) ledger.nodes.push(nodeOf(args));
      return;
    case 'NodeEpochRaised': {
      const node = ledger.nodes.find((own) => own.id === args['node']);
      if (node) node.epoch = args['epoch'] as number;
      return;
    }
    case 'NodeUpdated': {
      const node = ledger.nodes.find((own) => own.id === args['node']);
      if (node) node.cards = args['cards'] as number;
      return;
    }
    case 'NodeClustered': {
      const node = ledger.nodes.find((own) => own.id === args['node']);
      if (node) node.clusteredUntil = BigInt(args['until'] as number);
      return;
    }
    case 'ClusterFormed': {
      const cluster = clusterOf(args, provider);
      if (cluster) ledger.clusters = [...(ledger.clusters ?? []), cluster];
      return;
    }
    case 'PageCommitted':
      return openPage(ledger, provider, args);
    case 'LeaseClosed': {
      const lease = ledger.leases.find((own) => own.id === args['leaseId']);
      if (lease) lease.end = args['end'] as bigint;
      return;
    }
    case 'LeaseEnded':
      ledger.leases = ledger.leases.filter((own) => own.id !== args['leaseId']);
      return;
    case 'ListingBought':
      return openBought(ledger, provider, args);
    case 'AskCancelled':
    case 'ListingCancelled':
      if (mine) ledger.cancelled.push(args['nonce'] as bigint);
  }
}

/** Cards of a node that leases hold at `now`, unix seconds. */
export function leasedCards(ledger: Ledger, node: Hex, now: bigint): number {
  return ledger.leases
    .filter((lease) => lease.node === node && lease.end > now)
    .reduce((cards, lease) => cards + lease.cards, 0);
}

/** Forgets what can't matter any more, so that the ledger stays small however long the provider sells. */
export function prune(ledger: Ledger, now: bigint, liveOffers: { has(id: Hex): boolean }): void {
  ledger.leases = ledger.leases.filter((lease) => lease.end > now);
  if (ledger.clusters) ledger.clusters = remembered(ledger.clusters, now);
  const known = Object.entries(ledger.sold) as [Hex, number][];
  ledger.sold = Object.fromEntries(known.filter(([id]) => liveOffers.has(id)));
}

/** The provider's leases of a slot's page, and those of its clusters that are drawn for its nodes. */
function openPage(ledger: Ledger, provider: Hex, args: Record<string, unknown>): void {
  const start = args['start'] as bigint;
  const records = decodeRecords(args['accounts'] as Hex, args['records'] as Hex);
  for (const [index, { skip, askId, node, workload, lease }] of records.entries()) {
    if (skip !== 0) continue;
    const id = leaseId(args['pageId'] as bigint, index);
    const end = start + BigInt(lease.duration);
    const ofCluster = ownRunner(ledger.clusters ?? [], { id, provider: lease.provider }, provider);
    if (ofCluster !== null)
      ledger.leases.push({ id, node: ofCluster, cards: lease.cards, start, end, workload });
    if (lease.provider !== provider) continue;
    ledger.leases.push({ id, node, cards: lease.cards, start, end, workload });
    sell(ledger, askId, lease.cards);
  }
}

function openBought(ledger: Ledger, provider: Hex, args: Record<string, unknown>): void {
  const sale = args['sale'] as Sale;
  if (sale.provider !== provider) return;
  const { node, cards, duration, start, parent } = sale;
  // A lease that prolongs another goes on with its work.
  const workload = ledger.leases.find((lease) => lease.id === parent)?.workload ?? sale.workload;
  const end = start + BigInt(duration);
  ledger.leases.push({ id: args['leaseId'] as bigint, node, cards, start, end, workload });
  sell(ledger, args['listingId'] as Hex, cards);
}

/** `sale` of `ListingBought`. */
interface Sale {
  provider: Hex;
  node: Hex;
  cards: number;
  duration: number;
  start: bigint;
  workload: Hex;
  parent: bigint;
}

function sell(ledger: Ledger, id: Hex, cards: number): void {
  ledger.sold[id] = (ledger.sold[id] ?? 0) + cards;
}

function nodeOf(args: Record<string, unknown>): OwnNode {
  const className = args['className'] as string;
  return {
    id: args['node'] as Hex,
    className,
    classId: classId(className),
    regionId: regionId(args['region'] as string),
    cards: args['cards'] as number,
    epoch: 0,
  };
}
