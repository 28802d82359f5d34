/** Random auctions. Prices are six-decimal token units; every draw comes from the seed. */
import type { Candidate } from '../../domain/rea.ts';
import type { Hex } from '../../domain/types.ts';

export type Random = () => number;

/** A whole number from `low` to `high`, both possible. */
export function between(random: Random, low: number, high: number): number {
  return low + Math.floor(random() * (high - low + 1));
}

/** A start price of 0.05 to 5 tokens per card-hour. */
export function startPrice(random: Random): bigint {
  return BigInt(between(random, 50_000, 5_000_000));
}

/**
 * One candidate. Half of the reserves spread over 5 % to 115 % of the start price, half crowd within a tenth of it, as servers of
 * one kind do; gaps and distances repeat, so that every level of the tie-break decides some auctions.
 */
export function candidate(random: Random, start: bigint, crowd: number): Candidate {
  const share = random() < 0.5 ? 0.05 + 1.1 * random() : crowd + 0.1 * random();
  const reserve = BigInt(Math.max(1, Math.round(Number(start) * share)));
  return {
    key: hash(random),
    reserve,
    distance: between(random, 0, 3) * 1_000,
    entropyGap: between(random, 0, 3) * 10_000,
    lottery: hash(random),
  };
}

export function candidates(random: Random, start: bigint, count: number): Candidate[] {
  const crowd = 0.1 + 0.8 * random();
  return Array.from({ length: count }, () => candidate(random, start, crowd));
}

function hash(random: Random): Hex {
  return `0x${Array.from({ length: 8 }, () => between(random, 0, 0xffffffff).toString(16).padStart(8, '0')).join('')}`;
}
