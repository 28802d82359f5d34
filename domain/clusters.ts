/** Names of a cluster, as `contracts/Clusters.sol` makes them. */
import { concat, hexToBytes, keccak, uintBytes } from './hash.ts';
import type { Hex } from './types.ts';

/** What every member's consent names: who shares, and how. Members in ascending order of their nodes. */
export function membersHash(members: readonly { node: Hex; power: bigint }[]): Hex {
  return keccak(concat(...members.flatMap(({ node, power }) => [hexToBytes(node), uintBytes(power, 8)])));
}

/** The cluster of these consents, in the order of their nodes. */
export function clusterId(consentIds: readonly Hex[]): Hex {
  return keccak(concat(...consentIds.map(hexToBytes)));
}

/** The account that stands for a cluster; nobody holds its key. */
export function clusterAccount(cluster: Hex): Hex {
  return `0x${cluster.slice(26)}`;
}
