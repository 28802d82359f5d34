/** Means and gains with 95% intervals over seeds. */
export interface Estimate {
  mean: number;
  /** Half of the 95% interval's width. */
  half: number;
}

/** Student's t for 97.5%, by degrees of freedom; beyond 30 the normal's value is near enough. */
const T = [
  0, 12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131,
  2.12, 2.11, 2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045, 2.042,
];

export function meanOf(values: readonly number[]): Estimate {
  const count = values.length;
  const mean = sum(values) / count;
  if (count < 2) return { mean, half: Infinity };
  const variance = sum(values.map((value) => (value - mean) ** 2)) / (count - 1);
  return { mean, half: (T[count - 1] ?? 1.96) * Math.sqrt(variance / count) };
}

/** How much more the sum of one is than that of the other, on the same seeds; the interval by the jackknife. */
export function gainOf(ours: readonly number[], theirs: readonly number[]): Estimate {
  const count = ours.length;
  const [a, b] = [sum(ours), sum(theirs)];
  const whole = a / b - 1;
  if (count < 2) return { mean: whole, half: Infinity };
  const without = ours.map((own, at) => (a - own) / (b - theirs[at]!) - 1);
  const middle = sum(without) / count;
  const variance = ((count - 1) / count) * sum(without.map((value) => (value - middle) ** 2));
  return { mean: whole, half: (T[count - 1] ?? 1.96) * Math.sqrt(variance) };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
