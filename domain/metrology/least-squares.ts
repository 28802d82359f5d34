/**
 * Least squares with coefficients from zero up: time never falls with more work. Floating point: what comes out is a hint
 * to people, nothing that is committed; only + − × ÷ and the root are used, which all machines round alike.
 */

export interface LinearFit {
  /** One for each column. */
  coefficients: number[];
  /** Standard error of each coefficient; 0 where the column was left out. */
  errors: number[];
  /** Standard deviation of what the fit leaves, by degrees of freedom. */
  residual: number;
  /** Share of the variance that the fit explains, 0 to 1; 1 where there is none. */
  explained: number;
}

/**
 * Fits `targets ≈ rows · coefficients`. A column whose coefficient would be negative, or that others already say, is left out.
 * @returns null when there are not more rows than columns, or a number is not finite
 */
export function leastSquares(rows: readonly number[][], targets: readonly number[]): LinearFit | null {
  const columns = rows[0]?.length ?? 0;
  if (rows.length <= columns || rows.length !== targets.length) return null;
  if ([...rows.flat(), ...targets].some((value) => !Number.isFinite(value))) return null;
  const kept = new Set(Array.from({ length: columns }, (_, index) => index));
  for (;;) {
    const used = [...kept];
    const solved = solve(rows, targets, used);
    const worst = solved.reduce<number | null>(
      (found, { value }, place) =>
        value >= 0 ? found : found === null || value < solved[found]!.value ? place : found,
      null,
    );
    if (worst !== null) {
      kept.delete(used[worst]!);
      continue;
    }
    const coefficients = new Array<number>(columns).fill(0);
    used.forEach((column, place) => (coefficients[column] = solved[place]!.value));
    const left = targets.map((target, index) => target - dot(rows[index]!, coefficients));
    const free = rows.length - used.length;
    const variance = dot(left, left) / free;
    const errors = new Array<number>(columns).fill(0);
    used.forEach((column, place) => (errors[column] = Math.sqrt(variance * solved[place]!.inverse)));
    const mean = targets.reduce((sum, target) => sum + target, 0) / targets.length;
    const total = targets.reduce((sum, target) => sum + (target - mean) ** 2, 0);
    const explained = total === 0 ? 1 : Math.max(0, 1 - dot(left, left) / total);
    return { coefficients, errors, residual: Math.sqrt(variance), explained };
  }
}

/** Gauss–Jordan on the normal equations, columns scaled to one; a column without a pivot gets 0. */
function solve(
  rows: readonly number[][],
  targets: readonly number[],
  used: readonly number[],
): { value: number; inverse: number }[] {
  const scales = used.map((column) => Math.sqrt(rows.reduce((sum, row) => sum + row[column]! ** 2, 0)) || 1);
  const size = used.length;
  const matrix = used.map((a, i) => [
    ...used.map((b, j) => rows.reduce((sum, row) => sum + row[a]! * row[b]!, 0) / scales[i]! / scales[j]!),
    ...used.map((_, j) => (i === j ? 1 : 0)),
    rows.reduce((sum, row, index) => sum + row[a]! * targets[index]!, 0) / scales[i]!,
  ]);
  const dead = new Set<number>();
  for (let pivot = 0; pivot < size; pivot++) {
    const row = matrix[pivot]!;
    // What is left of a column once the others are taken out of it: nothing but rounding.
    if (Math.abs(row[pivot]!) < 1e-9) {
      dead.add(pivot);
      continue;
    }
    const by = row[pivot]!;
    for (let k = 0; k < row.length; k++) row[k]! /= by;
    for (let other = 0; other < size; other++) {
      if (other === pivot) continue;
      const factor = matrix[other]![pivot]!;
      for (let k = 0; k < row.length; k++) matrix[other]![k]! -= factor * row[k]!;
    }
  }
  return used.map((_, i) => ({
    value: dead.has(i) ? 0 : matrix[i]![2 * size]! / scales[i]!,
    inverse: dead.has(i) ? 0 : Math.max(0, matrix[i]![size + i]!) / scales[i]! ** 2,
  }));
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, index) => sum + value * b[index]!, 0);
}
