/** The hands of a dishonest scheduler: ways to change a slot before it is committed. */
import { decodeManifest } from '../../domain/manifest.ts';
import { clock, lastStep } from '../../domain/rea.ts';
import type { ClearedSlot, SlotAsk, SlotOrder } from '../../domain/slot.ts';
import type { Order } from '../../domain/types.ts';
import type { Draft } from './market.ts';

/** The slot's items before it closes. */
export interface Items {
  orders: SlotOrder[];
  asks: SlotAsk[];
}

/** The first match, and the asks of its shortlist by rank. */
export function first(draft: Draft) {
  const match = draft.matches[0]!;
  const { asks } = decodeManifest(draft.cleared.manifest);
  const places = draft.cleared.matches[0]!.leaf.shortlist.map((index, place) => {
    const { id, signed } = asks[index]!;
    return { place, reserve: signed.ask.reservePrice, id };
  }).sort((a, b) => (a.reserve < b.reserve ? -1 : 1));
  return { match, places };
}

export function stepOf(draft: Draft, order: Order, reserve: bigint): number {
  return lastStep(order.startPrice, clock(draft.cleared.header.gammaWad), reserve);
}

/** Makes the ask at this place of the shortlist the first match's winner. */
export function award(draft: Draft, items: Items, place: number): void {
  const { match } = first(draft);
  const id = draft.asks[match.leaf.shortlist[place]!]!.id;
  match.ask = items.asks.find((ask) => ask.id === id)!.signed;
  match.leaf.winner = place;
}

export function leafOfFirst(draft: Draft) {
  return draft.orders.find(({ position }) => position === 1)!;
}

/** The slot over other items than it was promised. */
export function recut(draft: Draft, { orders, asks }: Items): void {
  const cleared = draft.clear(orders, asks);
  follow(draft, cleared);
  draft.asks = cleared.asks;
}

/** Leaves and matches as if the first order or ask were signed as it should be; the page carries what it has. */
export function asIfSigned(draft: Draft, { orders, asks }: Items): void {
  const cleared = draft.clear(
    orders.map((order) => ({ ...order, signer: order.signed.order.consumer })),
    asks.map((ask) => ({ ...ask, signer: ask.signed.ask.provider })),
  );
  follow(draft, cleared);
  draft.asks = cleared.asks;
}

export function follow(draft: Draft, { orders, matches }: ClearedSlot): void {
  draft.orders = orders;
  draft.matches = matches.map(({ order, ask, leaf }) => ({ order, ask, leaf: { ...leaf } }));
}
