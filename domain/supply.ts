/** What an ask sells from: a node, or a cluster of nodes that sells no more than its scarcest member has (ADR 24). */
import { clusterAccount } from './clusters.ts';
import { nodeEntropy } from './history.ts';
import { leasedCards, type Cluster, type MarketState } from './market-state.ts';
import { nodeResources, type StateVector } from './vectors.ts';
import type { Hex } from './types.ts';

/** Cards of a node that no lease beyond `at` (unix seconds) holds; of a cluster, its scarcest member's. 0 of an unknown one. */
export function idleCards(state: MarketState, supply: Hex, at: bigint): number {
  const cluster = clusterOf(state, supply);
  const idle = (node: Hex): number =>
    Math.max(0, (state.nodes.get(node)?.cards ?? 0) - leasedCards(state, node, at));
  return cluster ? Math.min(...cluster.members.map(({ node }) => idle(node))) : idle(supply);
}

/** State of a node; of a cluster the least that any member has available, and the entropy of all their cards. Null of an unknown one. */
export function supplyVector(state: MarketState, supply: Hex, at: bigint): StateVector | null {
  const cluster = clusterOf(state, supply);
  if (!cluster) return vectorOf(state, [supply], supply, at);
  return vectorOf(
    state,
    cluster.members.map(({ node }) => node),
    supply,
    at,
  );
}

function vectorOf(state: MarketState, ids: readonly Hex[], supply: Hex, at: bigint): StateVector | null {
  const nodes = ids.flatMap((id) => state.nodes.get(id) ?? []);
  if (nodes.length < ids.length) return null;
  const states = nodes.map((node) => nodeResources(node, idleCards(state, node.id, at)));
  const leases = nodes.flatMap(({ id }) => state.leasesByNode.get(id) ?? []);
  const cards = nodes.reduce((sum, node) => sum + node.cards, 0);
  return {
    node: supply,
    compute: Math.min(...states.map(({ compute }) => compute)),
    network: Math.min(...states.map(({ network }) => network)),
    storage: Math.min(...states.map(({ storage }) => storage)),
    entropyMicroBits: leases.length === 0 ? 0 : nodeEntropy(cards, leases, at),
  };
}

function clusterOf(state: MarketState, supply: Hex): Cluster | null {
  const cluster = state.clusters.get(clusterAccount(supply));
  return cluster?.id === supply ? cluster : null;
}
