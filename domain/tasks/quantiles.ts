/** Quantiles for 95% intervals. */

/** Two-sided, of a standard normal. */
export const Z = 1.959964;

/** Two-sided, of Student's t: the table's to a fortieth from 3 degrees of freedom, to a thousandth from 6. */
export function studentT(freedom: number): number {
  if (freedom === 1) return 12.706;
  if (freedom === 2) return 4.303;
  return Z + 2.374 / freedom + 2.82 / freedom ** 2 + 2.6 / freedom ** 3;
}

/** The chi-square quantile at the normal quantile z (Wilson and Hilferty). */
export function chiSquare(freedom: number, z: number): number {
  return freedom * Math.max(0, 1 - 2 / (9 * freedom) + z * Math.sqrt(2 / (9 * freedom))) ** 3;
}
