/** Resource-state entropy of the nodes over their leases on-chain (002, Eq. 3), and of the network over the last day (Eq. 4). */
import { BALANCE_MICRO_BITS, entropyMicroBits, HOURS } from '../../../domain/entropy.ts';
import { binsOf, networkEntropy, useOfDays } from '../../../domain/history.ts';
import { measuredUse, type UsageSample } from '../../../domain/measured-use.ts';
import type { Database } from '../../../prisma/client.ts';
import type { EntropyView, NodeEntropyView } from '../../views.ts';
import { mustAgree } from '../must-agree.ts';

const HOUR = 3600;
/** Nodes that an answer spells out. */
const MOST_NODES = 200;

interface NodeUse {
  id: string;
  provider: string;
  className: string;
  region: string;
  cards: number;
  /** Card-seconds of each of 48 hours, oldest first. */
  used: number[];
  /** Card-seconds of the last 24 that agents measured; null when none did. */
  measured: number[] | null;
}

/** @param now chain time, unix seconds */
export async function entropyOf(db: Database, now: bigint): Promise<EntropyView> {
  await mustAgree(db, 'lease', 'node');
  const nodes = await readUse(db, now, null);
  const ends = Number(now / BigInt(HOUR)) * HOUR;
  const network = Array.from({ length: HOURS + 1 }, (_, back) => {
    const entropies = nodes.map((node) => entropyAt(node, HOURS - back));
    const gaps = entropies.reduce((sum, entropy) => sum + Math.abs(entropy - BALANCE_MICRO_BITS), 0);
    return {
      at: String(ends - (HOURS - back) * HOUR),
      microBits: networkEntropy(entropies),
      meanGapMicroBits: nodes.length === 0 ? 0 : Math.round(gaps / nodes.length),
      usedShare: shareAt(nodes, HOURS - back),
    };
  });
  return {
    now: now.toString(),
    balanceMicroBits: BALANCE_MICRO_BITS,
    nodeCount: nodes.length,
    network,
    nodes: nodes.map((node) => viewOf(node, now)).slice(0, MOST_NODES),
  };
}

/** One node's day; null for an unknown one. */
export async function nodeEntropyOf(db: Database, now: bigint, id: string): Promise<NodeEntropyView | null> {
  await mustAgree(db, 'lease', 'node');
  const [node] = await readUse(db, now, id);
  return node === undefined ? null : viewOf(node, now);
}

/** Entropy over the 24 hours that ended so many hours ago. */
function entropyAt({ cards, used }: NodeUse, hoursAgo: number): number {
  return entropyMicroBits(binsOf(cards, used.slice(HOURS - hoursAgo, 2 * HOURS - hoursAgo)));
}

/** Share of all cards in use in the hour that ended so many hours ago. */
function shareAt(nodes: readonly NodeUse[], hoursAgo: number): number {
  const capacity = nodes.reduce((sum, { cards }) => sum + cards * HOUR, 0);
  const used = nodes.reduce((sum, node) => sum + node.used[2 * HOURS - 1 - hoursAgo]!, 0);
  return capacity === 0 ? 0 : Math.round((used / capacity) * 10_000) / 10_000;
}

function viewOf(node: NodeUse, now: bigint): NodeEntropyView {
  const { used, measured, ...rest } = node;
  return {
    ...rest,
    from: String((Number(now / BigInt(HOUR)) - HOURS) * HOUR),
    ...dayOf(node.cards, used.slice(HOURS)),
    measured: measured && dayOf(node.cards, measured),
  };
}

type Day = Pick<NodeEntropyView, 'microBits' | 'bins' | 'usedShares'>;

function dayOf(cards: number, day: readonly number[]): Day {
  const bins = binsOf(cards, day);
  const usedShares = day.map((seconds) => Math.round((seconds / (cards * HOUR)) * 10_000) / 10_000);
  return { microBits: entropyMicroBits(bins), bins, usedShares };
}

async function readUse(db: Database, now: bigint, id: string | null): Promise<NodeUse[]> {
  const select = { id: true, provider: true, className: true, region: true, cards: true };
  const nodes = await db.node.findMany({
    select,
    orderBy: { id: 'asc' },
    ...(id === null ? {} : { where: { id } }),
  });
  const since = now - BigInt((2 * HOURS + 1) * HOUR);
  const leases = await db.lease.findMany({
    where: { end: { gt: since }, ...(id === null ? {} : { node: id }) },
    select: { id: true, node: true, start: true, end: true, cards: true },
  });
  const samples = await readSamples(db, now);
  const byNode = Map.groupBy(
    leases.map((lease) => ({ ...lease, samples: samples.get(lease.id) ?? [] })),
    ({ node }) => node,
  );
  return nodes.map((node) => {
    const own = byNode.get(node.id) ?? [];
    return { ...node, used: useOfDays(own, now, 2), measured: measuredUse(own, now) };
  });
}

/** What agents measured in the last day, and the hour before it, by lease. */
async function readSamples(db: Database, now: bigint): Promise<Map<bigint, UsageSample[]>> {
  const rows = await db.leaseUsage.findMany({
    where: { hour: { gte: now - BigInt((HOURS + 2) * HOUR) } },
    orderBy: { hour: 'asc' },
  });
  return Map.groupBy(rows, ({ leaseId }) => leaseId);
}
