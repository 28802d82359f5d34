/** How long an account's money lasts while its leases go on as they are. */
import { feeUp, owed } from '../units.ts';

/** A lease that has not ended. */
export interface Burning {
  cards: number;
  /** Base units per card-hour. */
  rate: bigint;
  /** Unix seconds. */
  end: bigint;
}

export interface Runway {
  /** Base units an hour, with the fee. */
  burnPerHour: bigint;
  /** What the leases have locked and not used yet. */
  prepaid: bigint;
  /** Seconds until balance and prepaid money are gone at this burn, rounded down; null while nothing burns. */
  seconds: bigint | null;
}

/** @param balance of the account outside of leases, base units @param now unix seconds */
export function runwayOf(balance: bigint, leases: readonly Burning[], now: bigint, feeBps: number): Runway {
  let burnPerHour = 0n;
  let prepaid = 0n;
  for (const { cards, rate, end } of leases) {
    if (end <= now) continue;
    const hour = owed(cards, 3_600n, rate);
    burnPerHour += hour + feeUp(hour, feeBps);
    const left = owed(cards, end - now, rate);
    prepaid += left + feeUp(left, feeBps);
  }
  const seconds = burnPerHour === 0n ? null : ((balance + prepaid) * 3_600n) / burnPerHour;
  return { burnPerHour, prepaid, seconds };
}
