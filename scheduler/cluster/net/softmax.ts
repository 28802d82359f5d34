/** A choice among any number of scored actions: probabilities, and how the scores should move. */
import { exp, log } from './math.ts';

/** π over `count` scores that lie `stride` apart from `at`; double precision. */
export function softmax(
  scores: ArrayLike<number>,
  at: number,
  count: number,
  stride = 1,
  into = new Float64Array(count),
): Float64Array {
  let highest = -Infinity;
  for (let i = 0; i < count; i++) highest = Math.max(highest, scores[at + i * stride]!);
  let sum = 0;
  for (let i = 0; i < count; i++) sum += into[i] = exp(scores[at + i * stride]! - highest);
  for (let i = 0; i < count; i++) into[i]! /= sum;
  return into;
}

/** −Σ π ln π, nats: ln(count) when all are alike, 0 when one is certain. */
export function entropyOf(probabilities: Float64Array, count = probabilities.length): number {
  let entropy = 0;
  for (let i = 0; i < count; i++)
    if (probabilities[i]! > 0) entropy -= probabilities[i]! * log(probabilities[i]!);
  return entropy;
}

/**
 * ∂/∂score of `−weight · ln π(chosen) − bonus · H(π)`, added to `into`: descending it makes what was chosen likelier by its
 * weight (the advantage), and all the others by the bonus.
 */
export function addChoiceGradient(
  probabilities: Float64Array,
  count: number,
  chosen: number,
  weight: number,
  bonus: number,
  into: Float32Array | Float64Array,
  at: number,
  stride = 1,
): void {
  const entropy = bonus === 0 ? 0 : entropyOf(probabilities, count);
  for (let i = 0; i < count; i++) {
    const p = probabilities[i]!;
    const towards = weight * (i === chosen ? p - 1 : p);
    const spread = bonus === 0 || p === 0 ? 0 : bonus * p * (log(p) + entropy);
    into[at + i * stride]! += towards + spread;
  }
}
