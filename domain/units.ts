import { Refusal } from './refusal.ts';

const SECONDS_PER_HOUR = 3600n;
const BPS = 10_000n;

/**
 * What a lease owes its provider after `seconds`, token base units, rounded down (the consumer gains). Cumulative from the
 * lease's start, so any split into settlements pays the same. (ADR 0001, units; `payoutDown`)
 * @param rate token base units per card-hour
 */
export function owed(cards: number | bigint, seconds: number | bigint, rate: bigint): bigint {
  return (BigInt(cards) * BigInt(seconds) * rate) / SECONDS_PER_HOUR;
}

/** Fee on a cumulative amount, base units, rounded up (the treasury gains). @param feeBps 1/10,000 */
export function feeUp(amount: bigint, feeBps: number | bigint): bigint {
  return (amount * BigInt(feeBps) + BPS - 1n) / BPS;
}

/** What a lease of these terms locks: all it will ever owe, and the fee on it. Base units. */
export function lockFor(
  cards: number | bigint,
  duration: number | bigint,
  rate: bigint,
  feeBps: number | bigint,
): bigint {
  const amount = owed(cards, duration, rate);
  return amount + feeUp(amount, feeBps);
}

/** Base units as a decimal text without trailing zeros: `1500000n` is `1.5` at 6 decimals. */
export function formatMoney(amount: bigint, decimals = 6): string {
  const sign = amount < 0n ? '-' : '';
  const digits = (amount < 0n ? -amount : amount).toString().padStart(decimals + 1, '0');
  const whole = digits.slice(0, digits.length - decimals);
  const fraction = digits.slice(digits.length - decimals).replace(/0+$/, '');
  return sign + whole + (fraction === '' ? '' : `.${fraction}`);
}

/**
 * A decimal text as base units, exact.
 * @throws Refusal `AMOUNT_MALFORMED` for anything but digits with at most `decimals` places
 */
export function parseMoney(text: string, decimals = 6): bigint {
  const match = /^(\d+)(?:\.(\d+))?$/.exec(text.trim());
  const fraction = match?.[2] ?? '';
  if (match === null || fraction.length > decimals)
    throw new Refusal('AMOUNT_MALFORMED', `"${text}" is not an amount with at most ${decimals} decimals.`);
  return BigInt((match[1] ?? '') + fraction.padEnd(decimals, '0'));
}
