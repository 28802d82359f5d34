/** What the chain says of the clusters that a provider's nodes are in: part of its ledger. */
import { runnerOf } from '../../domain/clusters.ts';
import type { Hex } from '../../domain/types.ts';

export interface OwnCluster {
  id: Hex;
  /** Stands for it as its leases' provider. */
  account: Hex;
  /** Unix seconds. */
  validUntil: bigint;
  members: { provider: Hex; power: bigint; node: Hex }[];
}

/** How long a cluster is remembered after its cycle, seconds: its last slots' pages may come later. */
const REMEMBERED = 86_400n;

/** The cluster of a `ClusterFormed`, if a member is the provider's. */
export function clusterOf(args: Record<string, unknown>, provider: Hex): OwnCluster | null {
  const members = args['members'] as OwnCluster['members'];
  if (!members.some((member) => member.provider === provider)) return null;
  return {
    id: args['cluster'] as Hex,
    account: args['account'] as Hex,
    validUntil: args['validUntil'] as bigint,
    members,
  };
}

/** The own node that runs a lease of one of the clusters; null when another member runs it, or it is no cluster's. */
export function ownRunner(
  clusters: readonly OwnCluster[],
  lease: { id: bigint; provider: Hex },
  provider: Hex,
): Hex | null {
  const cluster = clusters.find(({ account }) => account === lease.provider);
  if (cluster === undefined) return null;
  const runner = runnerOf(cluster, lease.id);
  return runner.provider === provider ? runner.node : null;
}

export function remembered(clusters: readonly OwnCluster[], now: bigint): OwnCluster[] {
  return clusters.filter(({ validUntil }) => validUntil + REMEMBERED >= now);
}
