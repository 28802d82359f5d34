/**
 * Resource-state entropy (002, Eq. 3): how evenly a node's hours spread over four bins of utilisation,
 * [0, 30), [30, 60), [60, 80) and [80, 100] per cent. With 24 hourly samples every share is n/24, so a table of 25
 * integers gives the entropy in micro-bits, the same on every machine.
 */
export const HOURS = 24;
export const BALANCE_MICRO_BITS = 469_000;

/** round(-(n/24) log2(n/24) 10^6) for n = 0 to 24. */
const TERM_MICRO_BITS = [
  0, 191_040, 298_747, 375_000, 430_827, 471_466, 500_000, 518_469, 528_321, 530_639, 526_264, 515_868,
  500_000, 479_117, 453_604, 423_795, 389_975, 352_396, 311_278, 266_819, 219_195, 168_564, 115_070, 58_842,
  0,
];

/** Counts of hours per bin, lowest utilisation first; they add up to 24. @throws RangeError when they do not. */
export type HourBins = [number, number, number, number];

export function entropyMicroBits(bins: HourBins): number {
  let hours = 0;
  let sum = 0;
  for (const count of bins) {
    const term = TERM_MICRO_BITS[count];
    if (term === undefined) throw new RangeError(`${count} is no count of ${HOURS} hours`);
    hours += count;
    sum += term;
  }
  if (hours !== HOURS) throw new RangeError(`the bins hold ${hours} hours, not ${HOURS}`);
  return sum;
}

/** The bin of an hour in which `used` of `capacity` card-seconds were leased. */
export function hourBin(used: bigint, capacity: bigint): 0 | 1 | 2 | 3 {
  const scaled = used * 100n;
  if (scaled < capacity * 30n) return 0;
  if (scaled < capacity * 60n) return 1;
  return scaled < capacity * 80n ? 2 : 3;
}

/** How far an entropy is from the balance entropy 0.469 (002, Eq. 6), micro-bits. */
export function entropyGap(microBits: number): number {
  return Math.abs(microBits - BALANCE_MICRO_BITS);
}
