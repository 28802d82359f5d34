/**
 * The market as the contracts' events tell it: a pure fold. The indexer turns it into rows, the scheduler and every
 * verifier read eligibility from it as of a slot's closing block.
 *
 * Event arguments carry the ABI's names; addresses and hashes are lower-case hex, integers up to 32 bits `number`,
 * wider ones `bigint`, a slot's header is a nested object.
 */
import { windowStart } from './entropy.ts';
import { classId, regionId } from './names.ts';
import type { Hex, MarketEvent, SlotHeader } from './types.ts';

export interface Account {
  available: bigint;
  bidding: bigint;
  unbidding: bigint;
  /** Unix seconds at which `unbidding` becomes available. */
  readyAt: bigint;
  staked: bigint;
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
}

export type LeaseEnd = 'NONE' | 'COMPLETED' | 'CLOSED_BY_CONSUMER' | 'CLOSED_BY_PROVIDER';
/** A node's lease list is swept each time its length is a multiple of this. */
const PRUNE_EVERY = 64;
const LEASE_ENDS: readonly LeaseEnd[] = ['NONE', 'COMPLETED', 'CLOSED_BY_CONSUMER', 'CLOSED_BY_PROVIDER'];

export interface Lease {
  id: bigint;
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
  workload: Hex;
  endReason: LeaseEnd;
  /** Nothing of it is held any more. */
  settled: boolean;
}

export interface CommittedSlot {
  header: SlotHeader;
  scheduler: Hex;
  blockNumber: bigint;
  pages: { page: number; count: number; root: Hex }[];
  skipped: { page: number; index: number; orderId: Hex; askId: Hex; reason: number; blockNumber: bigint }[];
  fills: { orderId: Hex; askId: Hex; leaseId: bigint; cards: number }[];
}

export interface MarketState {
  treasury: Hex;
  accounts: Map<Hex, Account>;
  providers: Map<Hex, Provider>;
  nodes: Map<Hex, MarketNode>;
  leases: Map<bigint, Lease>;
  /**
   * Leases of a node in the order of their starts. Those that ended before the hours that any later slot looks at are
   * left out from time to time: a node of many short leases must not slow every slot down.
   */
  leasesByNode: Map<Hex, Lease[]>;
  /** Cards sold out of an ask or a listing. */
  filled: Map<Hex, number>;
  /** `account:nonce` */
  usedNonces: Set<string>;
  slots: Map<bigint, CommittedSlot>;
}

export function emptyMarket(treasury: Hex): MarketState {
  return {
    treasury,
    accounts: new Map(),
    providers: new Map(),
    nodes: new Map(),
    leases: new Map(),
    leasesByNode: new Map(),
    filled: new Map(),
    usedNonces: new Set(),
    slots: new Map(),
  };
}

export function nonceKey(account: Hex, nonce: bigint): string {
  return `${account}:${nonce}`;
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
    account = { available: 0n, bidding: 0n, unbidding: 0n, readyAt: 0n, staked: 0n };
    state.accounts.set(address, account);
  }
  return account;
}

type Fold = (state: MarketState, args: Arguments, event: MarketEvent) => void;

/** Applies one event. @throws Error on an event of another contract or out of order: a bug, not bad input. */
export function applyEvent(state: MarketState, event: MarketEvent): void {
  const fold = FOLDS[event.name];
  if (!fold) throw new Error(`no fold for event ${event.name}`);
  fold(state, new Arguments(event), event);
}

/** Typed reads of an event's arguments; a wrong type is a decoder's bug and says where. */
class Arguments {
  readonly #event: MarketEvent;

  constructor(event: MarketEvent) {
    this.#event = event;
  }

  #get(name: string, type: string): unknown {
    const value = this.#event.args[name];
    if (typeof value !== type)
      throw new TypeError(`${this.#event.name}.${name} is ${typeof value}, not ${type}`);
    return value;
  }

  hex(name: string): Hex {
    return this.#get(name, 'string') as Hex;
  }

  text(name: string): string {
    return this.#get(name, 'string') as string;
  }

  big(name: string): bigint {
    return this.#get(name, 'bigint') as bigint;
  }

  int(name: string): number {
    return this.#get(name, 'number') as number;
  }
}

