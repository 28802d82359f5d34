/** Draws mutants evenly over operators and files; the same seed draws the same. */
import { createRandom } from '../../../cli/demo/random.ts';
import type { Random } from '../../../cli/demo/random.ts';
import type { Mutant } from './candidates.ts';

/** @returns all candidates in the order in which they are played: operators in turn, each from the file drawn from the least */
export function drawOrder(candidates: readonly Mutant[], seed: number): Mutant[] {
  const random = createRandom(seed);
  const byOperator = Map.groupBy(shuffled(candidates, random), ({ operator }) => operator);
  const drawnFrom = new Map<string, number>();
  const order: Mutant[] = [];
  while (order.length < candidates.length) {
    for (const left of byOperator.values()) {
      const counts = left.map(({ file }) => drawnFrom.get(file) ?? 0);
      const least = counts.indexOf(Math.min(...counts));
      const [drawn] = least === -1 ? [] : left.splice(least, 1);
      if (drawn === undefined) continue;
      order.push(drawn);
      drawnFrom.set(drawn.file, (drawnFrom.get(drawn.file) ?? 0) + 1);
    }
  }
  return order;
}

/** Fisher and Yates. */
function shuffled<T>(items: readonly T[], random: Random): T[] {
  const mixed = [...items];
  for (let last = mixed.length - 1; last > 0; last -= 1) {
    const other = random.between(0, last);
    const kept = mixed[last] as T;
    mixed[last] = mixed[other] as T;
    mixed[other] = kept;
  }
  return mixed;
}
