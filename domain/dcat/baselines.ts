/** The clusterings that the paper compares with: Rand and KM; and KM*, whose k is chosen on training tasks. */
import { admissiblePairs, isAdmissible, partitionOf, type Partition } from './partition.ts';
import { stream, type Random } from './random.ts';
import type { World } from './world.ts';

/** Rand: servers in random order, each into a random one of the clusters that admit it, or into a new one. */
export function randomClustering(world: World, seed: number): Partition {
  const random = stream(seed, 3);
  const pairs = admissiblePairs(world);
  const clusters: number[][] = [];
  for (const i of shuffled(world.servers, random)) {
    const open = clusters.filter((members) => isAdmissible(pairs, world.servers, [...members, i]));
    const drawn = random.below(open.length + 1);
    if (drawn < open.length) open[drawn]!.push(i);
    else clusters.push([i]);
  }
  return labelled(world.servers, clusters);
}

/** The paper's k, "given in advance": a quarter of the servers. */
export function givenK(servers: number): number {
  return Math.max(1, Math.round(servers / 4));
}

const RESTARTS = 8;
const ROUNDS = 50;

/**
 * KM: k-means of the positions, the tightest of eight runs from k-means++ seeds. Illegal connections are deleted so that as many servers as
 * possible stay together: a cluster wider than R_max falls into groups, each grown from its middle outwards.
 */
export function kMeans(
  world: World,
  k: number,
  seed: number,
  { restarts = RESTARTS, mostMembers = Infinity }: { restarts?: number; mostMembers?: number } = {},
): Partition {
  const random = stream(seed, 4, k);
  let best: { labels: Int32Array; spread: number } | undefined;
  for (let restart = 0; restart < restarts; restart++) {
    const found = lloyd(world, Math.min(k, world.servers), random);
    if (!best || found.spread < best.spread) best = found;
  }
  return legal(world, best!.labels, mostMembers);
}

/** KM*: the k whose clustering earns most by `profitOf`, which runs training tasks. */
export function bestKMeans(
  world: World,
  seed: number,
  profitOf: (partition: Partition) => number,
): { partition: Partition; k: number } {
  let best: { partition: Partition; k: number; profit: number } | undefined;
  for (let k = 1; k <= world.servers; k++) {
    const partition = kMeans(world, k, seed);
    const profit = profitOf(partition);
    if (!best || profit > best.profit) best = { partition, k, profit };
  }
  return best!;
}

function lloyd(world: World, k: number, random: Random): { labels: Int32Array; spread: number } {
  const { x, y, servers } = world;
  const centres = scattered(world, k, random);
  const labels = new Int32Array(servers);
  let spread = 0;
  for (let round = 0; round < ROUNDS; round++) {
    let moved = false;
    spread = 0;
    const sums = Array.from({ length: k }, () => ({ x: 0, y: 0, count: 0 }));
    for (let i = 0; i < servers; i++) {
      const { index, square } = nearest(centres, x[i]!, y[i]!);
      moved ||= round === 0 || labels[i] !== index;
      labels[i] = index;
      spread += square;
      const sum = sums[index]!;
      sum.x += x[i]!;
      sum.y += y[i]!;
      sum.count++;
    }
    if (!moved) break;
    for (let c = 0; c < k; c++) {
      const { x: sx, y: sy, count } = sums[c]!;
      if (count > 0) centres[c] = { x: sx / count, y: sy / count };
    }
  }
  return { labels, spread };
}

interface Centre {
  x: number;
  y: number;
}

/** k-means++: each next centre is a server drawn by its squared distance from the centres before. */
function scattered(world: World, k: number, random: Random): Centre[] {
  const { x, y, servers } = world;
  const first = random.below(servers);
  const centres: Centre[] = [{ x: x[first]!, y: y[first]! }];
  while (centres.length < k) {
    const squares = Float64Array.from({ length: servers }, (_, i) => nearest(centres, x[i]!, y[i]!).square);
    let left = random.next() * squares.reduce((a, b) => a + b, 0);
    let drawn = 0;
    for (; drawn < servers - 1 && left >= squares[drawn]!; drawn++) left -= squares[drawn]!;
    centres.push({ x: x[drawn]!, y: y[drawn]! });
  }
  return centres;
}

function nearest(centres: readonly Centre[], x: number, y: number): { index: number; square: number } {
  let index = 0;
  let square = Infinity;
  for (let c = 0; c < centres.length; c++) {
    const dx = centres[c]!.x - x;
    const dy = centres[c]!.y - y;
    if (dx * dx + dy * dy < square) {
      square = dx * dx + dy * dy;
      index = c;
    }
  }
  return { index, square };
}

/** Deletes what is wider than R_max: around the member with the most admissible fellows, again and again. */
function legal(world: World, labels: Int32Array, mostMembers: number): Partition {
  const pairs = admissiblePairs(world);
  const groups: number[][] = [];
  const clusters = new Map<number, number[]>();
  labels.forEach((label, i) => clusters.set(label, [...(clusters.get(label) ?? []), i]));
  for (const members of clusters.values()) {
    let left = members;
    while (left.length > 0) {
      const group = grown(world, pairs, left, mostMembers);
      groups.push(group);
      left = left.filter((i) => !group.includes(i));
    }
  }
  return labelled(world.servers, groups);
}

function grown(world: World, pairs: Uint8Array, members: readonly number[], mostMembers: number): number[] {
  const { servers, distance } = world;
  const fellows = (i: number): number => members.filter((j) => pairs[i * servers + j]).length;
  const middle = members.reduce((best, i) => (fellows(i) > fellows(best) ? i : best));
  const group: number[] = [];
  const outwards = members.toSorted(
    (a, b) => distance[middle * servers + a]! - distance[middle * servers + b]!,
  );
  for (const i of outwards)
    if (group.length < mostMembers && isAdmissible(pairs, servers, [...group, i])) group.push(i);
  return group;
}

function labelled(servers: number, clusters: readonly (readonly number[])[]): Partition {
  const labels = new Int32Array(servers);
  clusters.forEach((members, label) => members.forEach((i) => (labels[i] = label)));
  return partitionOf(labels);
}

function shuffled(count: number, random: Random): number[] {
  const list = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = random.below(i + 1);
    [list[i], list[j]] = [list[j]!, list[i]!];
  }
  return list;
}
