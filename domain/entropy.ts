/**
 * Resource-state entropy (002, Eq. 3): how evenly a node's hours spread over four bins of utilisation,
 * [0, 30), [30, 60), [60, 80) and [80, 100] per cent. With 24 hourly samples every share is n/24, so a table of 25
 * integers gives the entropy in micro-bits, the same on every machine.
 */
export const HOURS = 24;
const SECONDS_PER_HOUR = 3600n;
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
export function hourBin(used: number, capacity: number): 0 | 1 | 2 | 3 {
  const scaled = used * 100;
  if (scaled < capacity * 30) return 0;
  if (scaled < capacity * 60) return 1;
  return scaled < capacity * 80 ? 2 : 3;
}

/** How far an entropy is from the balance entropy 0.469 (002, Eq. 6), micro-bits. */
export function entropyGap(microBits: number): number {
  return Math.abs(microBits - BALANCE_MICRO_BITS);
}

/** First second (unix) that the entropy at `at` looks at. */
export function windowStart(at: bigint): bigint {
  return at - (at % SECONDS_PER_HOUR) - BigInt(HOURS) * SECONDS_PER_HOUR;
}

const FRACTION_BITS = 64n;

/**
 * Entropy of any rational shares, `counts` of their sum, in micro-bits: `−Σ P log₂ P` (002, Eq. 3), computed in integers.
 * It is what the table above was made with; the market itself sums the table's rounded terms.
 */
export function entropyOfShares(counts: readonly bigint[]): number {
  const total = counts.reduce((sum, count) => sum + count, 0n);
  // −Σ (n/N) log₂(n/N) = log₂ N − Σ n log₂ n / N
  const weighted = counts.reduce((sum, count) => sum + count * log2(count), 0n);
  const scaled = (total * log2(total) - weighted) * 1_000_000n;
  const unit = total << FRACTION_BITS;
  return Number((2n * scaled + unit) / (2n * unit));
}

/** log₂ of a whole number from 1, times 2⁶⁴, rounded down; 0 for 0, whose share weighs nothing. */
function log2(value: bigint): bigint {
  if (value === 0n) return 0n;
  const whole = BigInt(value.toString(2).length - 1);
  const guard = 128n;
  let mantissa = (value << guard) >> whole;
  let result = whole;
  for (let bit = 0n; bit < FRACTION_BITS; bit++) {
    mantissa = (mantissa * mantissa) >> guard;
    result <<= 1n;
    if (mantissa >> guard >= 2n) {
      mantissa >>= 1n;
      result |= 1n;
    }
  }
  return result;
}
