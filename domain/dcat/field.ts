/** The clusters of a partition as columns that the simulation reads; a change of two clusters rewrites two columns. */
import { clustersOf, type Partition } from './partition.ts';
import type { World } from './world.ts';

export interface Field {
  readonly world: World;
  /** Distance between rows of `perMegabit` and `propagation`: a cluster's column is its name, its smallest member. */
  readonly stride: number;
  /** f of the cluster, GHz: the sum of its members'. */
  readonly power: Float64Array;
  /** Least price a G at which no member loses, (10f): the dearest member's unit cost. */
  readonly reserve: Float64Array;
  /** Eq. (3) from each zone to the cluster's ingress, the member with the widest path; see `World`. */
  readonly perMegabit: Float64Array;
  readonly propagation: Float64Array;
  /** Names of the clusters by (reserve, name), the first `count` of them. */
  readonly order: Int32Array;
  count: number;
}

export function emptyField(world: World): Field {
  const { servers, zones } = world;
  return {
    world,
    stride: servers,
    power: new Float64Array(servers),
    reserve: new Float64Array(servers),
    perMegabit: new Float64Array(zones * servers),
    propagation: new Float64Array(zones * servers),
    order: new Int32Array(servers),
    count: 0,
  };
}

export function fieldOf(world: World, partition: Partition): Field {
  const field = emptyField(world);
  for (const members of clustersOf(partition)) addCluster(field, members);
  return field;
}

/** Adds the cluster of these members, ascending; its name is the first of them. */
export function addCluster(field: Field, members: readonly number[]): void {
  const { world, stride } = field;
  const { servers, zones } = world;
  const name = members[0]!;
  let power = 0;
  let reserve = 0;
  for (const i of members) {
    power += world.power[i]!;
    if (world.unitCost[i]! > reserve) reserve = world.unitCost[i]!;
  }
  field.power[name] = power;
  field.reserve[name] = reserve;
  for (let zone = 0; zone < zones; zone++) {
    let ingress = name;
    for (const i of members)
      if (world.perMegabit[zone * servers + i]! < world.perMegabit[zone * servers + ingress]!) ingress = i;
    field.perMegabit[zone * stride + name] = world.perMegabit[zone * servers + ingress]!;
    field.propagation[zone * stride + name] = world.propagation[zone * servers + ingress]!;
  }
  let at = field.count++;
  for (; at > 0; at--) {
    const before = field.order[at - 1]!;
    if (field.reserve[before]! < reserve || (field.reserve[before] === reserve && before < name)) break;
    field.order[at] = before;
  }
  field.order[at] = name;
}

export function removeCluster(field: Field, name: number): void {
  const at = field.order.indexOf(name);
  if (at < 0 || at >= field.count) throw new Error(`no cluster ${name}`);
  field.order.copyWithin(at, at + 1, field.count);
  field.count--;
}
