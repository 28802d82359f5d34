/** How far two nodes are from each other, from what both measured. */

/** Newest measurements of a pair that count. */
export const TRIPS_KEPT = 9;
/** Fewer from either side are no distance. */
const LEAST_TRIPS = 3;

/**
 * The larger of both sides' medians, microseconds; infinite while either side has measured too little. Who says less than the other side
 * is not believed; who says more, or answers late, only moves itself away.
 */
export function distanceOf(there: readonly number[], back: readonly number[]): number {
  if (Math.min(there.length, back.length) < LEAST_TRIPS) return Infinity;
  return Math.max(median(there), median(back));
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[(sorted.length - 1) >> 1]!;
}
