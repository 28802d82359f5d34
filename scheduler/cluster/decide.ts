/**
 * The decision of a cycle: which servers bid as one. Whatever is wrong with the input ends in a note and, at worst, in every server bidding
 * alone: the market never stops for want of a clustering.
 */
import { clustersOf, type Partition } from '../../domain/dcat/partition.ts';
import { affordable } from './afford.ts';
import { improve } from './improve.ts';
import { splitRegions } from './regions.ts';
import {
  MOST_MEMBERS,
  type ClusterDecision,
  type ClusterRequest,
  type MemberStake,
  type Note,
  type Server,
} from './request.ts';
import { readRunning, type Running } from './running.ts';
import { shareTasks } from './share-tasks.ts';
import { tasksAt, worldOf, zonesOf } from './world-of.ts';

/** Servers that are decided at once; more are split into regions. */
export const REGION_SIZE = 60;
const CHANGE_SHARE = 0.0005;

/** By the server's index in the request. */
type Stakes = Map<number, MemberStake>;

export function decideClusters(
  request: ClusterRequest,
  now: () => number = () => performance.now(),
): ClusterDecision {
  const started = now();
  const notes: Note[] = [];
  const usable = usableServers(request, notes);
  const running = readRunning(request, usable, notes);
  const result: ClusterDecision = {
    clusters: [],
    alone: [],
    notes,
    profit: 0,
    profitAlone: 0,
    compensation: 0,
    evaluations: 0,
    regions: 0,
    milliseconds: 0,
  };
  const stakes: Stakes = new Map();
  const partition = partitionFor(request, usable, running, { result, stakes }, started, now);
  const joined = new Set<Server>();
  for (const members of clustersOf(partition)) {
    if (members.length < 2) continue;
    const ascending = members.toSorted((a, b) => (request.servers[a]!.id < request.servers[b]!.id ? -1 : 1));
    for (const i of members) joined.add(request.servers[i]!);
    result.clusters.push({
      members: ascending.map((i) => request.servers[i]!),
      kept: running.stood(members),
      stakes: ascending.flatMap((i) => stakes.get(i) ?? []),
    });
  }
  const alone = request.servers.filter((server) => !joined.has(server));
  result.alone = [...new Set(alone.map(({ id }) => id))].sort();
  result.milliseconds = now() - started;
  return result;
}

/** A cluster's name for every server of the request. */
function partitionFor(
  request: ClusterRequest,
  usable: readonly number[],
  running: Running,
  { result, stakes }: { result: ClusterDecision; stakes: Stakes },
  started: number,
  now: () => number,
): Partition {
  const { notes } = result;
  const partition = running.partition.slice();
  const say = (code: Note['code'], sentence: string): Partition => {
    notes.push({ code, sentence });
    return partition;
  };
  if (usable.length === 0)
    return say('NO_SERVERS', 'There is no server to cluster; nothing bids this cycle.');
  if (usable.length === 1) return say('ONE_SERVER', 'There is one server; it bids alone.');
  if (!anyPair(request, usable))
    return say(
      'ALL_APART',
      `No two servers are within ${request.settings.reach} of each other; every server bids alone.`,
    );
  if (request.tasks.count === 0)
    return say(
      'NO_TASKS',
      'No task is expected, so nothing tells clusterings apart; what runs stays as it is.',
    );
  if (!(request.budgetMs > 0)) return say('NO_TIME', 'There is no time to decide; what runs stays as it is.');

  const regions = running.whole(
    splitRegions(usable.length, REGION_SIZE, (a, b) => far(request, usable[a]!, usable[b]!)).map((region) =>
      region.map((at) => usable[at]!),
    ),
  );
  const shares = shareTasks(request, regions);
  regions.forEach((own, r) => {
    const indices = shares[r]!;
    if (own.length < 2 || indices.length === 0) return;
    const zones = zonesOf(tasksAt(request.tasks, indices));
    const world = worldOf(request, own, zones);
    const tasks = tasksAt(request.tasks, indices, zones);
    const left = request.budgetMs - (now() - started);
    const budgetMs = left / (regions.length - r);
    if (budgetMs <= 0) return;
    const fixed = running.fixedOf(own);
    const found = improve(world, tasks, {
      seed: request.seed,
      budgetMs,
      mostMembers: request.mostMembers ?? MOST_MEMBERS,
      fixed,
      starts: running.startsOf(own, request.proposals ?? []),
      running: running.any ? running.within(own) : undefined,
      changeShare: request.changeShare ?? CHANGE_SHARE,
      now,
    });
    const { partition: joined, incentives } = affordable(world, tasks, found.partition, fixed);
    result.regions++;
    result.profit += incentives.profit;
    result.profitAlone += found.profitAlone;
    result.compensation += incentives.owed;
    result.evaluations += found.evaluations;
    for (const { server, ...stake } of incentives.stakes)
      stakes.set(own[server]!, { id: request.servers[own[server]!]!.id, ...stake });
    own.forEach((i, at) => (partition[i] = own[joined[at]!]!));
  });
  return partition;
}

/** Indices of servers that can be reckoned with; the others bid alone. */
function usableServers({ servers }: ClusterRequest, notes: Note[]): number[] {
  const seen = new Set<string>();
  return servers.flatMap(({ id, power, unitCost }, i) => {
    const bad =
      seen.has(id) || !Number.isFinite(power) || power <= 0 || (unitCost !== undefined && !(unitCost > 0));
    if (bad) {
      const why = seen.has(id) ? 'is there twice' : 'has no usable power or cost';
      notes.push({ code: 'BAD_SERVER', sentence: `Server ${id} ${why}; it is left out of clusters.` });
    }
    seen.add(id);
    return bad ? [] : [i];
  });
}

function anyPair(request: ClusterRequest, usable: readonly number[]): boolean {
  return usable.some((a, at) =>
    usable.slice(at + 1).some((b) => far(request, a, b) <= request.settings.reach),
  );
}

/** The distance, or infinity where it is not known. */
function far(request: ClusterRequest, a: number, b: number): number {
  const distance = request.distance(a, b);
  return distance >= 0 ? distance : Infinity;
}
