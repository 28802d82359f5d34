/** The arithmetic of ADR 0008, as `contracts/libraries/Standing.sol` has it: weights that halve every 30 days, and their score. */

/** What the chain keeps of a provider's outcomes, base units. `newGood` and `newBad` count from the day after `day` on. */
export interface Outcomes {
  /** Days since 1970 (UTC) of the last outcome. */
  day: number;
  good: bigint;
  bad: bigint;
  newGood: bigint;
  newBad: bigint;
}

/** The score of who has no outcome yet. */
export const NEWCOMER_REPUTATION = 5_000;

const HALF_LIFE_DAYS = 30;
const MOST = 2n ** 96n - 1n;
/** floor(2^(64 − k / 30)) for k = 1, 2, 4, 8, 16 days. */
const FACTORS = [
  18_025_419_856_780_639_094n,
  17_613_718_698_265_799_538n,
  16_818_311_412_679_010_380n,
  15_333_632_734_514_766_198n,
  12_745_896_614_464_236_183n,
];

/** What is left of `weight` after `age` days; rounded down, once. */
export function decayed(weight: bigint, age: number): bigint {
  const halvings = Math.floor(age / HALF_LIFE_DAYS);
  if (halvings >= 128) return 0n;
  let factor = 1n << 64n;
  for (const [bit, after] of FACTORS.entries())
    if (((age % HALF_LIFE_DAYS) >> bit) & 1) factor = (factor * after) >> 64n;
  return (weight * factor) >> (64n + BigInt(halvings));
}

/**
 * The score that counts for a slot that closes at `time` (unix seconds, not before the day of the last outcome): 0 to 10,000.
 * @param prior the least stake of a provider, base units
 */
export function scoreAt(outcomes: Outcomes | undefined, time: bigint, prior: bigint): number {
  if (!outcomes) return NEWCOMER_REPUTATION;
  const age = Number(time / 86_400n) - outcomes.day;
  if (age <= 0) return score(outcomes.good, outcomes.bad, prior);
  const good = narrow(decayed(outcomes.good + outcomes.newGood, age));
  return score(good, narrow(decayed(outcomes.bad + outcomes.newBad, age)), prior);
}

/** 5,000 where nothing is recorded; rounded down. */
export function score(good: bigint, bad: bigint, prior: bigint): number {
  return Number((10_000n * (prior + 2n * good)) / (2n * (prior + good + 4n * bad)));
}

const narrow = (weight: bigint): bigint => (weight > MOST ? MOST : weight);
