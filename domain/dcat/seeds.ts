/**
 * Seeds of worlds and tasks. What is trained or tuned draws from the one range, what is measured from the other, so that no figure is of a
 * world that anything learnt from.
 */
interface SeedRange {
  first: number;
  count: number;
}

export const TEST_SEEDS: SeedRange = { first: 1, count: 999_999 };
export const TRAINING_SEEDS: SeedRange = { first: 1_000_000, count: 1_000_000_000 };

/** Seed `index` of a range; it starts again after `count`. */
export function seedIn(range: SeedRange, index: number): number {
  return range.first + (index % range.count);
}
