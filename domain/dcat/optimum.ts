/** The best clustering by enumeration of all that keep (10c): 115,975 partitions of ten servers at most. */
import { Refusal } from '../refusal.ts';
import { standingOf, type Objective } from './objective.ts';
import { admissiblePairs, partitionOf, type Partition } from './partition.ts';
import type { World } from './world.ts';

export const MOST_ENUMERABLE = 10;

/** @throws Refusal TOO_LARGE beyond ten servers */
export function optimum(
  world: World,
  objective: Objective,
): { partition: Partition; profit: number; partitions: number } {
  const { servers } = world;
  if (servers > MOST_ENUMERABLE)
    throw new Refusal(
      'TOO_LARGE',
      `${servers} servers have too many clusterings to look at each.`,
      `Ask for the optimum of at most ${MOST_ENUMERABLE} servers.`,
    );
  const pairs = admissiblePairs(world);
  const clusters: number[][] = [];
  let best: { partition: Partition; profit: number } = { partition: new Int32Array(), profit: -Infinity };
  let partitions = 0;
  place(0);
  return { ...best, partitions };

  /** Server i into every cluster that admits it, and into one of its own. */
  function place(i: number): void {
    if (i === servers) {
      const labels = new Int32Array(servers);
      clusters.forEach((members, label) => members.forEach((member) => (labels[member] = label)));
      const partition = partitionOf(labels);
      const profit = objective.profit(standingOf(world, partition));
      partitions++;
      if (profit > best.profit) best = { partition, profit };
      return;
    }
    for (const members of [...clusters]) {
      if (members.some((member) => !pairs[member * servers + i])) continue;
      members.push(i);
      place(i + 1);
      members.pop();
    }
    clusters.push([i]);
    place(i + 1);
    clusters.pop();
  }
}
