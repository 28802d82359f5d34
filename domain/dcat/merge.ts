/** Greedy merge: from singles, again and again the two clusters whose union earns most more on training tasks. */
import { neighbourhoodOf } from './moves.ts';
import { exchange, standingOf, type Objective } from './objective.ts';
import { admissiblePairs, isAdmissible, partitionOf, singles, type Partition } from './partition.ts';
import type { World } from './world.ts';

interface Pair {
  a: number;
  b: number;
  /** What the union earned more when it was last tried; a hope, as other merges change it. */
  gain: number;
}

/**
 * Tries pairs in the order of what they last gained, and takes the first that still gains more than the next one's hope: the greedy choice if
 * gains only shrink as clusters grow, and close to it otherwise.
 */
export function greedyMerge(
  world: World,
  objective: Objective,
): { partition: Partition; evaluations: number } {
  const { servers } = world;
  const pairs = admissiblePairs(world);
  const around = neighbourhoodOf(servers, pairs);
  const standing = standingOf(world, singles(servers));
  let profit = objective.profit(standing);
  let evaluations = 1;
  let open: Pair[] = [];
  for (let a = 0; a < servers; a++)
    for (const b of around.near[a]!) if (a < b) open.push({ a, b, gain: Infinity });
  while (open.length > 0) {
    let next = 0;
    for (let at = 1; at < open.length; at++) if (open[at]!.gain > open[next]!.gain) next = at;
    const pair = open[next]!;
    const fresh = pair.gain;
    const union = [...standing.members[pair.a]!, ...standing.members[pair.b]!].sort((x, y) => x - y);
    const before = [standing.members[pair.a]!, standing.members[pair.b]!];
    exchange(standing, [pair.a, pair.b], [union]);
    const merged = objective.profit(standing);
    evaluations++;
    pair.gain = merged - profit;
    const hope = open.reduce(
      (most, other) => (other === pair ? most : Math.max(most, other.gain)),
      -Infinity,
    );
    if (pair.gain > 0 && (pair.gain >= hope || pair.gain >= fresh)) {
      profit = merged;
      const gone = Math.max(pair.a, pair.b);
      open = open.filter((other) => other.a !== gone && other.b !== gone && admits(other));
      continue;
    }
    exchange(standing, [union[0]!], before);
    if (pair.gain <= 0) open.splice(next, 1);
  }
  return { partition: partitionOf(standing.clusterOf), evaluations };

  function admits({ a, b }: Pair): boolean {
    return isAdmissible(pairs, servers, [...standing.members[a]!, ...standing.members[b]!]);
  }
}
