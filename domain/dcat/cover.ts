/** What a set of clusters that share no server can be worth together: from above, by a price for every server. */
import type { Candidate } from './candidates.ts';
import { stream } from './random.ts';
import type { World } from './world.ts';

const ROUNDS = 200;
/** How far a quarter of the prices is raised before they all fall again, as a share of their mean. */
const RAISE = 0.15;

/**
 * A sum of server prices no less than the worth of any partition into candidates: each candidate's members cost together at least what it is
 * worth, so a partition's clusters are worth no more than all servers cost. Prices start in proportion to power and fall one by one as far as the
 * candidates allow; some are raised again so that others may fall further.
 */
export function coverOf(world: World, candidates: readonly Candidate[], worth: Float64Array): number {
  const { servers } = world;
  const random = stream(1, 51);
  const price = new Float64Array(servers).fill(-Infinity);
  const of: number[][] = Array.from({ length: servers }, () => []);
  candidates.forEach(({ members, power }, k) => {
    for (const i of members) {
      of[i]!.push(k);
      price[i] = Math.max(price[i]!, (worth[k]! / power) * world.power[i]!);
    }
  });
  const slack = new Float64Array(candidates.length);
  const reckon = (): void =>
    candidates.forEach(({ members }, k) => {
      slack[k] = members.reduce((sum, i) => sum + price[i]!, 0) - worth[k]!;
    });
  const move = (i: number, by: number): void => {
    price[i]! += by;
    for (const k of of[i]!) slack[k]! += by;
  };
  reckon();
  let best = price.slice();
  const total = (prices: Float64Array): number => prices.reduce((a, b) => a + b, 0);
  for (let round = 0; round < ROUNDS; round++) {
    const order = Array.from({ length: servers }, (_, i) => i);
    for (let i = servers - 1; i > 0; i--) {
      const j = random.below(i + 1);
      [order[i], order[j]] = [order[j]!, order[i]!];
    }
    const raise = round === 0 ? 0 : (RAISE * Math.abs(total(best))) / servers;
    for (const i of order.slice(0, Math.ceil(servers / 4))) move(i, raise);
    for (const i of order) move(i, -of[i]!.reduce((least, k) => Math.min(least, slack[k]!), Infinity));
    if (total(price) < total(best)) best = price.slice();
    else {
      price.set(best);
      reckon();
    }
  }
  // Sums in another order may be short of a candidate's worth by a rounding.
  return total(best) + 1e-9 * Math.abs(total(best));
}
