/** When a cycle decides, until when its members consent, and while it trades: chain time, unix seconds. */
import type { Parameters } from '../../domain/parameters.ts';

export interface CycleTimes {
  /** A consent after it comes too late. */
  consentBy: bigint;
  validFrom: bigint;
  validUntil: bigint;
}

type Clock = Pick<Parameters, 'slotSeconds' | 'commitDeadlineSeconds'>;

/** Slots in which members consent. */
const CONSENT_SLOTS = 3n;
/** Slots for the transaction that forms the clusters. */
const FORM_SLOTS = 2n;
/** `Clusters.form` takes no longer cycle. */
const LONGEST = 86_400n;

/** Seconds for which a node stays out of clusters after one: `Clusters.SETTLING_SECONDS`. */
export function settlingSeconds({ slotSeconds, commitDeadlineSeconds }: Clock): bigint {
  return BigInt(slotSeconds) + BigInt(commitDeadlineSeconds);
}

/** Fewest slots of a cycle: to consent, to form, to trade as long, and to settle. */
export function fewestSlots(clock: Clock): number {
  const slot = BigInt(clock.slotSeconds);
  return Number(2n * (CONSENT_SLOTS + FORM_SLOTS) + (settlingSeconds(clock) + slot - 1n) / slot);
}

/**
 * Of a cycle that is decided at `now`; null when too little of it is left. Its clusters end early enough for their nodes to be free when the
 * next one decides.
 */
export function cycleTimes(
  cycle: bigint,
  cycleSeconds: bigint,
  now: bigint,
  clock: Clock,
): CycleTimes | null {
  const slot = BigInt(clock.slotSeconds);
  const consentBy = now + CONSENT_SLOTS * slot;
  const validFrom = consentBy + FORM_SLOTS * slot;
  const end = (cycle + 1n) * cycleSeconds - settlingSeconds(clock);
  const validUntil = end < validFrom + LONGEST ? end : validFrom + LONGEST;
  return validUntil < validFrom + slot ? null : { consentBy, validFrom, validUntil };
}
