/** One option of a choice as numbers of about the size of 1: what the network judges. A change of these makes a new policy version. */
import type { Demand } from './demand.ts';
import { joined, type Profile } from './profile.ts';

/** Where a growing clustering stands. */
export interface Growth {
  demand: Demand;
  pairs: Uint8Array;
  /** Share of all pairs that are within R_max. */
  nearShare: number;
  /** 1 for servers that no cluster has taken. */
  free: Uint8Array;
  freeCount: number;
  freePower: number;
  /** For each server, the free others within R_max. */
  freeNear: Int32Array;
  clusters: number;
  /** Chance that no closed cluster could serve a zone's task in time, per zone. */
  unserved: Float64Array;
  /** The cluster that grows: its members in order of joining, and those that may join, ascending. */
  members: number[];
  candidates: number[];
  profile: Profile;
  /** The profile with the candidate that is being judged. */
  trial: Profile;
}

export const FEATURES = 38;

/** What lies far outside of what was trained on counts as this. */
const LARGEST = 5;

/** Writes the row of taking server i, or of closing the cluster (i = −1). */
export function writeRow(growth: Growth, i: number, rows: Float32Array, at: number): void {
  const { demand, profile, trial } = growth;
  const { world } = demand;
  const { settings, servers } = world;
  let next = at;
  const put = (value: number): void => {
    rows[next++] = Math.max(-LARGEST, Math.min(LARGEST, value));
  };
  let after = profile;
  if (i >= 0) {
    joined(demand, profile, i, trial);
    after = trial;
  }
  put(i < 0 ? 1 : 0);
  describe(profile);
  describe(after);
  // What i would change.
  put(i < 0 ? 0 : after.reach[0]! - profile.reach[0]!);
  put(i < 0 ? 0 : after.reach[1]! - profile.reach[1]!);
  put(i < 0 ? 0 : ratio(after.reserve - profile.reserve, demand.meanFee));
  put(i < 0 ? 0 : ratio(world.unitCost[i]!, demand.meanFee));
  const [meanDistance, largestDistance] = distances(growth, i);
  put(ratio(meanDistance, settings.reach));
  put(ratio(largestDistance, settings.reach));
  // What is left for later: for this cluster, for i, for all.
  put(growth.candidates.length / 10);
  put(i < 0 ? growth.candidates.length / 10 : candidatesAfter(growth, i) / 10);
  put(i < 0 ? 0 : growth.freeNear[i]! / 10);
  put(growth.freeNear[growth.members[0]!]! / 10);
  put(i < 0 ? 0 : rarity(growth, i));
  put(rarityLost(growth, i));
  put(ratio(growth.freePower, demand.totalPower));
  put(growth.clusters / 10);
  put(demand.load / 2);
  put(2 * growth.nearShare);
  put(servers / 50);
  if (next !== at + FEATURES) throw new Error(`${next - at} features instead of ${FEATURES}`);

  function describe(cluster: Profile): void {
    const { meanWork, meanDeadline, meanFee, share } = demand;
    put(cluster.size / 10);
    // Mean tasks within a mean deadline.
    put(ratio(cluster.power * meanDeadline, 10 * meanWork));
    for (let queue = 0; queue < 3; queue++) put(cluster.reach[queue]!);
    put(ratio(cluster.meanPath, meanDeadline));
    put(ratio(cluster.reserve, meanFee));
    put(ratio(cluster.backlog, cluster.power * meanDeadline));
    // What it would add to the clusters before it, and what it would share with them.
    let fresh = 0;
    for (let zone = 0; zone < share.length; zone++)
      fresh += share[zone]! * growth.unserved[zone]! * cluster.zoneReach[zone]!;
    put(fresh);
    // Work in reach over power.
    put(ratio(cluster.reach[1]! * demand.load * demand.totalPower, 20 * cluster.power));
  }
}

function distances({ demand, members }: Growth, i: number): [mean: number, largest: number] {
  if (i < 0) return [0, 0];
  const { distance, servers } = demand.world;
  let sum = 0;
  let largest = 0;
  for (const j of members) {
    const apart = distance[i * servers + j]!;
    sum += apart;
    if (apart > largest) largest = apart;
  }
  return [sum / members.length, largest];
}

/** Those that could still join once i has. */
function candidatesAfter({ pairs, candidates, free }: Growth, i: number): number {
  let count = 0;
  for (const j of candidates) if (j !== i && pairs[i * free.length + j]) count++;
  return count;
}

/** 1 for a server without free fellows but this cluster, near 0 for one that has many. */
function rarity({ freeNear }: Growth, i: number): number {
  return 1 / (1 + freeNear[i]!);
}

/** How much of that the choice turns away for good. */
function rarityLost(growth: Growth, i: number): number {
  const { pairs, candidates, free } = growth;
  let sum = 0;
  for (const j of candidates) if (i < 0 || (j !== i && !pairs[i * free.length + j])) sum += rarity(growth, j);
  return sum;
}

function ratio(a: number, b: number): number {
  return b > 0 ? a / b : 0;
}
