/**
 * The few functions that training needs beyond + − · /, made of these alone: an engine's own `Math.exp` and `Math.log` may differ
 * in the last bit, and weights must not. Double precision; errors below 1e-14, relative.
 */
const LOG2_E = 1.4426950408889634;
/** ln 2 in two parts: the first has zeros in its low bits, so that a multiple of it is exact. */
const LN2_HIGH = 0.6931471803691238;
const LN2_LOW = 1.9082149292705877e-10;
const EXP_TERMS = 14;
const LOG_TERMS = 20;
/** 2^k for k from −1,074 to 1,023. */
const POWERS = powersOfTwo();
const LOWEST_POWER = -1_074;

/** e^x: 0 below −745, infinite above 709.78. */
export function exp(x: number): number {
  if (x !== x) return x;
  if (x < -745) return 0;
  if (x > 709.78) return Infinity;
  const k = Math.round(x * LOG2_E);
  const r = x - k * LN2_HIGH - k * LN2_LOW;
  let sum = 1;
  for (let term = EXP_TERMS; term > 0; term--) sum = 1 + (sum * r) / term;
  return sum * POWERS[k - LOWEST_POWER]!;
}

/** Natural logarithm of a positive finite x. */
export function log(x: number): number {
  let k = 0;
  let mantissa = x;
  while (mantissa > 1.5) {
    mantissa /= 2;
    k++;
  }
  while (mantissa < 0.75) {
    mantissa *= 2;
    k--;
  }
  // ln m = 2 artanh z; |z| ≤ 1/5.
  const z = (mantissa - 1) / (mantissa + 1);
  const square = z * z;
  let sum = 0;
  for (let term = LOG_TERMS; term >= 0; term--) sum = sum * square + 1 / (2 * term + 1);
  return k * LN2_HIGH + (k * LN2_LOW + 2 * z * sum);
}

/** The square root of x ≥ 0 by Newton's steps from above. */
export function squareRoot(x: number): number {
  if (x === 0) return 0;
  let root = x > 1 ? x : 1;
  for (;;) {
    const next = (root + x / root) / 2;
    if (!(next < root)) return root;
    root = next;
  }
}

function powersOfTwo(): Float64Array {
  const powers = new Float64Array(1_074 + 1_024);
  powers[1_074] = 1;
  for (let k = 1_075; k < powers.length; k++) powers[k] = powers[k - 1]! * 2;
  for (let k = 1_073; k >= 0; k--) powers[k] = powers[k + 1]! / 2;
  return powers;
}
