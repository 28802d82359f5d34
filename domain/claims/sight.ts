/** A slot as claims see it: every order's wish and every ask's standing for it, by their leaves. */
import { entropyGap } from '../entropy.ts';
import { keccakWords } from '../hash.ts';
import type { OrderLeaf } from '../leaves.ts';
import { clock } from '../rea.ts';
import { FilterList } from '../match/filter.ts';
import { SHORTLIST_WIDTH } from '../parameters.ts';
import { ShortlistIndex, type Contender } from '../shortlist.ts';
import type { Hex } from '../types.ts';
import { usesThatRefute, type Room } from './answers.ts';
import { clearingKey, type Commitment, type CommittedMatch } from './commitment.ts';
import { serves, standingOf, taskOf, type Offer, type Standing, type Wish } from './standing.ts';

/** An ask with its standing for one order. */
export interface Candidate {
  offer: Offer;
  standing: Standing;
}

export interface Sight {
  slot: Commitment;
  /** The order's leaf, if the slot has one. */
  leafOf(orderId: Hex): OrderLeaf | undefined;
  /** The order's wish; null when the slot has no leaf or no message of it. */
  wishOf(orderId: Hex): Wish | null;
  /** The asks of a match's shortlist by place; null where there is none such, or its message is not known. */
  listed(match: CommittedMatch, wish: Wish): (Candidate | null)[];
  /** What the word that the ask was free rests on. */
  roomOf(offer: Offer, wish: Wish): Room;
  /** Whether the ask serves the order and nobody can show that it was not free. */
  isFree(offer: Offer, wish: Wish): boolean;
  /** The nearest free asks that serve the order, one a provider. */
  nearestFree(wish: Wish, width?: number): Candidate[];
}

type Indexed = Contender & { offer: Offer };

/** None: whether an ask was free is more than an index knows. */
const FILTERS = new FilterList<Indexed, null>([]);

export function createSight(slot: Commitment): Sight {
  const { seed, gammaWad } = slot.header;
  const factors = clock(gammaWad);
  const leaves = new Map(slot.orders.map((leaf) => [leaf.id, leaf]));
  const offers = slot.asks.map((leaf, index): Offer | null => {
    const ask = slot.askOf.get(leaf.id)?.ask;
    return ask ? { index, leaf, ask } : null;
  });
  let book: ShortlistIndex<Indexed, null> | null = null;

  const candidate = (offer: Offer, wish: Wish): Candidate => ({ offer, standing: standingOf(offer, wish) });

  const roomOf = ({ leaf, ask }: Offer, { signed, key }: Wish): Room => ({
    ...{ askId: leaf.id, node: ask.supply, orderKey: key },
    ...{ left: leaf.left, idle: leaf.idle, want: signed.order.cards },
  });

  const isFree = (offer: Offer, wish: Wish): boolean => {
    if (!serves(offer, wish.signed)) return false;
    const room = roomOf(offer, wish);
    return room.want <= room.left && room.want <= room.idle && usesThatRefute(slot, room) === null;
  };

  return {
    slot,
    roomOf,
    isFree,

    leafOf: (id) => leaves.get(id),

    wishOf(id) {
      const signed = leaves.has(id) ? slot.orderOf.get(id) : undefined;
      return signed ? { signed, key: clearingKey(id, seed), seed, factors } : null;
    },

    listed: ({ leaf }, wish) =>
      leaf.shortlist.map((index) => {
        const offer = offers[index];
        return offer ? candidate(offer, wish) : null;
      }),

    nearestFree(wish, width = SHORTLIST_WIDTH) {
      book ??= new ShortlistIndex(
        offers.flatMap((offer) => (offer?.leaf.code === 0 ? indexed(offer) : [])),
        FILTERS,
        () => 0,
      );
      const task = taskOf(wish.signed.order);
      const wanted = { task, place: wish.key, width, wish: null, groups: null };
      const nearest = book.nearest(wanted, ({ offer }) => isFree(offer, wish));
      return nearest.map(({ ask }) => candidate(ask.offer, wish));
    },
  };

  function indexed(offer: Offer): Indexed {
    const { leaf, ask } = offer;
    return {
      ...{ offer, id: leaf.id, provider: ask.provider, resources: leaf },
      entropyGap: entropyGap(leaf.entropyMicroBits),
      ticket: BigInt(keccakWords(ask.supply, seed)),
    };
  }
}
