/** Seeded randomness of 32-bit integers and exact divisions: the same numbers on every machine. */
export interface Random {
  /** In [0, 1), a multiple of 2^-32. */
  next(): number;
  /** In [least, most). */
  between(least: number, most: number): number;
  /** A whole number in [0, count). */
  below(count: number): number;
  /** A count with this mean. */
  poisson(mean: number): number;
}

/** An independent stream for each list of labels (mulberry32, seeded by murmur3's mixing of the labels). */
export function stream(...labels: readonly number[]): Random {
  let state = 0x9e3779b9;
  for (const label of labels) state = mix(state ^ mix(Math.imul(label | 0, 0x85ebca6b) + 0x27d4eb2f));
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
  return {
    next,
    between: (least, most) => least + next() * (most - least),
    below: (count) => Math.floor(next() * count),
    poisson: (mean) => poisson(next, mean),
  };
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** A sum of Poisson counts is one, so that a large mean is drawn in pieces that don't underflow. */
const PIECE = 32;

function poisson(next: () => number, mean: number): number {
  let count = 0;
  let left = mean;
  for (; left > PIECE; left -= PIECE) count += piece(next, PIECE);
  return count + piece(next, left);
}

function piece(next: () => number, mean: number): number {
  const least = inverseExponential(mean);
  let product = next();
  let count = 0;
  while (product > least) {
    product *= next();
    count++;
  }
  return count;
}

/** e^-x for 0 ≤ x ≤ 32, of multiplications and divisions alone: `Math.exp` differs between machines in the last bit. */
export function inverseExponential(x: number): number {
  // e^-x = (e^(-x/64))^64, and the series of e^(x/64) converges at once.
  const small = x / 64;
  let term = 1;
  let sum = 1;
  for (let n = 1; n <= 16; n++) {
    term = (term * small) / n;
    sum += term;
  }
  let result = 1 / sum;
  for (let n = 0; n < 6; n++) result *= result;
  return result;
}
