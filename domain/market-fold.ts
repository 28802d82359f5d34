/**
 * The fold of the contracts' events into the market's state. `PageCommitted` and `ListingBought` open leases: their packed words are
 * read here, so that the raw events stay the stored truth.
 */
import { windowStart } from './entropy.ts';
import { boughtPageOf, leaseId, leasePageOf, listingSource, slotSource } from './lease-page.ts';
import type { LeaseTerms } from './leaves.ts';
import {
  accountOf,
  nonceKey,
  type Cluster,
  type Lease,
  type LeaseEnd,
  type MarketState,
} from './market-state.ts';
import { classId, regionId } from './names.ts';
import { decodeRecords } from './page.ts';
import type { Hex, MarketEvent, SlotHeader } from './types.ts';
import { feeUp, lockFor, owed } from './units.ts';

/** A node's lease list is swept each time its length is a multiple of this. */
const PRUNE_EVERY = 64;
const LEASE_ENDS: readonly LeaseEnd[] = [
  'NONE',
  'COMPLETED',
  'CLOSED_BY_CONSUMER',
  'CLOSED_BY_PROVIDER',
  'NO_SHOW',
  'FAULT',
];

const NOBODY: Hex = `0x${'0'.repeat(40)}`;

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

  /** A nested struct. */
  tuple(name: string): Arguments {
    const args = this.#get(name, 'object') as Record<string, unknown>;
    return new Arguments({ ...this.#event, args });
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
  Slashed: (state, args) => {
    accountOf(state, args.hex('account')).staked -= args.big('amount');
    if (args.hex('to') === NOBODY) state.burned += args.big('amount');
    else accountOf(state, args.hex('to')).available += args.big('amount');
  },
  Distributed: (state, args) => {
    accountOf(state, args.hex('account')).available -= args.big('amount');
    accountOf(state, args.hex('to')).available += args.big('amount');
  },
  CapsSet: (state, args) => {
    accountOf(state, args.hex('account')).perLeaseCap = args.big('perLease');
  },
  TreasurySet: (state, args) => {
    state.treasury = args.hex('treasury');
  },
  FeesCollected: (state, args) => {
    state.fees -= args.big('amount');
    accountOf(state, args.hex('treasury')).available += args.big('amount');
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
  StakeSlashed: (state, args) => {
    known(state.providers, args.hex('provider')).stake -= args.big('amount');
  },
  PayoutSet: (state, args) => {
    known(state.providers, args.hex('provider')).payout = args.hex('payout');
  },
  MetadataSet: (state, args) => {
    known(state.providers, args.hex('provider')).metadata = args.text('metadata');
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
      tier: 0,
      auditor: null,
      clusteredUntil: 0n,
      maintenanceFrom: 0n,
      maintenanceTo: 0n,
    });
  },
  NodeUpdated: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.y = args.text('y');
    node.cards = args.int('cards');
    node.networkMbps = args.int('networkMbps');
    node.storageGb = args.int('storageGb');
  },
  NodeEpochRaised: (state, args) => {
    known(state.nodes, args.hex('node')).epoch = args.int('epoch');
  },
  NodeAttested: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.tier = args.int('tier');
    node.auditor = args.hex('auditor');
  },
  NodeClustered: (state, args) => {
    known(state.nodes, args.hex('node')).clusteredUntil = args.big('until');
  },
  MaintenanceAnnounced: (state, args) => {
    const node = known(state.nodes, args.hex('node'));
    node.maintenanceFrom = args.big('from');
    node.maintenanceTo = args.big('to');
  },
  ClusterFormed: (state, args, event) => {
    const members = event.args.members as Cluster['members'];
    state.clusters.set(args.hex('account'), {
      id: args.hex('cluster'),
      askId: args.hex('askId'),
      validUntil: args.big('validUntil'),
      members,
    });
  },
  ConsentCancelled: () => undefined,
  /** What it moves is in the vault's `Distributed`. */
  ClusterPaid: () => undefined,
  ReputationChanged: (state, args) => {
    state.outcomes.set(args.hex('provider'), {
      day: args.int('day'),
      good: args.big('good'),
      bad: args.big('bad'),
      newGood: args.big('newGood'),
      newBad: args.big('newBad'),
    });
  },
  // What monitors' bonds move is in the vault's events.
  MonitorBonded: () => undefined,
  MonitorLeaving: () => undefined,
  MonitorLeft: () => undefined,
  MonitorSlashed: () => undefined,
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
  PageCommitted: (state, args, event) => {
    const slot = known(state.slots, args.big('slot'));
    const page = args.int('page');
    const id = args.big('pageId');
    const start = args.big('start');
    const root = args.hex('matchRoot');
    const records = decodeRecords(args.hex('accounts'), args.hex('records'));
    const source = slotSource(args.big('slot'), page, root);
    const opened = leasePageOf(id, start, source, args.hex('accounts'), args.hex('records'));
    slot.pages.push({ page, pageId: id, count: records.length, root });
    const leaseIds: bigint[] = [];
    for (const [index, { skip, orderId, askId, node, workload, nonce, lease }] of records.entries()) {
      if (skip !== 0) {
        const { blockNumber } = event;
        slot.skipped.push({ page, index, orderId, askId, reason: skip, blockNumber });
        continue;
      }
      const id_ = leaseId(id, index);
      leaseIds.push(id_);
      slot.fills.push({ orderId, askId, leaseId: id_, cards: lease.cards });
      sell(state, askId, lease.cards);
      state.usedNonces.add(nonceKey('order', lease.consumer, nonce));
      open(
        state,
        { id: id_, node, sourceId: orderId, slot: args.big('slot'), start, workload, parent: null },
        lease,
      );
    }
    state.pages.set(id, { ...opened, slot: args.big('slot'), page, settledUntil: 0n, leaseIds });
  },
  ListingBought: (state, args) => {
    const sale = args.tuple('sale');
    const id = args.big('leaseId');
    const parent = sale.big('parent');
    const terms = {
      consumer: args.hex('consumer'),
      provider: sale.hex('provider'),
      rate: sale.big('rate'),
      cards: sale.int('cards'),
      duration: sale.int('duration'),
    };
    const facts = {
      id,
      node: sale.hex('node'),
      sourceId: args.hex('listingId'),
      slot: null,
      start: sale.big('start'),
      workload: parent === 0n ? sale.hex('workload') : known(state.leases, parent).workload,
      parent: parent === 0n ? null : parent,
    };
    sell(state, facts.sourceId, terms.cards);
    open(state, facts, terms);
    const source = listingSource(facts.sourceId, facts.node);
    const page = boughtPageOf(id >> 8n, facts.start, source, terms);
    state.pages.set(page.id, { ...page, slot: null, page: 0, settledUntil: 0n, leaseIds: [id] });
  },
  OrderCancelled: (state, args) => {
    state.usedNonces.add(nonceKey('order', args.hex('account'), args.big('nonce')));
  },
  AskCancelled: (state, args) => {
    state.usedNonces.add(nonceKey('ask', args.hex('provider'), args.big('nonce')));
  },
  ListingCancelled: (state, args) => {
    state.usedNonces.add(nonceKey('listing', args.hex('provider'), args.big('nonce')));
  },
  OrderApproved: (state, args) => {
    state.approved.add(args.hex('orderId'));
  },
  PageSettled: (state, args) => {
    const page = known(state.pages, args.big('pageId'));
    const until = args.big('until');
    let paid = 0n;
    let fee = 0n;
    for (const id of page.leaseIds) {
      const lease = known(state.leases, id);
      if (!lease.followsPage || lease.settled) continue;
      const to = until < lease.end ? until : lease.end;
      if (to > lease.settledUntil) {
        const price = owed(lease.cards, to - lease.start, lease.rate) - lease.paid;
        const due = feeUp(lease.paid + price, state.feeBps) - lease.fee;
        pay(state, lease, to, price, due);
        paid += price;
        fee += due;
      }
      if (to === lease.end) finish(state, lease, 'COMPLETED', 0n);
    }
    page.settledUntil = until;
    if (paid !== args.big('paid') || fee !== args.big('fee'))
      throw new Error(
        `page ${page.id} paid ${args.big('paid')} and ${args.big('fee')}, its leases owe ${paid} and ${fee}`,
      );
  },
  LeaseSettled: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.followsPage = false;
    pay(state, lease, args.big('until'), args.big('paid'), args.big('fee'));
  },
  LeaseClosed: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.followsPage = false;
    lease.end = args.big('end');
    lease.endReason = leaseEnd(args.int('reason'));
  },
  OutageAttested: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    lease.followsPage = false;
    lease.outage += args.big('to') - args.big('from');
  },
  /** What it moves is in the vault's `Slashed`. */
  NoticeForfeited: () => undefined,
  LeaseEnded: (state, args) => {
    const lease = known(state.leases, args.big('leaseId'));
    const reason = leaseEnd(args.int('reason'));
    lease.followsPage = false;
    // The outage that ended it is settled up to its last second.
    if (reason === 'NO_SHOW' || reason === 'FAULT') lease.end = lease.settledUntil;
    finish(state, lease, reason, args.big('refunded'));
  },
};

