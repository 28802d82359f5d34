/**
 * The fold of the contracts' events into the market's state. `PageCommitted` and `ListingBought` open leases: their packed words are
 * read here, so that the raw events stay the stored truth.
 */
import { runnerOf } from './clusters.ts';
import { windowStart } from './entropy.ts';
import { Arguments, known, type Fold } from './fold/arguments.ts';
import { PROVIDERS } from './fold/providers.ts';
import { QUOTES } from './fold/quotes.ts';
import { VAULT } from './fold/vault.ts';
import { boughtPageOf, leaseId, leasePageOf, listingSource, slotSource } from './lease-page.ts';
import type { LeaseTerms } from './leaves.ts';
import { accountOf, nonceKey, type Lease, type LeaseEnd, type MarketState } from './market-state.ts';
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

/** Applies one event. @throws Error on an event of another contract or out of order: a bug, not bad input. */
export function applyEvent(state: MarketState, event: MarketEvent): void {
  const fold = FOLDS[event.name];
  if (!fold) throw new Error(`no fold for event ${event.name}`);
  fold(state, new Arguments(event), event);
}

const FOLDS: Record<string, Fold> = {
  ...VAULT,
  ...PROVIDERS,
  ...QUOTES,
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

/** Events of a slot's own transactions; money on its way out that a page took back, and procured quotes, come before the page. */
export const LATE_EVENTS: ReadonlySet<string> = new Set([
  'SlotCommitted',
  'UnbidRecalled',
  'QuoteProcured',
  'PageCommitted',
]);

/** Puts a lease into the list of the node that runs it, and now and then drops what no slot that closes after its start can see. */
function remember(state: MarketState, lease: Lease): void {
  const cluster = state.clusters.get(lease.provider);
  const node = cluster ? runnerOf(cluster, lease.id).node : lease.node;
  const ofNode = state.leasesByNode.get(node);
  if (!ofNode) {
    state.leasesByNode.set(node, [lease]);
    return;
  }
  ofNode.push(lease);
  if (ofNode.length % PRUNE_EVERY !== 0) return;
  const horizon = windowStart(lease.start);
  state.leasesByNode.set(
    node,
    ofNode.filter((other) => other.end > horizon),
  );
}

function sell(state: MarketState, id: Hex, cards: number): void {
  state.filled.set(id, (state.filled.get(id) ?? 0) + cards);
}

function leaseEnd(reason: number): LeaseEnd {
  const end = LEASE_ENDS[reason];
  if (!end) throw new Error(`lease end ${reason} is unknown`);
  return end;
}
