/** Changes of a clustering that touch two clusters at most and keep (10c): the steps of a local search. */
import type { Standing } from './objective.ts';
import { isAdmissible } from './partition.ts';
import type { Random } from './random.ts';

/** Clusters that go, by name, and what comes in their place. */
export interface Move {
  taken: number[];
  added: number[][];
}

/** Who may share a cluster with whom. */
export interface Neighbourhood {
  readonly pairs: Uint8Array;
  /** The others that each server may share one with. */
  readonly near: readonly Int32Array[];
  /** Largest cluster that may be formed. */
  readonly mostMembers: number;
  /** 1 for a server whose cluster must stay as it is. */
  readonly fixed: Uint8Array;
}

export function neighbourhoodOf(
  servers: number,
  pairs: Uint8Array,
  { mostMembers = Infinity, fixed = new Uint8Array(servers) }: Partial<Neighbourhood> = {},
): Neighbourhood {
  const near = Array.from({ length: servers }, (_, i) =>
    Int32Array.from({ length: servers }, (__, j) => j).filter((j) => j !== i && pairs[i * servers + j]),
  );
  return { pairs, near, mostMembers, fixed };
}

/** A random move; null when what was drawn is not admissible or changes nothing. */
export function drawMove(standing: Standing, around: Neighbourhood, random: Random): Move | null {
  const servers = standing.clusterOf.length;
  const i = random.below(servers);
  if (around.fixed[i]) return null;
  const kind = random.next();
  if (kind < 0.08) return kind < 0.05 ? leave(standing, i) : split(standing, i, random);
  const near = around.near[i]!;
  if (near.length === 0) return null;
  const j = near[random.below(near.length)]!;
  if (around.fixed[j]) return null;
  const from = standing.clusterOf[i]!;
  const to = standing.clusterOf[j]!;
  if (from === to) return null;
  const own = standing.members[from]!;
  const others = standing.members[to]!;
  if (kind < 0.16) return offered(around, servers, [from, to], [[...own, ...others]]);
  if (kind < 0.5) return offered(around, servers, [from, to], [replaced(own, i, j), replaced(others, j, i)]);
  const rest = own.filter((member) => member !== i);
  return offered(around, servers, [from, to], rest.length > 0 ? [rest, [...others, i]] : [[...others, i]]);
}

function leave(standing: Standing, i: number): Move | null {
  const from = standing.clusterOf[i]!;
  const members = standing.members[from]!;
  if (members.length === 1) return null;
  return { taken: [from], added: [members.filter((member) => member !== i), [i]] };
}

/** The cluster of i falls apart around i and another of its members. */
function split(standing: Standing, i: number, random: Random): Move | null {
  const from = standing.clusterOf[i]!;
  const members = standing.members[from]!;
  if (members.length < 4) return null;
  const other = members[random.below(members.length)]!;
  if (other === i) return null;
  const { distance, servers } = standing.world;
  const nearer = (member: number): boolean =>
    distance[member * servers + i]! <= distance[member * servers + other]! && member !== other;
  const added = [members.filter(nearer), members.filter((member) => !nearer(member))];
  return { taken: [from], added };
}

function replaced(members: readonly number[], out: number, in_: number): number[] {
  return members.map((member) => (member === out ? in_ : member));
}

function offered(around: Neighbourhood, servers: number, taken: number[], added: number[][]): Move | null {
  for (const members of added) {
    if (members.length > around.mostMembers || !isAdmissible(around.pairs, servers, members)) return null;
    members.sort((a, b) => a - b);
  }
  return { taken, added };
}
