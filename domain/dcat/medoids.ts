/** Clusters of distances alone: around k servers that are far from each other, as the start of a search. */
import { admissiblePairs, partitionOf, type Partition } from './partition.ts';
import { stream } from './random.ts';
import type { World } from './world.ts';

const ROUNDS = 4;

/**
 * k-medoids with a bound on size that never breaks (10c): every server joins the cluster of the nearest medoid whose members all admit it, the
 * nearest pairs first; who finds none stays alone. Then each cluster's middle becomes its medoid, a few times.
 */
export function kMedoids(world: World, k: number, seed: number, mostMembers = Infinity): Partition {
  const { servers, distance } = world;
  const pairs = admissiblePairs(world);
  const random = stream(seed, 6, k);
  let medoids = scattered(world, Math.min(k, servers), random.below(servers));
  let clusters: number[][] = [];
  for (let round = 0; round < ROUNDS; round++) {
    clusters = gathered(world, pairs, medoids, mostMembers);
    medoids = clusters.map(middle).slice(0, medoids.length);
  }
  const labels = new Int32Array(servers);
  clusters.forEach((members, label) => members.forEach((i) => (labels[i] = label)));
  return partitionOf(labels);

  function middle(members: readonly number[]): number {
    const spread = (i: number): number => members.reduce((sum, j) => sum + distance[i * servers + j]!, 0);
    return members.reduce((best, i) => (spread(i) < spread(best) ? i : best));
  }
}

function scattered({ servers, distance }: World, k: number, first: number): number[] {
  const medoids = [first];
  while (medoids.length < k) {
    let next = -1;
    let farthest = -1;
    for (let i = 0; i < servers; i++) {
      let nearest = Infinity;
      for (const medoid of medoids) nearest = Math.min(nearest, distance[medoid * servers + i]!);
      if (nearest > farthest && !medoids.includes(i)) {
        farthest = nearest;
        next = i;
      }
    }
    medoids.push(next);
  }
  return medoids;
}

/** The clusters of the medoids first, in their order, then those who are left alone. */
function gathered(
  { servers, distance }: World,
  pairs: Uint8Array,
  medoids: readonly number[],
  mostMembers: number,
): number[][] {
  const clusters = medoids.map((medoid) => [medoid]);
  const placed = new Uint8Array(servers);
  for (const medoid of medoids) placed[medoid] = 1;
  const links: { i: number; cluster: number; far: number }[] = [];
  for (let i = 0; i < servers; i++)
    if (!placed[i])
      medoids.forEach((medoid, cluster) => {
        if (pairs[medoid * servers + i]) links.push({ i, cluster, far: distance[medoid * servers + i]! });
      });
  links.sort((a, b) => a.far - b.far || a.i - b.i || a.cluster - b.cluster);
  for (const { i, cluster } of links) {
    const members = clusters[cluster]!;
    if (placed[i] || members.length >= mostMembers || members.some((j) => !pairs[i * servers + j])) continue;
    members.push(i);
    placed[i] = 1;
  }
  for (let i = 0; i < servers; i++) if (!placed[i]) clusters.push([i]);
  return clusters;
}
