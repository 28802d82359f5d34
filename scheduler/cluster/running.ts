/** The clusters of the last cycle: where a search starts from, and what it must leave alone. */
import { partitionOf, singles, type Partition } from '../../domain/dcat/partition.ts';
import { MOST_MEMBERS, type ClusterRequest, type Note } from './request.ts';

export interface Running {
  any: boolean;
  /** A cluster's name for every server of the request; who ran in none is alone. */
  partition: Partition;
  /** Whether these servers, and no others, are a cluster that ran. */
  stood(members: readonly number[]): boolean;
  /** Regions in which every running cluster is whole. */
  whole(regions: readonly number[][]): number[][];
  /** The running clustering of some servers, by their places in the list. */
  within(own: readonly number[]): Partition;
  /** 1 for those in a leased cluster. */
  fixedOf(own: readonly number[]): Uint8Array;
  /** Clusterings of some servers to start from: the running one, and the proposals as far as leases allow. */
  startsOf(own: readonly number[], proposals: readonly ArrayLike<number>[]): Partition[];
}

/** Servers that left, and clusters that R_max would not admit any more, are told apart here; a leased cluster stays whatever has become of it. */
export function readRunning(request: ClusterRequest, usable: readonly number[], notes: Note[]): Running {
  const places = new Map(usable.map((i) => [request.servers[i]!.id, i]));
  const partition = singles(request.servers.length);
  const leased = new Uint8Array(partition.length);
  const mostMembers = request.mostMembers ?? MOST_MEMBERS;
  const sizes = new Int32Array(partition.length).fill(1);
  const taken = new Set<number>();
  for (const cluster of request.running ?? []) {
    const members = cluster.members.flatMap((id) => places.get(id) ?? []).sort((a, b) => a - b);
    const why = brokenBy(members);
    if (why !== null) {
      notes.push({
        code: 'BAD_RUNNING',
        sentence: `The running cluster of ${cluster.members.join(', ')} ${why}.`,
      });
      continue;
    }
    for (const i of members) {
      taken.add(i);
      partition[i] = members[0]!;
      leased[i] = cluster.leased ? 1 : 0;
    }
    sizes[members[0]!] = members.length;

    function brokenBy(list: readonly number[]): string | null {
      if (list.length < 2) return 'has fewer than two members left; they bid alone';
      if (list.some((i) => taken.has(i)) || new Set(list).size < list.length)
        return 'shares a server with another; it counts as apart';
      if (cluster.leased) return null;
      if (list.length < cluster.members.length) return 'lost a member; the others start alone';
      const apart = list.some((a) => list.some((b) => !(request.distance(a, b) <= request.settings.reach)));
      return apart ? 'is wider than allowed; it counts as apart' : null;
    }
  }
  const within = (own: readonly number[], of: ArrayLike<number> = partition): Partition =>
    partitionOf(own.map((i) => of[i]!));
  return {
    any: taken.size > 0,
    partition,
    stood: (members) =>
      members.length > 1 &&
      sizes[partition[members[0]!]!] === members.length &&
      members.every((i) => partition[i] === partition[members[0]!]),
    whole(regions) {
      const regionOf = new Map(regions.flatMap((region, r) => region.map((i) => [i, r] as const)));
      const wholes: number[][] = regions.map(() => []);
      for (const i of usable) wholes[regionOf.get(partition[i]!)!]!.push(i);
      return wholes.filter((region) => region.length > 0);
    },
    within,
    fixedOf: (own) => Uint8Array.from(own, (i) => leased[i]!),
    startsOf(own, proposals) {
      const starts = taken.size > 0 ? [within(own)] : [];
      for (const proposal of proposals) {
        if (proposal.length !== partition.length) continue;
        // A leased cluster keeps its name, which no proposal's label can be.
        const labels = Array.from(proposal, (label, i) => (leased[i] ? -1 - partition[i]! : Math.abs(label)));
        const start = within(own, labels);
        if (admissible(own, start)) starts.push(start);
      }
      return starts;
    },
  };

  /** Whether a proposal keeps R_max and the bound on size, leased clusters excepted. */
  function admissible(own: readonly number[], start: Partition): boolean {
    const counts = new Int32Array(own.length);
    for (const name of start) counts[name]!++;
    if (counts.some((count, name) => count > mostMembers && leased[own[name]!] === 0)) return false;
    return own.every((a, at) =>
      own.every(
        (b, bt) =>
          start[at] !== start[bt] ||
          leased[a] === 1 ||
          at === bt ||
          request.distance(a, b) <= request.settings.reach,
      ),
    );
  }
}
