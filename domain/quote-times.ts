/** Until when a firm quote stands: it holds money for `quoteSeconds` at most, and its order needs a whole slot after it was accepted. */
import type { Parameters } from './parameters.ts';

/** Longest that a quote can be accepted (ADR 0001, "quote life"), and shortest that is worth offering; seconds. */
export const OFFER_SECONDS = 60n;
const LEAST_OFFER_SECONDS = 5n;

/** Unix seconds of chain time. */
export interface QuoteTimes {
  /** Last second at which the quote can be accepted. */
  acceptUntil: bigint;
  /** The order's expiry: no slot that ends later takes it. */
  orderUntil: bigint;
  /** Latest that a lease of it starts. */
  latestStart: bigint;
  /** After it, all that was not procured goes back. */
  refundAfter: bigint;
}

type Timing = Pick<Parameters, 'slotSeconds' | 'commitDeadlineSeconds' | 'quoteSeconds'>;

/** The earliest latest start that a quote made at `now` can promise. */
export function earliestStart(now: bigint, { slotSeconds, commitDeadlineSeconds }: Timing): bigint {
  return now + LEAST_OFFER_SECONDS + 2n * BigInt(slotSeconds) + BigInt(commitDeadlineSeconds);
}

/**
 * Times of a quote made at `now` for work that must start by `latestStart`; null when that is too early, or the slots are longer than a
 * quote may hold money.
 */
export function quoteTimes(now: bigint, latestStart: bigint, timing: Timing): QuoteTimes | null {
  const commit = BigInt(timing.commitDeadlineSeconds);
  const orderUntil = least(now + BigInt(timing.quoteSeconds), latestStart - commit);
  // Accepted in one slot's last second, it still gets the whole next one.
  const acceptUntil = least(now + OFFER_SECONDS, orderUntil - 2n * BigInt(timing.slotSeconds));
  if (acceptUntil < now + LEAST_OFFER_SECONDS) return null;
  return { acceptUntil, orderUntil, latestStart: orderUntil + commit, refundAfter: orderUntil + commit };
}

function least(a: bigint, b: bigint): bigint {
  return a < b ? a : b;
}
