/** Clusters for people: what runs, what it earned, what was proposed and why it was not formed, how far nodes are from each other. */
import { runnerOf } from '../../../domain/clusters.ts';
import { distanceOf } from '../../../domain/latency.ts';
import { regionId } from '../../../domain/names.ts';
import { owed } from '../../../domain/units.ts';
import type { Database } from '../../../prisma/client.ts';
import type { ClustersView, ClusterView, CycleView, ProposalView } from '../../cluster-views.ts';
import { formedClusters, type FormedCluster } from './formed.ts';
import { memberRows, peersOf } from './proposals.ts';

const MOST_CLUSTERS = 20;
const MOST_PROPOSALS = 20;
const MOST_CYCLES = 10;
/** More nodes make no picture. */
const MOST_NODES = 24;
const MEASURED_SECONDS = 900n;

export async function clustersView(db: Database, now: bigint): Promise<ClustersView> {
  const names = await namesOf(db);
  const [formed, proposals, cycles] = await Promise.all([
    formedClusters(db, { limit: MOST_CLUSTERS }),
    db.clusterProposal.findMany({ orderBy: [{ cycle: 'desc' }, { id: 'asc' }], take: MOST_PROPOSALS }),
    db.clusterCycle.findMany({ orderBy: { cycle: 'desc' }, take: MOST_CYCLES }),
  ]);
  return {
    now: now.toString(),
    clusters: await clusterViews(db, formed, names, now),
    proposals: await proposalViews(db, proposals, names),
    cycles: cycles.map((row) => ({
      ...row,
      cycle: row.cycle.toString(),
      decidedAt: row.decidedAt.toString(),
      profit: row.profit.toFixed(0),
      profitAlone: row.profitAlone.toFixed(0),
      notes: row.notes as unknown as CycleView['notes'],
    })),
    latency: await latencyView(db, names, now),
  };
}

async function clusterViews(
  db: Database,
  formed: readonly FormedCluster[],
  names: ReadonlyMap<string, string>,
  now: bigint,
): Promise<ClusterView[]> {
  const accounts = formed.map(({ account }) => account);
  const [leases, shares, proposals, kinds] = await Promise.all([
    db.lease.findMany({ where: { provider: { in: accounts } }, orderBy: { id: 'desc' } }),
    db.$queryRaw<{ cluster: string; node: string; paid: string }[]>`
      SELECT args->>'cluster' AS cluster, args->>'node' AS node, sum((args->>'amount')::numeric)::text AS paid
      FROM chain_event WHERE name = 'ClusterPaid' AND args->>'cluster' = ANY(${formed.map(({ cluster }) => cluster)}) GROUP BY 1, 2`,
    db.clusterProposal.findMany({ where: { cluster: { in: formed.map(({ cluster }) => cluster) } } }),
    db.$queryRaw<{ id: string; className: string; region: string }[]>`
      SELECT DISTINCT "resourceClass" AS id, "className", region FROM node`,
  ]);
  const paidTo = new Map(shares.map(({ cluster, node, paid }) => [cluster + node, BigInt(paid)]));
  return formed.map((one) => {
    const own = leases.filter(({ provider }) => provider === one.account);
    const earned = own.reduce((sum, { paid }) => sum + BigInt(paid.toFixed(0)), 0n);
    const atReserve = own.reduce(
      (sum, { cards, start, settledUntil, outage }) =>
        sum + owed(cards, settledUntil - start - outage, one.reservePrice),
      0n,
    );
    const kind = kinds.find(({ id, region }) => id === one.resourceClass && regionId(region) === one.region);
    const proposal = proposals.find(({ cluster }) => cluster === one.cluster);
    const members = one.members.map(({ node, provider, power }) => ({
      ...{ node, provider, power: power.toString(), name: names.get(provider) ?? '' },
      paid: (paidTo.get(one.cluster + node) ?? 0n).toString(),
    }));
    return {
      ...{ cluster: one.cluster, account: one.account, cards: one.cards },
      className: kind?.className ?? one.resourceClass,
      region: kind?.region ?? one.region,
      reserve: one.reservePrice.toString(),
      validFrom: one.validFrom.toString(),
      validUntil: one.validUntil.toString(),
      state: now < one.validFrom ? 'formed' : now <= one.validUntil ? 'trading' : 'over',
      members,
      leases: own.map(({ id, cards, start, end, rate, paid }) => ({
        ...{ id: id.toString(), cards, start: start.toString(), end: end.toString() },
        ...{ rate: rate.toFixed(0), paid: paid.toFixed(0) },
        runner: runnerOf({ id: one.cluster, members: one.members }, id).node,
      })),
      earned: earned.toString(),
      shared: members.reduce((sum, { paid }) => sum + BigInt(paid), 0n).toString(),
      aboveReserve: (earned - atReserve).toString(),
      estimate: proposal === undefined ? null : estimateOf(proposal.members),
    };
  });
}

