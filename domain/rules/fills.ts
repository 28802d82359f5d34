/** What the chain made of each match: a lease on its terms, or a skip that something after the close explains. */
import type { SlotEvidence } from '../evidence.ts';
import type { MatchLeaf } from '../leaves.ts';
import type { SlotAsk, SlotOrder } from '../slot.ts';
import type { Hex, MarketEvent } from '../types.ts';
import { lockFor } from '../units.ts';
import { found, notChecked, NO_HEADER, type Rule } from './finding.ts';

/** `IAuction.Skip` by number. */
const SKIP = [
  'NONE',
  'ORDER_SIGNATURE',
  'ASK_SIGNATURE',
  'ORDER_EXPIRED',
  'ASK_EXPIRED',
  'ORDER_NONCE_USED',
  'ASK_NONCE_USED',
  'NODE_MISMATCH',
  'CLASS_MISMATCH',
  'REGION_MISMATCH',
  'PROVIDER_NOT_SELLING',
  'QUANTITY',
  'DURATION',
  'PRICE',
  'FUNDS',
] as const;

export const fills: Rule = {
  rule: 'fills',
  sentence: 'Each match opened a lease on its terms, or was skipped for a reason that came after the close.',
  check: ({ evidence }) => {
    const { committed, eventsSince, pages } = evidence;
    if (!committed) return notChecked(NO_HEADER);
    if (!eventsSince) return notChecked('the events after the close are missing');
    const chain = index(evidence.slot, eventsSince);
    const orders = new Map(evidence.orders.map((item) => [item.id, item]));
    const asks = new Map(evidence.asks.map((item) => [item.id, item]));
    let checked = 0;
    for (const { page, matches } of pages) {
      if (!matches) return notChecked(`the matches of page ${page} are missing`);
      for (const [place, match] of matches.entries()) {
        const order = orders.get(match.orderId);
        const ask = asks.get(match.askId);
        if (!order || !ask) return notChecked(`order ${match.orderId} or ask ${match.askId} is missing`);
        const lease = chain.leases.get(match.orderId);
        const skip = chain.skips.get(`${page}:${place}`);
        const difference = lease
          ? compareLease(lease, match, order, ask, evidence)
          : skip
            ? unexplained(skip, order, ask, evidence.slot, eventsSince)
            : `match ${place} of page ${page}, order ${match.orderId}: neither a lease nor a skip`;
        checked++;
        if (difference !== null) return found(checked, difference);
        if (lease) chain.leases.delete(match.orderId);
      }
    }
    const [stray] = chain.leases.values();
    if (stray) return found(checked, `lease ${String(stray.args.leaseId)} of the slot belongs to no match`);
    return found(checked);
  },
};

function index(slot: bigint, events: readonly MarketEvent[]) {
  const leases = new Map<Hex, MarketEvent>();
  const skips = new Map<string, MarketEvent>();
  for (const event of events) {
    if (event.args.slot !== slot) continue;
    if (event.name === 'LeaseOpened') leases.set(event.args.sourceId as Hex, event);
    if (event.name === 'MatchSkipped')
      skips.set(`${Number(event.args.page)}:${Number(event.args.index)}`, event);
  }
  return { leases, skips };
}

function compareLease(
  { args }: MarketEvent,
  match: MatchLeaf,
  { signed: { order } }: SlotOrder,
  { signed: { ask } }: SlotAsk,
  { parameters }: SlotEvidence,
): string | null {
  const terms = {
    consumer: order.consumer,
    provider: ask.provider,
    node: ask.supply,
    cards: order.cards,
    duration: order.duration,
    rate: match.price,
    locked: lockFor(order.cards, order.duration, match.price, parameters.feeBps),
    workload: order.workload,
  };
  for (const [term, value] of Object.entries(terms))
    if (args[term] !== value)
      return `lease ${String(args.leaseId)} of order ${match.orderId}: ${term} is ${String(args[term])}, it should be ${value}`;
  return null;
}

/** Null when an event between the close and the skip is its cause; else a sentence. */
function unexplained(
  skip: MarketEvent,
  { id: orderId, signed: { order } }: SlotOrder,
  { id: askId, signed: { ask } }: SlotAsk,
  slot: bigint,
  events: readonly MarketEvent[],
): string | null {
  const reason = SKIP[Number(skip.args.reason)] ?? `reason ${Number(skip.args.reason)}`;
  const cause = (event: MarketEvent): boolean => {
    const { name, args } = event;
    const elsewhere = args.slot !== slot;
    switch (reason) {
      case 'ASK_SIGNATURE':
        return name === 'SignerRotated' && args.provider === ask.provider;
      case 'ORDER_NONCE_USED':
        if (name === 'NonceCancelled') return args.account === order.consumer && args.nonce === order.nonce;
        // The same order, cleared by a slot whose pages came in after this slot's close.
        return name === 'OrderFilled' && elsewhere && args.orderId === orderId;
      case 'ASK_NONCE_USED':
        return name === 'NonceCancelled' && args.account === ask.provider && args.nonce === ask.nonce;
      case 'NODE_MISMATCH':
        return name === 'NodeEpochRaised' && args.node === ask.supply;
      case 'PROVIDER_NOT_SELLING':
        return name === 'UnbondingStarted' && args.provider === ask.provider;
      case 'QUANTITY':
        return name === 'OrderFilled' && elsewhere && args.askId === askId;
      case 'FUNDS':
        if (name === 'LeaseOpened') return elsewhere && args.slot !== 0n && args.consumer === order.consumer;
        return name === 'UnbidFinished' && args.account === order.consumer;
      default:
        return false;
    }
  };
  for (const event of events) {
    if (event === skip) break;
    if (cause(event)) return null;
  }
  return `order ${orderId} with ask ${askId} was skipped (${reason}), and nothing after the close explains it`;
}
