/**
 * What providers' agents say to the gateway about clusters: where their nodes answer, what they measured, why they decline (a consent is
 * signed by itself, EIP-712). The signature is EIP-191 over the digest, by the provider's signing key.
 */
import { keccakText } from './hash.ts';
import type { Hex, SigningDomain } from './types.ts';

interface Said {
  provider: Hex;
  /** Chain time, unix seconds in decimal digits: old words are refused. */
  at: string;
}

/** Where nodes answer pings, by UDP; nodes that are left out are no longer on offer for clusters. */
export interface Announcement extends Said {
  endpoints: { node: Hex; host: string; port: number }[];
}

/** Round trips in microseconds from own nodes to others. */
export interface Measurements extends Said {
  trips: { from: Hex; to: Hex; micros: number }[];
}

export interface Decline extends Said {
  proposal: Hex;
  node: Hex;
  /** For people. */
  reason: string;
}

export function announcementDigest(domain: SigningDomain, word: Announcement): Hex {
  const endpoints = word.endpoints.map(({ node, host, port }) => [node, host, port]);
  return digest(domain, 'announcement', word, endpoints);
}

export function measurementsDigest(domain: SigningDomain, word: Measurements): Hex {
  return digest(
    domain,
    'measurements',
    word,
    word.trips.map(({ from, to, micros }) => [from, to, micros]),
  );
}

export function declineDigest(domain: SigningDomain, word: Decline): Hex {
  return digest(domain, 'decline', word, [word.proposal, word.node, word.reason]);
}

/** The signed text: JSON without spaces, in this order. */
function digest(
  { chainId, auction }: SigningDomain,
  kind: string,
  { provider, at }: Said,
  body: unknown,
): Hex {
  return keccakText(JSON.stringify(['cardhour clusters', kind, chainId, auction, provider, at, body]));
}
