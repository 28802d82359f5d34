/** What the chain says of one provider: a pure fold of the market's events over its key, nodes, leases and sales. */
import { classId, regionId } from '../domain/names.ts';
import type { Hex, MarketEvent } from '../domain/types.ts';

export interface OwnNode {
  id: Hex;
  className: string;
  classId: Hex;
  regionId: Hex;
  cards: number;
  epoch: number;
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
  /** Nonces that the provider cancelled. */
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
  'LeaseOpened',
  'LeaseClosed',
  'OrderFilled',
  'ListingBought',
  'NonceCancelled',
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
    case 'LeaseOpened':
      if (mine) ledger.leases.push(leaseOf(args));
      return;
    case 'LeaseClosed': {
      const lease = ledger.leases.find((own) => own.id === args['leaseId']);
      if (lease) lease.end = args['end'] as bigint;
      return;
    }
    case 'OrderFilled':
      return sell(ledger, args['askId'] as Hex, args);
    case 'ListingBought':
      return sell(ledger, args['listingId'] as Hex, args);
    case 'NonceCancelled':
      if (args['account'] === provider) ledger.cancelled.push(args['nonce'] as bigint);
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
  const known = Object.entries(ledger.sold) as [Hex, number][];
  ledger.sold = Object.fromEntries(known.filter(([id]) => liveOffers.has(id)));
}

/** A fill is the provider's own when its lease is; `LeaseOpened` precedes it in the same transaction. */
function sell(ledger: Ledger, id: Hex, args: Record<string, unknown>): void {
  if (!ledger.leases.some((lease) => lease.id === args['leaseId'])) return;
  ledger.sold[id] = (ledger.sold[id] ?? 0) + (args['cards'] as number);
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

function leaseOf(args: Record<string, unknown>): OwnLease {
  const start = args['start'] as bigint;
  return {
    id: args['leaseId'] as bigint,
    node: args['node'] as Hex,
    cards: args['cards'] as number,
    start,
    end: start + BigInt(args['duration'] as number),
    workload: args['workload'] as Hex,
  };
}