const FOLDS: Record<string, Fold> = {
  Deposited: (state, args) => {
    accountOf(state, args.hex('account')).available += args.big('amount');
  },
  Withdrawn: (state, args) => {
    accountOf(state, args.hex('account')).available -= args.big('amount');
  },
  BiddingFunded: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.available -= args.big('amount');
    account.bidding += args.big('amount');
  },
  UnbidRequested: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.bidding -= args.big('amount');
    account.unbidding += args.big('amount');
    account.readyAt = args.big('readyAt');
  },
  UnbidRecalled: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.unbidding -= args.big('amount');
    account.bidding += args.big('amount');
  },
  UnbidFinished: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.unbidding -= args.big('amount');
    account.available += args.big('amount');
  },
  Staked: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.available -= args.big('amount');
    account.staked += args.big('amount');
  },
  Unstaked: (state, args) => {
    const account = accountOf(state, args.hex('account'));
    account.staked -= args.big('amount');
    account.available += args.big('amount');
  },
  ProviderRegistered: (state, args) => {
    state.providers.set(args.hex('provider'), {
      payout: args.hex('payout'),
      signer: args.hex('signer'),
      metadata: args.text('metadata'),
      stake: args.big('stake'),
      exitAt: null,
    });
  },
  StakeAdded: (state, args) => {
    known(state.providers, args.hex('provider')).stake += args.big('amount');
  },
  SignerRotated: (state, args) => {
    known(state.providers, args.hex('provider')).signer = args.hex('signer');
  },
  NodeAdded: (state, args) => {
    const id = args.hex('node');
    state.nodes.set(id, {
      id,
      provider: args.hex('provider'),
      x: args.text('x'),
      y: args.text('y'),
      z: args.text('z'),
      className: args.text('className'),
      resourceClass: classId(args.text('className')),
      region: args.text('region'),
      regionId: regionId(args.text('region')),
      cards: args.int('cards'),
      networkMbps: args.int('networkMbps'),
      storageGb: args.int('storageGb'),
      epoch: 0,
    });
  },
  NodeEpochRaised: (state, args) => {
    known(state.nodes, args.hex('node')).epoch = args.int('epoch');
  },
  UnbondingStarted: (state, args) => {
    known(state.providers, args.hex('provider')).exitAt = args.big('exitAt');
  },
  ProviderExited: (state, args) => {
    known(state.providers, args.hex('provider')).stake = 0n;
  },
  SlotCommitted: (state, args, event) => {
    state.slots.set(args.big('slot'), {
      header: event.args.header as SlotHeader,
      scheduler: args.hex('scheduler'),
      blockNumber: event.blockNumber,
      pages: [],
      skipped: [],
      fills: [],
    });
  },
  PageCommitted: (state, args) => {
    known(state.slots, args.big('slot')).pages.push({
      page: args.int('page'),
      count: args.int('count'),
      root: args.hex('root'),
    });
  },
  MatchSkipped: (state, args, event) => {
    known(state.slots, args.big('slot')).skipped.push({
      page: args.int('page'),
      index: args.int('index'),
      orderId: args.hex('orderId'),
      askId: args.hex('askId'),
      reason: args.int('reason'),
      blockNumber: event.blockNumber,
    });
  },
  OrderFilled: (state, args) => {
    const fill = {
      orderId: args.hex('orderId'),
      askId: args.hex('askId'),
      leaseId: args.big('leaseId'),
      cards: args.int('cards'),
    };
    known(state.slots, args.big('slot')).fills.push(fill);
    sell(state, fill.askId, fill.cards);
    state.usedNonces.add(nonceKey(known(state.leases, fill.leaseId).consumer, args.big('nonce')));
  },
  ListingBought: (state, args) => {
    sell(state, args.hex('listingId'), args.int('cards'));
  },
  NonceCancelled: (state, args) => {
    state.usedNonces.add(nonceKey(args.hex('account'), args.big('nonce')));
  },
  LeaseOpened: (state, args) => {
    const slot = args.big('slot');
    const start = args.big('start');
    const lease: Lease = {
      id: args.big('leaseId'),
      consumer: args.hex('consumer'),
      provider: args.hex('provider'),
      node: args.hex('node'),
      sourceId: args.hex('sourceId'),
      slot: slot === 0n ? null : slot,
      cards: args.int('cards'),
      duration: args.int('duration'),
      start,
      end: start + BigInt(args.int('duration')),
      rate: args.big('rate'),
      locked: args.big('locked'),
      paid: 0n,
      fee: 0n,
      refunded: 0n,
      settledUntil: start,
      workload: args.hex('workload'),
      endReason: 'NONE',
      settled: false,
    };
    state.leases.set(lease.id, lease);
    remember(state, lease);
    const account = accountOf(state, lease.consumer);
    if (lease.slot === null) account.available -= lease.locked;
    else account.bidding -= lease.locked;
  },
  LeaseSettled: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.paid += args.big('paid');
    lease.fee += args.big('fee');
    lease.settledUntil = args.big('until');
    accountOf(state, known(state.providers, lease.provider).payout).available += args.big('paid');
    accountOf(state, state.treasury).available += args.big('fee');
  },
  LeaseClosed: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.end = args.big('end');
    lease.endReason = leaseEnd(args.int('reason'));
  },
  LeaseEnded: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.refunded += args.big('refunded');
    lease.endReason = leaseEnd(args.int('reason'));
    lease.settled = true;
    accountOf(state, lease.consumer).available += args.big('refunded');
  },
};

/** Names of the events that move the market; every other log is foreign. */
export const EVENT_NAMES: readonly string[] = Object.keys(FOLDS);

/** Puts a lease into its node's list, and now and then drops what no slot that closes after its start can see. */
function remember(state: MarketState, lease: Lease): void {
  const ofNode = state.leasesByNode.get(lease.node);
  if (!ofNode) {
    state.leasesByNode.set(lease.node, [lease]);
    return;
  }
  ofNode.push(lease);
  if (ofNode.length % PRUNE_EVERY !== 0) return;
  const horizon = windowStart(lease.start);
  state.leasesByNode.set(
    lease.node,
    ofNode.filter((other) => other.end > horizon),
  );
}

function sell(state: MarketState, id: Hex, cards: number): void {
  state.filled.set(id, (state.filled.get(id) ?? 0) + cards);
}

function known<K, V>(map: Map<K, V>, key: K): V {
  const value = map.get(key);
  if (value === undefined) throw new Error(`an event names ${String(key)}, which no earlier event made`);
  return value;
}

function leaseEnd(reason: number): LeaseEnd {
  const end = LEASE_ENDS[reason];
  if (!end) throw new Error(`lease end ${reason} is unknown`);
  return end;
}
