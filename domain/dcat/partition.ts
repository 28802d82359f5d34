/** A clustering: every server's cluster, named by the cluster's smallest member. A server alone is a cluster too. */
import type { World } from './world.ts';

/** Cluster of server i at i; a cluster's name is the index of its first member, so that equal clusterings are equal arrays. */
export type Partition = Int32Array;

/** Every server alone. */
export function singles(servers: number): Partition {
  return Int32Array.from({ length: servers }, (_, i) => i);
}

/** The partition whose clusters are the servers with equal labels. */
export function partitionOf(labels: ArrayLike<number>): Partition {
  const first = new Map<number, number>();
  return Int32Array.from({ length: labels.length }, (_, i) => {
    const label = labels[i]!;
    if (!first.has(label)) first.set(label, i);
    return first.get(label)!;
  });
}

/** Members of every cluster, ascending, clusters by their first member. */
export function clustersOf(partition: Partition): number[][] {
  const clusters = new Map<number, number[]>();
  for (let i = 0; i < partition.length; i++) {
    const name = partition[i]!;
    const members = clusters.get(name);
    if (members) members.push(i);
    else clusters.set(name, [i]);
  }
  return [...clusters.values()];
}

/** Which pairs may share a cluster, (10c): 1 at i × servers + j when their distance is at most R_max. */
export function admissiblePairs(world: World): Uint8Array {
  const { reach } = world.settings;
  return Uint8Array.from(world.distance, (distance) => (distance <= reach ? 1 : 0));
}

/** Whether all pairs of the members are admissible. */
export function isAdmissible(pairs: Uint8Array, servers: number, members: readonly number[]): boolean {
  for (let a = 0; a < members.length; a++)
    for (let b = a + 1; b < members.length; b++)
      if (!pairs[members[a]! * servers + members[b]!]) return false;
  return true;
}
