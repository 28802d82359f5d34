import { leaseId } from '../../domain/lease-page.ts';
import { nonceKey, type MarketState, type NonceKind } from '../../domain/market-state.ts';
import { decodeRecords } from '../../domain/page.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';

/** The block that an event, and so the row it made, comes from. */
export interface BlockRef {
  number: bigint;
  hash: Hex;
}

/** Keys of the rows that events changed, with the last block that did. A nonce's key is `kind:account:nonce`. */
export interface Touched {
  accounts: Map<Hex, BlockRef>;
  providers: Map<Hex, BlockRef>;
  nodes: Map<Hex, BlockRef>;
  leases: Map<bigint, BlockRef>;
  pages: Map<bigint, BlockRef>;
  slots: Map<bigint, BlockRef>;
  quotes: Map<Hex, BlockRef>;
  renewals: Map<bigint, BlockRef>;
  fills: Map<Hex, BlockRef>;
  nonces: Map<string, BlockRef>;
}

export function nothingTouched(): Touched {
  return {
    accounts: new Map(),
    providers: new Map(),
    nodes: new Map(),
    leases: new Map(),
    pages: new Map(),
    slots: new Map(),
    quotes: new Map(),
    renewals: new Map(),
    fills: new Map(),
    nonces: new Map(),
  };
}

/** The kinds of rows. */
export const TOUCHED = Object.keys(nothingTouched()) as (keyof Touched)[];

type Touch = (touched: Touched, args: Reader, state: MarketState, block: BlockRef) => void;

/**
 * Marks what an event changed. `state` is the state with the event applied: some events name a lease alone, and move
 * money of its parties.
 *
 * @throws Error on an event that is not listed here: a fold without its rows would leave the tables stale
 */
export function touch(touched: Touched, event: MarketEvent, state: MarketState, block: BlockRef): void {
  const mark = TOUCHES[event.name];
  if (mark === undefined) throw new Error(`no rows are known for event ${event.name}`);
  mark(touched, new Reader(event), state, block);
}

class Reader {
  readonly #args: Record<string, unknown>;

  constructor(event: MarketEvent) {
    this.#args = event.args;
  }

  hex(name: string): Hex {
    return this.#args[name] as Hex;
  }

  big(name: string): bigint {
    return this.#args[name] as bigint;
  }
}

const account: Touch = (touched, args, _state, block) => {
  touched.accounts.set(args.hex('account'), block);
};
const provider: Touch = (touched, args, _state, block) => {
  touched.providers.set(args.hex('provider'), block);
};
const node: Touch = (touched, args, _state, block) => {
  touched.nodes.set(args.hex('node'), block);
};
const slot: Touch = (touched, args, _state, block) => {
  touched.slots.set(args.big('slot'), block);
};

const quote: Touch = (touched, args, _state, block) => {
  touched.accounts.set(args.hex('consumer'), block);
  touched.quotes.set(args.hex('orderId'), block);
};

const nothing: Touch = () => undefined;

/** A lease, its page, and the accounts that a payment of it moves. */
function touchLease(touched: Touched, id: bigint, state: MarketState, block: BlockRef): void {
  touched.leases.set(id, block);
  touched.pages.set(id >> 8n, block);
  const lease = state.leases.get(id);
  if (!lease) return;
  touched.accounts.set(lease.consumer, block);
  touched.accounts.set(state.providers.get(lease.provider)?.payout ?? lease.provider, block);
}

const lease: Touch = (touched, args, state, block) => {
  touchLease(touched, args.big('leaseId'), state, block);
};
const cancelled =
  (kind: NonceKind, by: string): Touch =>
  (touched, args, _state, block) => {
    touched.nonces.set(nonceKey(kind, args.hex(by), args.big('nonce')), block);
  };

const TOUCHES: Record<string, Touch> = {
  Deposited: account,
  Withdrawn: account,
  BiddingFunded: account,
  UnbidRequested: account,
  UnbidRecalled: account,
  UnbidFinished: account,
  Staked: account,
  Unstaked: account,
  ProviderRegistered: provider,
  StakeAdded: provider,
  SignerRotated: provider,
  UnbondingStarted: provider,
  ProviderExited: provider,
  NodeAdded: node,
  NodeEpochRaised: node,
  SlotCommitted: slot,
  PageCommitted: (touched, args, state, block) => {
    touched.slots.set(args.big('slot'), block);
    touched.pages.set(args.big('pageId'), block);
    for (const [index, record] of decodeRecords(args.hex('accounts'), args.hex('records')).entries()) {
      if (record.skip !== 0) continue;
      touchLease(touched, leaseId(args.big('pageId'), index), state, block);
      touched.fills.set(record.askId, block);
      touched.nonces.set(nonceKey('order', record.lease.consumer, record.nonce), block);
    }
  },
  ListingBought: (touched, args, state, block) => {
    touchLease(touched, args.big('leaseId'), state, block);
    touched.fills.set(args.hex('listingId'), block);
  },
  OrderCancelled: cancelled('order', 'account'),
  AskCancelled: cancelled('ask', 'provider'),
  ListingCancelled: cancelled('listing', 'provider'),
  OrderApproved: nothing,
  QuoteAccepted: quote,
  QuoteProcured: quote,
  QuoteRefunded: quote,
  RenewalAllowed: (touched, args, _state, block) => {
    touched.renewals.set(args.big('leaseId'), block);
  },
  PageSettled: (touched, args, state, block) => {
    touched.pages.set(args.big('pageId'), block);
    for (const id of state.pages.get(args.big('pageId'))?.leaseIds ?? [])
      touchLease(touched, id, state, block);
  },
  LeaseSettled: lease,
  LeaseClosed: lease,
  LeaseEnded: lease,
  OutageAttested: lease,
  NoticeForfeited: nothing,
  Distributed: (touched, args, _state, block) => {
    touched.accounts.set(args.hex('account'), block);
    touched.accounts.set(args.hex('to'), block);
  },
  NodeAttested: node,
  NodeClustered: node,
  MaintenanceAnnounced: node,
  ReputationChanged: provider,
  ClusterFormed: nothing,
  ConsentCancelled: nothing,
  ClusterPaid: nothing,
  MonitorBonded: nothing,
  MonitorLeaving: nothing,
  MonitorLeft: nothing,
  MonitorSlashed: nothing,
  BondAdded: nothing,
  BondLeaving: nothing,
  BondReturned: nothing,
  SkipsPenalised: nothing,
  SoldTwice: nothing,
  Announced: nothing,
  ClaimOpened: nothing,
  ClaimAnswered: nothing,
  ClaimRefuted: nothing,
  ClaimUpheld: nothing,
  OrderShown: nothing,
  AskShown: nothing,
  Slashed: (touched, args, state, block) => {
    touched.accounts.set(args.hex('account'), block);
    // To nobody: burned.
    if (state.accounts.has(args.hex('to'))) touched.accounts.set(args.hex('to'), block);
  },
  CapsSet: account,
  TreasurySet: nothing,
  FeesCollected: (touched, args, _state, block) => {
    touched.accounts.set(args.hex('treasury'), block);
  },
  StakeSlashed: provider,
  PayoutSet: provider,
  MetadataSet: provider,
  NodeUpdated: node,
};
