/**
 * Money and time in integers. Money is `bigint` in token base units, prices are base units per card-hour, times are
 * seconds. The only file that turns money into text.
 */
const SECONDS_PER_HOUR = 3600n;
const BPS = 10_000n;

/** What `cards` cost over `seconds` at `rate`, rounded down (the consumer gains). Cumulative: any split pays the same. */
export function owed(cards: number, seconds: bigint | number, rate: bigint): bigint {
  return (BigInt(cards) * BigInt(seconds) * rate) / SECONDS_PER_HOUR;
}

/** The platform's fee on `amount`, rounded up. `feeBps` is in 1/10,000. */
export function feeUp(amount: bigint, feeBps: number): bigint {
  return (amount * BigInt(feeBps) + BPS - 1n) / BPS;
}

/** What a lease of these terms locks: its price and the fee on it. */
export function lockFor(cards: number, duration: bigint | number, rate: bigint, feeBps: number): bigint {
  const price = owed(cards, duration, rate);
  return price + feeUp(price, feeBps);
}

/** Base units as a decimal text without trailing zeros: `formatMoney(1500000n)` is `"1.5"`. */
export function formatMoney(amount: bigint, decimals = 6): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return sign + whole + (fraction ? `.${fraction}` : '');
}

/** A decimal text as base units. @throws RangeError on anything but digits with at most `decimals` places. */
export function parseMoney(text: string, decimals = 6): bigint {
  const match = /^(\d{1,60})(?:\.(\d+))?$/.exec(text.trim());
  const fraction = match?.[2] ?? '';
  if (!match || fraction.length > decimals)
    throw new RangeError(`'${text}' is not an amount with at most ${decimals} decimals`);
  return BigInt(match[1] + fraction.padEnd(decimals, '0'));
}
