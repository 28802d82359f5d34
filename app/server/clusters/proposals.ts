/** What agents read about clusters: whom to measure, and what is proposed to their nodes. */
import { z } from 'zod';
import type { Hex } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';

/** Announcements that are older no longer count, seconds of chain time. */
const ANNOUNCED_SECONDS = 600n;

const integer = z
  .string()
  .regex(/^-?\d+$/)
  .transform(BigInt);
const membersSchema = z.array(
  z.object({
    node: z.string().transform((text) => text as Hex),
    provider: z.string().transform((text) => text as Hex),
    power: integer,
    cards: z.number(),
    alone: integer,
    together: integer,
  }),
);
export type ProposalMember = z.output<typeof membersSchema>[number];

/** The members of a stored proposal. */
export function memberRows(stored: unknown): ProposalMember[] {
  return membersSchema.parse(stored);
}

/** Nodes that answer pings. */
export async function peersOf(db: Database, now: bigint) {
  return db.$queryRaw<
    { node: string; provider: string; host: string; port: number; resourceClass: string; region: string }[]
  >`
    SELECT e.node, e.provider, e.host, e.port, n."resourceClass", n.region
    FROM node_endpoint e JOIN node n ON n.id = e.node AND n.provider = e.provider
    WHERE e.at >= ${now - ANNOUNCED_SECONDS} ORDER BY e.node LIMIT 10000`;
}

/** Open proposals that name a node of the provider which it has not answered for. */
export async function proposalsFor(db: Database, provider: string, now: bigint) {
  const rows = await db.clusterProposal.findMany({
    where: { state: 'open', consentBy: { gte: now } },
    orderBy: { id: 'asc' },
  });
  const answers = await db.clusterAnswer.findMany({
    where: { provider, proposal: { in: rows.map(({ id }) => id) } },
    select: { proposal: true, node: true },
  });
  const answered = new Set(answers.map(({ proposal, node }) => `${proposal} ${node}`));
  return rows.flatMap((row) => {
    const members = memberRows(row.members);
    const own = members
      .filter((member) => member.provider === provider && !answered.has(`${row.id} ${member.node}`))
      .map(({ node }) => node);
    if (own.length === 0) return [];
    const { id, resourceClass, className, region, consentBy, validFrom, validUntil } = row;
    return [{ id, resourceClass, className, region, consentBy, validFrom, validUntil, members, own }];
  });
}
