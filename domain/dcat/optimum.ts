/** The best clustering by enumeration of all that keep (10c): 115,975 partitions of ten servers at most, more where many are apart. */
import { Refusal } from '../refusal.ts';
import { standingOf, type Objective } from './objective.ts';
import { admissiblePairs, partitionOf, type Partition } from './partition.ts';
import type { World } from './world.ts';

export const MOST_ENUMERABLE = 10;

export interface Optimum {
  partition: Partition;
  profit: number;
  /** Most tasks that any partition serves: not always the one that earns most. */
  served: number;
  partitions: number;
}

/** @throws Refusal TOO_LARGE beyond so many servers */
export function optimum(world: World, objective: Objective, mostServers = MOST_ENUMERABLE): Optimum {
  const { servers } = world;
  if (servers > mostServers)
    throw new Refusal(
      'TOO_LARGE',
      `${servers} servers have too many clusterings to look at each.`,
      `Ask for the optimum of at most ${mostServers} servers.`,
    );
  let best: Pick<Optimum, 'partition' | 'profit'> = { partition: new Int32Array(), profit: -Infinity };
  let partitions = 0;
  let served = 0;
  eachClustering(world, (clusters) => {
    const labels = new Int32Array(servers);
    clusters.forEach((members, label) => members.forEach((member) => (labels[member] = label)));
    const partition = partitionOf(labels);
    const profit = objective.profit(standingOf(world, partition));
    partitions++;
    served = Math.max(served, objective.served());
    if (profit > best.profit) best = { partition, profit };
    return true;
  });
  return { ...best, served, partitions };
}

/**
 * Shows every clustering that keeps (10c), until `visit` says false.
 * @param visit gets the clusters' members; the arrays change after it
 */
export function eachClustering(world: World, visit: (clusters: readonly number[][]) => boolean): void {
  const { servers } = world;
  const pairs = admissiblePairs(world);
  const clusters: number[][] = [];
  let goOn = true;
  place(0);

  /** Server i into every cluster that admits it, and into one of its own. */
  function place(i: number): void {
    if (i === servers) goOn = visit(clusters);
    if (i === servers || !goOn) return;
    for (const members of [...clusters]) {
      if (members.some((member) => !pairs[member * servers + i])) continue;
      members.push(i);
      place(i + 1);
      members.pop();
      if (!goOn) return;
    }
    clusters.push([i]);
    place(i + 1);
    clusters.pop();
  }
}
