import { MOST_SOLD } from '../../domain/eligibility.ts';
import { nonceKey, type MarketState } from '../../domain/market-state.ts';
import type { Parameters } from '../../domain/parameters.ts';
import type { BookAsk, BookOrder } from './rows.ts';

/**
 * Which items a slot holds. An item is always in its first slot, eligible or not: its receipt promised that.
 * In a later slot it stands unless something final happened to it by the close, the matches of all earlier slots included
 * (below). Everything read here is in the database or on the chain, so
 * a second process comes to the same book; the manifest stored with the first run settles it for good.
 */
export interface Moment {
  slot: bigint;
  /** Unix seconds. */
  slotEnd: bigint;
  state: MarketState;
  parameters: Pick<Parameters, 'commitDeadlineSeconds'>;
}

/** Final for an order: it expired, its latest start passed, or its nonce is used (filled or cancelled). */
export function orderIsOver(item: BookOrder, moment: Moment): boolean {
  const { order } = item.signed;
  return (
    order.validUntil < moment.slotEnd ||
    order.latestStart < moment.slotEnd + BigInt(moment.parameters.commitDeadlineSeconds) ||
    moment.state.usedNonces.has(nonceKey('order', order.consumer, order.nonce))
  );
}

/** Final for an ask: it expired, is sold out or cancelled, or its node's epoch moved on. */
export function askIsOver(item: BookAsk, moment: Moment): boolean {
  const { ask } = item.signed;
  const { state } = moment;
  const node = state.nodes.get(ask.supply);
  return (
    ask.validUntil < moment.slotEnd ||
    (state.filled.get(item.id) ?? 0) >= Math.min(ask.cards, MOST_SOLD) ||
    state.usedNonces.has(nonceKey('ask', ask.provider, ask.nonce)) ||
    (node !== undefined && node.epoch > ask.nodeEpoch)
  );
}

export function orderStands(item: BookOrder, moment: Moment): boolean {
  return item.slot >= moment.slot ? item.slot === moment.slot : !orderIsOver(item, moment);
}

export function askStands(item: BookAsk, moment: Moment): boolean {
  return item.slot >= moment.slot ? item.slot === moment.slot : !askIsOver(item, moment);
}
