/**
 * Firm quotes: what an order costs when its price is agreed before the auction. Document 004, Eq. (5): p_n = p (1 + μ / τ_n) l_n, where the
 * base price p follows the clearing prices of the class, τ is the time until the work must be done, and l are card-hours; what it
 * costs to move the data comes on top (002, section 3.5). Exact integers; every rounding is against the consumer, by a unit at most.
 */
import { feeUp, owed } from './units.ts';

/** The numbers that a platform chooses (ADR 0011). */
export interface QuotePolicy {
  /** Newest slots with a clearing price that make the base price. */
  baseSlots: number;
  /** μ of Eq. (5), seconds. */
  urgencySeconds: number;
  /** Most that urgency adds, 1/10,000 of the base price: Eq. (5) has no bound where time runs out. */
  maxUrgencyBps: number;
}

export const QUOTE_POLICY: QuotePolicy = {
  baseSlots: 16,
  urgencySeconds: 600,
  maxUrgencyBps: 10_000,
};

/** A price that an auction with a runner-up found: without one it only repeats what the consumer offered. */
export interface ClearingPrice {
  slot: bigint;
  /** Base units per card-hour. */
  price: bigint;
}

/** The middle value; of two, their mean, rounded down. @throws RangeError on no value */
export function median(values: readonly bigint[]): bigint {
  if (values.length === 0) throw new RangeError('no values have no median');
  const sorted = [...values].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0));
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2n;
}

/**
 * p of Eq. (5), base units per card-hour: the median of the newest slots' medians, so that neither a slot of many orders nor a single
 * odd one decides; null when no slot has a price.
 */
export function basePrice(clearings: readonly ClearingPrice[], { baseSlots }: QuotePolicy): bigint | null {
  const bySlot = Map.groupBy(clearings, ({ slot }) => slot);
  const newest = [...bySlot.keys()].sort((a, b) => (a < b ? 1 : -1)).slice(0, baseSlots);
  if (newest.length === 0) return null;
  return median(newest.map((slot) => median(bySlot.get(slot)!.map(({ price }) => price))));
}

/** What is known of a class's price. */
export interface ClassPrices {
  clearings: readonly ClearingPrice[];
  /** The cheapest that is listed, base units per card-hour; null when nothing is. */
  listed: bigint | null;
}

/** Where a base price comes from: so many slots of auctions, or the cheapest listing while none has cleared. */
export type Basis = { from: 'auctions'; slots: number; clearings: number } | { from: 'listing' };

/** The lowest base price of the classes that would do, since the order may get any of them; null when none has a price. */
export function lowestBase(
  prices: readonly ClassPrices[],
  policy: QuotePolicy,
): { base: bigint; basis: Basis } | null {
  let best: { base: bigint; basis: Basis } | null = null;
  for (const { clearings, listed } of prices) {
    const cleared = basePrice(clearings, policy);
    const base = cleared ?? listed;
    if (base === null || (best !== null && best.base <= base)) continue;
    const slots = Math.min(new Set(clearings.map(({ slot }) => slot)).size, policy.baseSlots);
    const basis: Basis =
      cleared === null ? { from: 'listing' } : { from: 'auctions', slots, clearings: clearings.length };
    best = { base, basis };
  }
  return best;
}

/** What a quote is made of. */
export interface QuoteTerms {
  /** p of Eq. (5), base units per card-hour. */
  basePrice: bigint;
  /** τ of Eq. (5), seconds from the quote until the work is done when it starts as late as it may; at least 1. */
  toleranceSeconds: bigint;
  cards: number;
  /** Seconds. */
  duration: number;
  /** What bringing the data costs (domain/links), base units; 0 when they are where the work is. */
  transferCost: bigint;
  /** The platform's fee, 1/10,000. */
  feeBps: number;
}

/** A quote with its parts. */
export interface QuotePrice {
  /** Base units per card-hour; the last is their sum, the order's start price. */
  base: bigint;
  urgency: bigint;
  transfer: bigint;
  pricePerCardHour: bigint;
  /** Base units for the whole order; the last is what accepting the quote locks. */
  cost: bigint;
  fee: bigint;
  total: bigint;
}

/** @throws RangeError on terms without cards, time or tolerance */
export function quotePrice(terms: QuoteTerms, policy: QuotePolicy): QuotePrice {
  const { basePrice: base, toleranceSeconds, cards, duration, transferCost, feeBps } = terms;
  if (cards < 1 || duration < 1 || toleranceSeconds < 1n)
    throw new RangeError(`${cards} cards for ${duration} s within ${toleranceSeconds} s can't be priced`);
  const urgency = least(
    ceilDiv(base * BigInt(policy.urgencySeconds), toleranceSeconds),
    (base * BigInt(policy.maxUrgencyBps)) / 10_000n,
  );
  const transfer = ceilDiv(transferCost * 3600n, BigInt(cards) * BigInt(duration));
  const pricePerCardHour = base + urgency + transfer;
  const cost = owed(cards, duration, pricePerCardHour);
  const fee = feeUp(cost, feeBps);
  return { base, urgency, transfer, pricePerCardHour, cost, fee, total: cost + fee };
}

function ceilDiv(value: bigint, by: bigint): bigint {
  return (value + by - 1n) / by;
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
