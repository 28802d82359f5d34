/** Takes what members say to proposed clusters: a signed consent to exactly what was proposed, or why not. */
import { z } from 'zod';
import { declineDigest } from '../../../domain/cluster-words.ts';
import { membersHash } from '../../../domain/clusters.ts';
import { consentId } from '../../../domain/eip712.ts';
import { Refusal } from '../../../domain/refusal.ts';
import { recoverSigner } from '../../../domain/signature.ts';
import type { Consent, Hex } from '../../../domain/types.ts';
import { parse } from '../parse.ts';
import { address, hash, signature, smallUint, uint, wireOf } from '../wire.ts';
import { memberRows, type ProposalMember } from './proposals.ts';
import { at, checkWord, counted, type Gate } from './words.ts';

const consentSchema = z.strictObject({
  provider: address,
  node: hash,
  members: hash,
  cards: smallUint(16),
  power: uint(64),
  reservePrice: uint(96),
  validFrom: uint(40),
  validUntil: uint(40),
  nonce: uint(64),
});
export const answerSchema = z.union([
  z.strictObject({ proposal: hash, consent: consentSchema, signature }),
  z.strictObject({
    proposal: hash,
    node: hash,
    provider: address,
    at,
    reason: z.string().min(1).max(300),
    signature,
  }),
]);

/**
 * The first answer of a member stands; the same one again changes nothing. A consent that the chain would refuse is refused here, so that one
 * member can't spoil the forming for the others.
 * @throws Refusal, counted
 */
export function acceptAnswer(gate: Gate, input: unknown): Promise<void> {
  return counted(gate, async () => {
    const answer = parse(answerSchema, input);
    if ('consent' in answer) await acceptConsent(gate, answer);
    else await acceptDecline(gate, answer);
  });
}

async function acceptConsent(
  gate: Gate,
  { proposal, consent, signature: by }: { proposal: Hex; consent: Consent; signature: Hex },
): Promise<void> {
  const { terms, member, now } = await openProposal(gate, proposal, consent.node);
  const provider = await gate.db.provider.findUnique({ where: { address: consent.provider } });
  const key = recoverSigner(consentId(gate.domain, consent), by);
  if (provider === null || provider.exitAt !== null || key !== provider.signer)
    throw new Refusal(
      'BAD_SIGNATURE',
      `The consent is not signed by the signing key of a selling provider ${consent.provider}.`,
      'Sign it (EIP-712) with the key that the registry names.',
    );
  const said = [
    consent.provider === member.provider,
    consent.members === membersHash(terms.members),
    consent.power === member.power,
    consent.validFrom === terms.validFrom && consent.validUntil === terms.validUntil,
    consent.cards >= 1 && consent.cards <= member.nodeCards,
    consent.reservePrice >= 1n,
  ];
  if (said.includes(false))
    throw new Refusal(
      'MALFORMED',
      'The consent is not to what was proposed.',
      'Consent to the proposal as it is, with cards and a reserve of your own, or decline.',
    );
  await gate.db.clusterAnswer.createMany({
    data: [
      {
        proposal,
        node: consent.node,
        provider: consent.provider,
        consent: wireOf(consent) as object,
        signature: by,
        at: now,
      },
    ],
    skipDuplicates: true,
  });
}

async function acceptDecline(
  gate: Gate,
  word: { proposal: Hex; node: Hex; provider: Hex; at: string; reason: string; signature: Hex },
): Promise<void> {
  const { signature: by, ...said } = word;
  const { member } = await openProposal(gate, said.proposal, said.node);
  if (member.provider !== said.provider)
    throw new Refusal('NOT_NODE_OWNER', `The node is not one of ${said.provider}.`, 'Answer for your own.');
  const now = await checkWord(gate, said, declineDigest(gate.domain, said), by);
  const { at: _, ...row } = said;
  await gate.db.clusterAnswer.createMany({ data: [{ ...row, at: now }], skipDuplicates: true });
}

interface Terms {
  members: ProposalMember[];
  validFrom: bigint;
  validUntil: bigint;
}

async function openProposal(
  { db, chainNow }: Gate,
  id: Hex,
  node: Hex,
): Promise<{ terms: Terms; member: ProposalMember & { nodeCards: number }; now: bigint }> {
  const [row, now] = await Promise.all([db.clusterProposal.findUnique({ where: { id } }), chainNow()]);
  const members = row === null ? [] : memberRows(row.members);
  const member = members.find((one) => one.node === node);
  if (row === null || member === undefined)
    throw new Refusal(
      'NOT_FOUND',
      `No proposal ${id} names node ${node}.`,
      'Read GET /api/v1/clusters/proposals.',
    );
  if (row.state !== 'open' || now > row.consentBy)
    throw new Refusal(
      'EXPIRED',
      `The proposal is ${row.state}; consents counted until ${row.consentBy}.`,
      'Wait for the next cycle.',
    );
  const facts = await db.node.findUnique({ where: { id: node }, select: { cards: true } });
  const { validFrom, validUntil } = row;
  return {
    terms: { members, validFrom, validUntil },
    member: { ...member, nodeCards: facts?.cards ?? 0 },
    now,
  };
}
