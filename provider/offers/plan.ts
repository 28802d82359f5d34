/** What a node still has to offer: a pure decision, so that it can be shown never to exceed the node. */

export type OfferKind = 'ask' | 'listing';

/** What a node has already promised, in cards. */
export interface Promised {
  leased: number;
  asked: number;
  listed: number;
}

export interface PlannedOffer {
  kind: OfferKind;
  cards: number;
  /** Last second at which it may sell, unix seconds. */
  validUntil: bigint;
}

/** Validity of an offer that is as large as its share allows, seconds. */
const WHOLE_PERIOD = 3_600n;
/** A fragment's, shorter: fragments of a node end together and become one offer, which large orders need. */
const FRAGMENT_PERIOD = 900n;

/**
 * Offers for the node's free cards: listed up to `listedShare` of the node (rounded down), the rest asked.
 * @param stagger any number of the node's own: nodes renew at different times, so that the market never empties
 */
export function planOffers(
  node: { cards: number; stagger: bigint },
  { leased, asked, listed }: Promised,
  listedShare: number,
  now: bigint,
): PlannedOffer[] {
  const free = Math.max(0, node.cards - leased - asked - listed);
  const listedWhole = Math.floor(node.cards * listedShare);
  const toList = Math.min(free, Math.max(0, listedWhole - listed));
  const offers = [
    { kind: 'listing' as const, cards: toList, whole: listedWhole },
    { kind: 'ask' as const, cards: free - toList, whole: node.cards - listedWhole },
  ];
  return offers
    .filter((offer) => offer.cards > 0)
    .map(({ kind, cards, whole }) => ({
      kind,
      cards,
      validUntil: nextBoundary(now, cards >= whole ? WHOLE_PERIOD : FRAGMENT_PERIOD, node.stagger),
    }));
}

/** The first boundary of `period` that lies at least half a period ahead. */
function nextBoundary(now: bigint, period: bigint, stagger: bigint): bigint {
  const offset = stagger % period;
  const earliest = now + period / 2n - offset;
  return ((earliest + period - 1n) / period) * period + offset;
}
