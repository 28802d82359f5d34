/**
 * A clustering, one choice after another: a cluster starts with one server, takes an admissible one as often as the policy says,
 * and is closed. Only servers within R_max of all members are ever offered, so that (10c) holds by construction for every policy,
 * and the same weights judge every server and every pair: any number of servers will do.
 */
import { partitionOf, type Partition } from '../../../domain/dcat/partition.ts';
import type { Demand } from './demand.ts';
import { FEATURES, writeRow, type Growth } from './features.ts';
import { emptyProfile, joined } from './profile.ts';

/** What may be done next: 0 closes the cluster, the others take a candidate each. */
export interface Offer {
  count: number;
  /** Adds a row for each option, and says where the first of them is. */
  describe(rows: Rows): number;
}

/** Chooses an option. */
export type Choose = (offer: Offer) => number;

/** Options as the network reads them, in a buffer that grows. */
export interface Rows {
  data: Float32Array;
  count: number;
}

export function emptyRows(): Rows {
  return { data: new Float32Array(256 * FEATURES), count: 0 };
}

/** `mostMembers`: a cluster of so many is closed. */
export function grow(demand: Demand, choose: Choose, mostMembers = Infinity): Partition {
  const growth = begin(demand);
  const labels = new Int32Array(demand.world.servers);
  while (growth.freeCount > 0) {
    open(growth, nextSeed(growth));
    while (growth.candidates.length > 0 && growth.members.length < mostMembers) {
      const count = growth.candidates.length + 1;
      const chosen = choose({ count, describe: (rows) => describe(growth, rows) });
      if (chosen === 0) break;
      take(growth, growth.candidates[chosen - 1]!);
    }
    for (const i of growth.members) labels[i] = growth.members[0]!;
    close(growth);
  }
  return partitionOf(labels);
}

function describe(growth: Growth, rows: Rows): number {
  const first = rows.count;
  makeRoom(rows, growth.candidates.length + 1);
  writeRow(growth, -1, rows.data, first * FEATURES);
  growth.candidates.forEach((i, index) => writeRow(growth, i, rows.data, (first + 1 + index) * FEATURES));
  rows.count += growth.candidates.length + 1;
  return first;
}

function begin(demand: Demand): Growth {
  const { world, pairs } = demand;
  const { servers } = world;
  const freeNear = new Int32Array(servers);
  for (let i = 0; i < servers; i++)
    for (let j = 0; j < servers; j++) if (j !== i && pairs[i * servers + j]) freeNear[i]!++;
  return {
    demand,
    pairs,
    nearShare: servers > 1 ? freeNear.reduce((sum, count) => sum + count, 0) / (servers * (servers - 1)) : 0,
    free: new Uint8Array(servers).fill(1),
    freeCount: servers,
    freePower: demand.totalPower,
    freeNear,
    clusters: 0,
    unserved: new Float64Array(world.zones).fill(1),
    members: [],
    candidates: [],
    profile: emptyProfile(demand),
    trial: emptyProfile(demand),
  };
}

/** The free server with the fewest free others around it: what lies apart goes first, before its few fellows are gone. */
function nextSeed({ free, freeNear }: Growth): number {
  let seed = -1;
  for (let i = 0; i < free.length; i++) if (free[i] && (seed < 0 || freeNear[i]! < freeNear[seed]!)) seed = i;
  return seed;
}

function open(growth: Growth, seed: number): void {
  const { pairs, free } = growth;
  const servers = free.length;
  growth.members = [];
  growth.profile = emptyProfile(growth.demand);
  growth.candidates = [];
  for (let j = 0; j < servers; j++)
    if (j !== seed && free[j] && pairs[seed * servers + j]) growth.candidates.push(j);
  include(growth, seed);
}

function take(growth: Growth, i: number): void {
  const servers = growth.free.length;
  growth.candidates = growth.candidates.filter((j) => j !== i && growth.pairs[i * servers + j]);
  include(growth, i);
}

function include(growth: Growth, i: number): void {
  const { demand, pairs, free, freeNear } = growth;
  const servers = free.length;
  free[i] = 0;
  growth.freeCount--;
  growth.freePower -= demand.world.power[i]!;
  for (let j = 0; j < servers; j++) if (j !== i && pairs[i * servers + j]) freeNear[j]!--;
  growth.members.push(i);
  joined(demand, growth.profile, i, growth.profile);
}

function close(growth: Growth): void {
  growth.clusters++;
  const { unserved, profile } = growth;
  for (let zone = 0; zone < unserved.length; zone++) unserved[zone]! *= 1 - profile.zoneReach[zone]!;
}

function makeRoom(rows: Rows, count: number): void {
  const needed = (rows.count + count) * FEATURES;
  if (needed <= rows.data.length) return;
  const data = new Float32Array(Math.max(needed, 2 * rows.data.length));
  data.set(rows.data);
  rows.data = data;
}
