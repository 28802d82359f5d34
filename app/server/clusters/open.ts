/** Clusters as the open slot's asks, beside those that providers signed. */
import { regionId } from '../../../domain/names.ts';
import type { Hex } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';
import { formedClusters } from './formed.ts';

interface OpenCluster {
  resourceClass: Hex;
  className: string;
  region: string;
  place: Hex;
  /** Base units per card-hour. */
  reserve: bigint;
  free: number;
  tier: number;
  members: Hex[];
}

/** @param slotEnd unix seconds */
export async function openClusters(db: Database, slotEnd: bigint): Promise<OpenCluster[]> {
  const formed = (await formedClusters(db, { limit: 1_000 })).filter(
    ({ validFrom, validUntil }) => validFrom <= slotEnd && slotEnd <= validUntil,
  );
  if (formed.length === 0) return [];
  const [nodes, fills] = await Promise.all([
    db.node.findMany({
      where: { id: { in: formed.flatMap(({ members }) => members.map(({ node }) => node)) } },
      select: { id: true, className: true, region: true, tier: true },
    }),
    db.fill.findMany({ where: { id: { in: formed.map(({ askId }) => askId) } } }),
  ]);
  const nodeOf = new Map(nodes.map((node) => [node.id, node]));
  const filled = new Map(fills.map((fill) => [fill.id, fill.filled]));
  return formed.flatMap(({ askId, cards, members, resourceClass, reservePrice }) => {
    const own = members.flatMap(({ node }) => nodeOf.get(node) ?? []);
    const [first] = own;
    if (first === undefined) return [];
    return [
      {
        ...{ resourceClass, className: first.className, region: first.region, reserve: reservePrice },
        place: regionId(first.region),
        free: Math.max(0, cards - (filled.get(askId) ?? 0)),
        tier: Math.min(...own.map(({ tier }) => tier)),
        members: members.map(({ provider }) => provider),
      },
    ];
  });
}