function estimateOf(stored: unknown): NonNullable<ClusterView['estimate']> {
  const members = memberRows(stored);
  return {
    alone: members.reduce((sum, { alone }) => sum + alone, 0n).toString(),
    together: members.reduce((sum, { together }) => sum + together, 0n).toString(),
  };
}

async function proposalViews(
  db: Database,
  proposals: Awaited<ReturnType<Database['clusterProposal']['findMany']>>,
  names: ReadonlyMap<string, string>,
): Promise<ProposalView[]> {
  const answers = await db.clusterAnswer.findMany({
    where: { proposal: { in: proposals.map(({ id }) => id) } },
    select: { proposal: true, node: true, consent: true, reason: true },
  });
  const answerOf = new Map(answers.map((answer) => [answer.proposal + answer.node, answer]));
  return proposals.map(({ resourceClass: _class, cluster: _cluster, ...row }) => ({
    ...row,
    cycle: row.cycle.toString(),
    consentBy: row.consentBy.toString(),
    validFrom: row.validFrom.toString(),
    validUntil: row.validUntil.toString(),
    state: row.state as ProposalView['state'],
    members: memberRows(row.members).map(({ node, provider, cards, alone, together }) => {
      const answer = answerOf.get(row.id + node);
      return {
        ...{ node, cards, name: names.get(provider) ?? '' },
        alone: alone.toString(),
        together: together.toString(),
        answer: answer === undefined ? 'none' : answer.consent === null ? 'declined' : 'consented',
        reason: answer?.reason ?? null,
      };
    }),
  }));
}

async function latencyView(
  db: Database,
  names: ReadonlyMap<string, string>,
  now: bigint,
): Promise<ClustersView['latency']> {
  const peers = (await peersOf(db, now)).slice(0, MOST_NODES);
  const classes = await db.node.findMany({
    where: { id: { in: peers.map(({ node }) => node) } },
    select: { id: true, className: true },
  });
  const classOf = new Map(classes.map(({ id, className }) => [id, className]));
  const trips = await db.nodeLatency.findMany({
    where: { at: { gte: now - MEASURED_SECONDS }, from: { in: peers.map(({ node }) => node) } },
  });
  const tripsOf = Map.groupBy(trips, ({ from, to }) => from + to);
  const micros = (from: string, to: string): number[] =>
    (tripsOf.get(from + to) ?? []).map((trip) => trip.micros);
  const pairs = peers.flatMap((one, a) =>
    peers.slice(a + 1).flatMap((other, place) => {
      if (one.resourceClass !== other.resourceClass || one.region !== other.region) return [];
      const far = distanceOf(micros(one.node, other.node), micros(other.node, one.node));
      return [{ a, b: a + 1 + place, micros: Number.isFinite(far) ? far : null }];
    }),
  );
  const nodes = peers.map(({ node, provider, region }) => ({
    ...{ node, region, name: names.get(provider) ?? '' },
    className: classOf.get(node) ?? '',
  }));
  return { nodes, pairs };
}

/** Providers' names for people, from their metadata. */
async function namesOf(db: Database): Promise<Map<string, string>> {
  const rows = await db.provider.findMany({ select: { address: true, metadata: true } });
  return new Map(
    rows.map(({ address, metadata }) => {
      try {
        const { name } = JSON.parse(metadata) as { name?: unknown };
        return [address, typeof name === 'string' ? name : ''];
      } catch {
        return [address, ''];
      }
    }),
  );
}
