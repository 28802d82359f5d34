/** Clusters formed by hand: consents signed by test accounts. */
import { Wallet } from 'ethers';
import { clusterAccount, clusterId, membersHash } from '../../domain/clusters.ts';
import { consentId } from '../../domain/eip712.ts';
import type { Consent, Hex, SigningDomain } from '../../domain/types.ts';
import { addressOf, keyOf } from '../scheduler/market.ts';

export interface MemberOf {
  /** Whose key signs. */
  by: string;
  node: Hex;
  power: bigint;
  cards: number;
  reservePrice: bigint;
}

/** The consents of members, ascending by node, with their signatures and what they form. */
export function consentsOf(
  domain: SigningDomain,
  members: readonly MemberOf[],
  cycle: { validFrom: bigint; validUntil: bigint; nonce: bigint },
) {
  const sorted = members.toSorted((a, b) => (a.node < b.node ? -1 : 1));
  const consents = sorted.map(({ by, node, power, cards, reservePrice }, place): Consent => ({
    provider: addressOf(by),
    node,
    members: membersHash(sorted),
    cards,
    power,
    reservePrice,
    ...cycle,
    nonce: cycle.nonce + BigInt(place),
  }));
  const ids = consents.map((consent) => consentId(domain, consent));
  const signatures = ids.map((id, place) => signed(sorted[place]!.by, id));
  const cluster = clusterId(ids);
  return { consents, signatures, cluster, account: clusterAccount(cluster) };
}

function signed(by: string, digest: Hex): Hex {
  return new Wallet(keyOf(by)).signingKey.sign(digest).serialized as Hex;
}
