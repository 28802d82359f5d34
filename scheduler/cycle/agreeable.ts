/**
 * Which clusters every member would sign: by the same simulation that found them, none of them may leave a member with less than it has alone,
 * nor the orders' buyers. Where the clustering that saves most does not hold up to it, clusters of two and more are grown that do.
 */
import { clustersOf, partitionOf, singles, type Partition } from '../../domain/dcat/partition.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { serverUtilities } from '../../domain/dcat/utilities.ts';
import { MOST_MEMBERS, type ClusterDecision, type ClusterRequest } from '../cluster/request.ts';
import { tasksAt, worldOf, zonesOf } from '../cluster/world-of.ts';

export interface Agreed {
  clusters: { members: AgreedMember[]; widest: number }[];
  profit: number;
  profitAlone: number;
  /** Clusters of the decision that some member would lose by. */
  dropped: number;
}

interface AgreedMember {
  /** Index of the server. */
  server: number;
  /** What it earns above its reserve, in the request's money. */
  alone: number;
  together: number;
}

interface Tried {
  partition: Partition;
  profit: number;
  earned: Float64Array;
}

/** @param spent share of the time that is used up; the search stops at 1 */
export function agreeable(request: ClusterRequest, decision: ClusterDecision, spent: () => number): Agreed {
  const own = request.servers.map((_, i) => i);
  const zones = zonesOf(request.tasks);
  const world = worldOf(request, own, zones);
  const tasks = tasksAt(
    request.tasks,
    Array.from({ length: request.tasks.count }, (_, n) => n),
    zones,
  );
  const attempt = (labels: ArrayLike<number>): Tried => {
    const partition = partitionOf(labels);
    const outcome = simulate(world, tasks, partition, 'rea');
    return { partition, profit: outcome.profit, earned: serverUtilities(world, tasks, partition, outcome) };
  };
  const alone = attempt(singles(own.length));
  const losing = ({ partition, earned }: Tried): number[] =>
    own.filter((i) => isJoined(partition, i) && earned[i]! < alone.earned[i]!);
  const gainOf = ({ partition, earned }: Tried): number =>
    own.reduce((sum, i) => sum + (isJoined(partition, i) ? earned[i]! - alone.earned[i]! : 0), 0);

  let best = attempt(labelsOf(request, decision));
  let dropped = 0;
  for (let out = losing(best); out.length > 0; out = losing(best)) {
    const name = best.partition[out[0]!]!;
    best = attempt(Array.from(best.partition, (label, i) => (label === name ? i : label)));
    dropped++;
  }
  if (best.profit < alone.profit) best = alone;
  for (;;) {
    const found = grown(best);
    if (found === null) break;
    best = found;
  }
  return {
    clusters: joined(best.partition).map((members) => ({
      members: members.map((server) => ({
        server,
        alone: alone.earned[server]!,
        together: best.earned[server]!,
      })),
      widest: Math.max(...members.flatMap((a) => members.map((b) => (a === b ? 0 : request.distance(a, b))))),
    })),
    profit: best.profit,
    profitAlone: alone.profit,
    dropped,
  };

  /** The best union of two clusters or servers that nobody loses by; null when there is none. */
  function grown(from: Tried): Tried | null {
    let found: Tried | null = null;
    const names = [...new Set(from.partition)];
    for (const [at, a] of names.entries())
      for (const b of names.slice(at + 1)) {
        if (spent() >= 1) return found;
        const members = own.filter((i) => from.partition[i] === a || from.partition[i] === b);
        if (!admissible(members)) continue;
        const tried = attempt(Array.from(from.partition, (label) => (label === b ? a : label)));
        const isBetter =
          tried.profit > from.profit || (tried.profit === from.profit && gainOf(tried) > gainOf(from));
        if (!isBetter || losing(tried).length > 0) continue;
        if (found === null || tried.profit > found.profit) found = tried;
      }
    return found;
  }

  function admissible(members: readonly number[]): boolean {
    if (members.length > (request.mostMembers ?? MOST_MEMBERS)) return false;
    return members.every((a) =>
      members.every((b) => a === b || request.distance(a, b) <= request.settings.reach),
    );
  }
}

function labelsOf(request: ClusterRequest, { clusters }: ClusterDecision): number[] {
  const places = new Map(request.servers.map(({ id }, i) => [id, i]));
  const labels = request.servers.map((_, i) => i);
  for (const { members } of clusters) {
    const [first, ...others] = members.map(({ id }) => places.get(id)!);
    for (const i of others) labels[i] = first!;
  }
  return labels;
}

function isJoined(partition: Partition, i: number): boolean {
  return partition.some((name, other) => other !== i && name === partition[i]);
}

function joined(partition: Partition): number[][] {
  return clustersOf(partition).filter((members) => members.length > 1);
}
