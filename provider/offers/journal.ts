/**
 * Every offer that the provider signed and that may still sell. An offer is written here before it leaves the machine:
 * what is signed can be filled, whatever the gateway says of it.
 */
import type { Ask, Hex, Listing } from '../../domain/types.ts';
import { readState, writeState } from '../files.ts';
import type { OfferKind } from './plan.ts';

export interface Offer {
  id: Hex;
  kind: OfferKind;
  message: Ask | Listing;
  signature: Hex;
  /** The gateway has confirmed it. */
  placed: boolean;
  /** The gateway's signed promise for an ask: evidence, should the slot leave it out. */
  receipt?: unknown;
}

export interface OfferJournal {
  offers(): readonly Offer[];
  has(id: Hex): boolean;
  put(offer: Offer): void;
  remove(ids: ReadonlySet<Hex>): void;
}

export function openJournal(path: string): OfferJournal {
  let offers = readState<Offer[]>(path) ?? [];
  const save = () => writeState(path, offers);
  return {
    offers: () => offers,
    has: (id) => offers.some((offer) => offer.id === id),
    put(offer) {
      offers = [...offers.filter((other) => other.id !== offer.id), offer];
      save();
    },
    remove(ids) {
      if (ids.size === 0) return;
      offers = offers.filter((offer) => !ids.has(offer.id));
      save();
    },
  };
}
