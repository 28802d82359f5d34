/** The clusters that the chain knows, from its events as the indexer stored them. */
import { reviveEvent, type StoredEvent } from '../../../contracts/events.ts';
import { runnerOf } from '../../../domain/clusters.ts';
import type { Cluster } from '../../../domain/market-state.ts';
import type { Hex } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';

export interface FormedCluster {
  cluster: Hex;
  account: Hex;
  askId: Hex;
  resourceClass: Hex;
  region: Hex;
  cards: number;
  reservePrice: bigint;
  /** Unix seconds. */
  validFrom: bigint;
  validUntil: bigint;
  members: Cluster['members'];
}

/** Newest first. @param account of one cluster alone */
export async function formedClusters(
  db: Database,
  { account, limit = 50 }: { account?: Hex; limit?: number } = {},
): Promise<FormedCluster[]> {
  const rows = await db.$queryRaw<StoredEvent[]>`
    SELECT "blockNumber"::text AS "blockNumber", "logIndex", name, args FROM chain_event
    WHERE name = 'ClusterFormed' AND (${account ?? null}::text IS NULL OR args->>'account' = ${account ?? null})
    ORDER BY "blockNumber" DESC, "logIndex" DESC LIMIT ${limit}`;
  return rows.map((row) => reviveEvent(row).args as unknown as FormedCluster);
}

/** Who runs a lease: its provider, or the member that a cluster's lease is drawn for. */
export async function runnerOfLease(db: Database, leaseId: bigint, provider: Hex): Promise<Hex> {
  const [formed] = await formedClusters(db, { account: provider, limit: 1 });
  if (formed === undefined) return provider;
  return runnerOf({ id: formed.cluster, members: formed.members }, leaseId).provider;
}
