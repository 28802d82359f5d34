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

/** `supplyKind` of a cluster's ask. */
export const CLUSTER_SUPPLY = 2;

/**
 * The member whose node runs a lease of the cluster: drawn by power, so that the members' work follows their shares of what it pays. Chain and
 * lease id alone decide, so that everybody names the same one, and no two run it (ADR 24).
 */
export function runnerOf<M extends { power: bigint }>(
  { id, members }: { id: Hex; members: readonly M[] },
  leaseId: bigint,
): M {
  const power = members.reduce((sum, member) => sum + member.power, 0n);
  let drawn = BigInt(keccak(concat(hexToBytes(id), uintBytes(leaseId, 8)))) % power;
  for (const member of members) {
    if (drawn < member.power) return member;
    drawn -= member.power;
  }
  throw new RangeError(`cluster ${id} has no members`);
}
