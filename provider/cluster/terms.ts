/** Whether a node joins a proposed cluster: a pure decision, by what its provider allows and what the proposal itself says it would earn. */
import type { Hex } from '../../domain/types.ts';

/** What a provider allows; read from its configuration. */
export interface ClusterTerms {
  /** Classes whose nodes may join; null for all that have a price. */
  classes: string[] | null;
  /** Longest cycle, seconds. */
  longestCycle: number;
  /** Most members. */
  mostMembers: number;
  /** What it wants above what it would earn alone, 1/10,000 of that. */
  gainBps: number;
}

interface ProposedMember {
  node: Hex;
  provider: Hex;
  power: bigint;
  cards: number;
  /** Base units above its reserve, by the decision's estimate: alone, and in the cluster. */
  alone: bigint;
  together: bigint;
}

export interface Proposal {
  id: Hex;
  className: string;
  /** Chain time, unix seconds. */
  consentBy: bigint;
  validFrom: bigint;
  validUntil: bigint;
  /** Ascending by node. */
  members: ProposedMember[];
}

interface NodeStanding {
  /** Cards that no lease holds when the cycle begins. */
  freeCards: number;
  /** Base units per card-hour; null without a price. */
  reserve: bigint | null;
}

/** What it signs, or in a sentence why not. */
type Verdict = { cards: number; reserve: bigint } | { reason: string };

/** @param now chain time, unix seconds */
export function judgeProposal(
  proposal: Proposal,
  node: Hex,
  standing: NodeStanding,
  terms: ClusterTerms,
  now: bigint,
): Verdict {
  const { members, validFrom, validUntil, consentBy, className } = proposal;
  const own = members.find((member) => member.node === node);
  const ascending = members.every((member, at) => at === 0 || members[at - 1]!.node < member.node);
  if (own === undefined || !ascending || members.length < 2)
    return { reason: 'The proposal is no list of members that names this node.' };
  if (terms.classes !== null && !terms.classes.includes(className))
    return { reason: `The provider joins no cluster of ${className}.` };
  if (standing.reserve === null) return { reason: `The provider has no price for ${className}.` };
  if (members.length > terms.mostMembers)
    return { reason: `It has ${members.length} members, the provider allows ${terms.mostMembers}.` };
  if (now > consentBy || validFrom <= now) return { reason: 'It came too late.' };
  if (validUntil <= validFrom || validUntil - now > BigInt(terms.longestCycle))
    return {
      reason: `Its cycle ends at ${validUntil}; the provider binds nodes for ${terms.longestCycle} s at most.`,
    };
  if (standing.freeCards < 1) return { reason: 'All cards of the node are leased.' };
  if (own.power < 1n || own.cards < 1) return { reason: 'It gives the node no power or no card.' };
  const wanted = own.alone + (own.alone * BigInt(terms.gainBps) + 9_999n) / 10_000n;
  if (own.together < wanted) return { reason: `It would earn ${own.together}, and ${own.alone} alone.` };
  // A cluster sells no more than any member consents to: with fewer cards the node still has room for all that may be drawn for it.
  return { cards: Math.min(own.cards, standing.freeCards), reserve: standing.reserve };
}