/** Names of the events that move the market; every other log is foreign. */
export const EVENT_NAMES: readonly string[] = Object.keys(FOLDS);

type LeaseFacts = Pick<Lease, 'id' | 'node' | 'sourceId' | 'slot' | 'start' | 'workload' | 'parent'>;

function open(state: MarketState, facts: LeaseFacts, terms: LeaseTerms): void {
  const locked = lockFor(terms.cards, terms.duration, terms.rate, state.feeBps);
  const lease: Lease = {
    ...facts,
    ...terms,
    followsPage: true,
    end: facts.start + BigInt(terms.duration),
    locked,
    paid: 0n,
    fee: 0n,
    refunded: 0n,
    settledUntil: facts.start,
    outage: 0n,
    endReason: 'NONE',
    settled: false,
  };
  state.leases.set(lease.id, lease);
  remember(state, lease);
  const account = accountOf(state, lease.consumer);
  if (lease.slot === null) account.available -= locked;
  else account.bidding -= locked;
}

function pay(state: MarketState, lease: Lease, until: bigint, paid: bigint, fee: bigint): void {
  lease.paid += paid;
  lease.fee += fee;
  lease.settledUntil = until;
  // A cluster's account has no record: it is paid itself.
  const payout = state.providers.get(lease.provider)?.payout ?? lease.provider;
  accountOf(state, payout).available += paid;
  state.fees += fee;
}

function finish(state: MarketState, lease: Lease, reason: LeaseEnd, refunded: bigint): void {
  lease.refunded += refunded;
  lease.endReason = reason;
  lease.settled = true;
  accountOf(state, lease.consumer).available += refunded;
}

/**
 * The state that a slot is judged by: `atClose` (after the last event of its closing block) and the matches of earlier slots that
 * were committed later. `later` are the events after the closing block, in order. Returns `atClose` itself when there are none.
 */
export function withLateMatches(
  atClose: MarketState,
  later: readonly MarketEvent[],
  slot: bigint,
): MarketState {
  const late: MarketEvent[] = [];
  for (const event of later) {
    // Slots ascend: what follows this slot's own header is of no earlier one.
    if (event.name === 'SlotCommitted' && (event.args.slot as bigint) >= slot) break;
    if (LATE_EVENTS.has(event.name)) late.push(event);
  }
  if (late.length === 0) return atClose;
  const state = structuredClone(atClose);
  for (const event of late) applyEvent(state, event);
  return state;
}

/** Events of a slot's own transactions; money on its way out that a page took back comes before the page. */
export const LATE_EVENTS: ReadonlySet<string> = new Set(['SlotCommitted', 'UnbidRecalled', 'PageCommitted']);

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
