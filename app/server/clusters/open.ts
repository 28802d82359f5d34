/** Clusters as the open slot's asks, beside those that providers signed. */
import { regionId } from '../../../domain/names.ts';
import type { OfferedAsk } from '../../../domain/on-offer.ts';
import type { Hex } from '../../../domain/types.ts';
import { nodeResources } from '../../../domain/vectors.ts';
import type { Database } from '../../../prisma/client.ts';
import { formedClusters } from './formed.ts';

interface OpenCluster extends Omit<OfferedAsk, 'reputation'> {
  className: string;
  regionName: string;
  members: Hex[];
}

/** @param slotEnd unix seconds */
export async function openClusters(db: Database, slotEnd: bigint): Promise<OpenCluster[]> {
  const formed = (await formedClusters(db, { limit: 1_000 })).filter(
    ({ validFrom, validUntil }) => validFrom <= slotEnd && slotEnd <= validUntil,
  );
  if (formed.length === 0) return [];
  const ids = formed.flatMap(({ members }) => members.map(({ node }) => node));
  const [nodes, fills] = await Promise.all([
    nodesOf(db, ids, slotEnd),
    db.fill.findMany({ where: { id: { in: formed.map(({ askId }) => askId) } } }),
  ]);
  const filled = new Map(fills.map((fill) => [fill.id, fill.filled]));
  return formed.flatMap(({ askId, cards, members, resourceClass, reservePrice }) => {
    const own = members.flatMap(({ node }) => nodes.get(node) ?? []);
    const [first] = own;
    if (first === undefined) return [];
    const states = own.map((node) => nodeResources(node, node.idle));
    return [
      {
        ...{ resourceClass, className: first.className, reservePrice },
        ...{ region: regionId(first.region), regionName: first.region },
        cardsLeft: Math.max(0, Math.min(cards - (filled.get(askId) ?? 0), ...own.map(({ idle }) => idle))),
        tier: Math.min(...own.map(({ tier }) => tier)),
        // As the slot sees it (domain/supply.ts): the least that any member has.
        state: {
          compute: Math.min(...states.map(({ compute }) => compute)),
          network: Math.min(...states.map(({ network }) => network)),
          storage: Math.min(...states.map(({ storage }) => storage)),
        },
        members: members.map(({ provider }) => provider),
      },
    ];
  });
}

interface MemberNode {
  id: Hex;
  className: string;
  region: string;
  tier: number;
  cards: number;
  /** Cards that no lease holds when the slot ends. */
  idle: number;
  networkMbps: bigint;
  storageGb: bigint;
}

async function nodesOf(db: Database, ids: Hex[], slotEnd: bigint): Promise<Map<Hex, MemberNode>> {
  const rows = await db.$queryRaw<MemberNode[]>`
    SELECT n.id, n."className", n.region, n.tier, n.cards, n."networkMbps"::bigint AS "networkMbps", n."storageGb"::bigint AS "storageGb",
           greatest(0, n.cards - coalesce(l.cards, 0))::int AS idle
    FROM node n LEFT JOIN (SELECT node, sum(cards) AS cards FROM lease WHERE "end" > ${slotEnd} GROUP BY node) l ON l.node = n.id
    WHERE n.id = ANY(${ids})`;
  return new Map(rows.map((row) => [row.id, row]));
}
