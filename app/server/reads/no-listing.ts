/** Why no listing is what somebody wants, under the auction's own filters, and which comes nearest. */
import type { FilterReason } from '../../../domain/filters.ts';
import { ZERO_HASH } from '../../../domain/hash.ts';
import { regionId } from '../../../domain/names.ts';
import { OnOffer, type NothingServes, type OfferedAsk } from '../../../domain/on-offer.ts';
import { ANY_CLASS } from '../../../domain/requirement.ts';
import type { Hex, Order } from '../../../domain/types.ts';
import { formatMoney } from '../../../domain/units.ts';
import type { Database } from '../../../prisma/client.ts';
import type { ListingView } from '../../views.ts';
import { openListings, type ListingWish } from './market.ts';

export interface NoListing {
  /** The filter that left nothing, and how many listings were left after each up to it. */
  reason: FilterReason;
  counts: Record<string, number>;
  sentence: string;
  fix: string;
  nearest: ListingView | null;
}

/** Listings that are looked at. */
const MOST = 10_000;
const NOBODY: Hex = `0x${'0'.repeat(40)}`;
const ANY_PRICE = 2n ** 96n;
const ANYTHING = { compute: 0, network: 0, storage: 0 };

interface Listed extends OfferedAsk {
  listing: ListingView;
}

/** @param now chain time, unix seconds @returns null when something is listed after all */
export async function whyNoListing(db: Database, now: bigint, wish: ListingWish): Promise<NoListing | null> {
  const { provider, ...terms } = wish;
  const listings = await openListings(db, now, { provider }, MOST);
  const offers = listings.map((listing): Listed => ({
    listing,
    resourceClass: String(listing.message['resourceClass']) as Hex,
    region: regionId(listing.region),
    reservePrice: BigInt(listing.price),
    cardsLeft: listing.left,
    reputation: 0,
    tier: 0,
    state: ANYTHING,
  }));
  const order: Order = {
    consumer: NOBODY,
    requirement: (terms.class as Hex | undefined) ?? ANY_CLASS,
    cards: terms.cards ?? 1,
    duration: 0,
    startPrice: terms.maxPrice ?? ANY_PRICE,
    taskCompute: 0,
    taskNetwork: 0,
    taskStorage: 0,
    region: terms.region === undefined ? ZERO_HASH : regionId(terms.region),
    latestStart: 0n,
    validUntil: now,
    minReputation: 0,
    minTier: 0,
    workload: ZERO_HASH,
    nonce: 0n,
  };
  const none = new OnOffer(offers).whyNone({ order, classes: [] });
  if (none === null) return null;
  return {
    reason: none.reason,
    counts: none.counts,
    ...wordsOf(none, order, terms.region, listings),
    nearest: none.miss?.ask.listing ?? null,
  };
}

function wordsOf(
  { reason, most, nearestReserve }: NothingServes<Listed>,
  { cards, startPrice }: Order,
  region: string | undefined,
  listings: readonly ListingView[],
): Pick<NoListing, 'sentence' | 'fix'> {
  const choice = (names: readonly string[]): string =>
    names.length === 0
      ? 'Bid instead: asks are in the auction without being listed.'
      : `Choose from: ${[...new Set(names)].sort().join(', ')}; or bid.`;
  if (reason === 'NO_REGION')
    return {
      sentence: `Nothing of this is listed in ${region}.`,
      fix: choice(listings.map((listing) => listing.region)),
    };
  if (reason === 'NO_CARDS')
    return {
      sentence: `No such listing has ${cards} cards left: the most is ${most}.`,
      fix: 'Buy from several listings, or bid.',
    };
  if (reason === 'PRICE')
    return {
      sentence: `None is at ${formatMoney(startPrice)} or below: the lowest price is ${formatMoney(nearestReserve!)} per card-hour.`,
      fix: 'Bid with a start price of your own, or raise the limit.',
    };
  return {
    sentence: listings.length === 0 ? 'Nothing is listed now.' : 'Nothing of this class is listed now.',
    fix: choice(listings.map((listing) => listing.className)),
  };
}
