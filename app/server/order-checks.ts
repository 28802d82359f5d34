import { isTooWide } from '../../domain/eligibility.ts';
import { classesOf, type Wanted } from '../../domain/filters.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { Parameters } from '../../domain/parameters.ts';
import { Refusal } from '../../domain/refusal.ts';
import { explains } from '../../domain/requirement.ts';
import type { Hex, Order, SignedOrder } from '../../domain/types.ts';
import { formatMoney, lockFor } from '../../domain/units.ts';

/** What the order says by itself, without the market: fields, requirement, bounds. Throws a `Refusal`. */
export function checkOrderFields({ order, classes }: SignedOrder, parameters: Parameters): void {
  if (order.cards === 0) {
    throw new Refusal('NO_CARDS', 'The order asks for 0 cards.', 'Ask for at least one card.');
  }
  if (isTooWide(order)) {
    throw new Refusal(
      'TOO_WIDE',
      'A number of the message is larger than the contracts hold.',
      'Keep prices below 2^96, cards and epochs below 2^16, times below 2^40 and nonces below 2^64.',
    );
  }
  const { minLeaseSeconds, maxLeaseSeconds } = parameters;
  if (order.duration < minLeaseSeconds || order.duration > maxLeaseSeconds) {
    throw new Refusal(
      'DURATION',
      `The order wants ${order.duration} s; a lease lasts ${minLeaseSeconds} to ${maxLeaseSeconds} s.`,
      'Choose a duration within these bounds.',
    );
  }
  if (order.startPrice === 0n) {
    throw new Refusal('BAD_PRICE', 'The start price is 0.', 'Bid at least one base unit per card-hour.');
  }
  for (const [field, limit] of TASK_FIELDS) {
    if (order[field] > limit) {
      throw new Refusal(
        'MALFORMED',
        `${field} is ${order[field]}; the largest is ${limit}.`,
        `Set ${field} to 0 to ${limit}.`,
      );
    }
  }
  if (!explains(order.requirement, classes)) {
    throw new Refusal(
      'MALFORMED',
      "The order's requirement is not the hash of the classes beside it.",
      'Send the 2 to 16 distinct class ids in ascending order, or none when the requirement is one class or 0.',
    );
  }
}

const TASK_FIELDS = [
  ['taskCompute', 10_000],
  ['taskNetwork', 10_000],
  ['taskStorage', 10_000],
  ['minReputation', 10_000],
] as const;

/** Ids of the classes that the order accepts; none means any. */
export function wantedClasses(signed: Wanted): readonly Hex[] {
  return classesOf(signed) ?? [];
}

/** The market as an order meets it. */
export interface OrderMarket {
  /** End of the slot now open, unix seconds. */
  slotEnd: bigint;
  /** Classes that some node has, id to name: the wanted ones, or all when one is unknown. */
  classes: Map<Hex, string>;
  /** Regions that some node is in, id to name; empty when no order names one. */
  regions: Map<Hex, string>;
  /** Bidding balance of an account, base units. */
  biddingOf(account: Hex): bigint;
}

/** What the order says against the market of this moment. Throws a `Refusal`. */
export function checkOrderAgainst(signed: SignedOrder, market: OrderMarket, parameters: Parameters): void {
  const { order } = signed;
  if (order.validUntil < market.slotEnd) {
    throw new Refusal(
      'EXPIRED',
      `The order is valid until ${order.validUntil}; the slot now open ends at ${market.slotEnd} (chain time).`,
      "Sign it again with validUntil at or after the slot's end.",
    );
  }
  const earliest = market.slotEnd + BigInt(parameters.commitDeadlineSeconds);
  if (order.latestStart < earliest) {
    throw new Refusal(
      'EXPIRED',
      `latestStart is ${order.latestStart}; a lease of the slot now open may start as late as ${earliest} (chain time).`,
      `Sign it again with latestStart ${earliest} or later.`,
    );
  }
  checkOrderNames(signed, market);
  checkFunds(order, market, parameters);
}

/** That some node has a class that the order accepts, and is in its region. Throws a `Refusal`. */
export function checkOrderNames(signed: SignedOrder, market: Pick<OrderMarket, 'classes' | 'regions'>): void {
  const { order } = signed;
  const wanted = wantedClasses(signed);
  if (wanted.length > 0 && !wanted.some((id) => market.classes.has(id))) {
    throw new Refusal(
      'UNKNOWN_CLASS',
      `No node has the resource class ${wanted.join(' or ')}.`,
      market.classes.size === 0
        ? 'No provider sells yet: try again later.'
        : `Choose one of: ${[...market.classes.values()].sort().join(', ')}.`,
    );
  }
  if (order.region !== ZERO_HASH && !market.regions.has(order.region)) {
    throw new Refusal(
      'UNKNOWN_REGION',
      `No node is in the region ${order.region}.`,
      `Leave the region 0 (anywhere), or choose one of: ${[...market.regions.values()].sort().join(', ')}.`,
    );
  }
}

function checkFunds(order: Order, market: OrderMarket, parameters: Parameters): void {
  const lock = lockFor(order.cards, order.duration, order.startPrice, parameters.feeBps);
  const bidding = market.biddingOf(order.consumer);
  if (bidding < lock) {
    throw new Refusal(
      'INSUFFICIENT_BIDDING',
      `The order may cost ${formatMoney(lock)} with its fee; the bidding balance is ${formatMoney(bidding)}.`,
      `Move at least ${formatMoney(lock - bidding)} more into bidding, or lower cards, duration or start price.`,
    );
  }
}
