/** Clusters of nodes that bid as one: what there is, and what the members' agents say to each other through the gateway. */
import { z } from 'zod';
import { acceptAnswer, answerSchema } from '../../clusters/answers.ts';
import { gateOf } from '../../clusters/gate.ts';
import { peersOf, proposalsFor } from '../../clusters/proposals.ts';
import { clustersView } from '../../clusters/view.ts';
import {
  acceptAnnouncement,
  acceptMeasurements,
  announcementSchema,
  measurementsSchema,
} from '../../clusters/words.ts';
import { fresh } from '../../fresh.ts';
import { route } from '../declaration.ts';
import { addressIn, addressOut, decimal, hashOut, money, seconds } from '../texts.ts';

const tag = 'Clusters';
const open = { tag, access: 'anyone', rate: 'read' } as const;
/** The signature says whose word it is. */
const word = { tag, access: 'anyone', rate: 'intake' } as const;
const done = z.object({ ok: z.boolean() });

const peer = z.object({
  node: hashOut,
  provider: addressOut,
  host: z.string(),
  port: z.int(),
  resourceClass: hashOut,
  region: z.string(),
});

const proposal = z.object({
  id: hashOut,
  resourceClass: hashOut,
  className: z.string(),
  region: z.string(),
  consentBy: seconds,
  validFrom: seconds,
  validUntil: seconds,
  members: z.array(
    z.object({
      node: hashOut,
      provider: addressOut,
      power: decimal,
      cards: z.int(),
      alone: money,
      together: money,
    }),
  ),
  own: z.array(hashOut).describe('nodes of the provider that it has not answered for'),
});

export const clusterRoutes = {
  'GET /clusters': route({
    ...open,
    rate: 'heavy',
    summary:
      'Clusters, what they earned, what was proposed and why it was not formed, and measured round trips',
    answer: z.looseObject({ now: seconds, clusters: z.array(z.unknown()), proposals: z.array(z.unknown()) }),
    handler: ({ server }) =>
      fresh('clusters', 1_000, async () => clustersView(server.db, await server.recentNow())) as never,
  }),
  'GET /clusters/peers': route({
    ...open,
    summary: 'Nodes that answer pings, for agents to measure',
    answer: z.object({ items: z.array(peer) }),
    handler: async ({ server }) => ({ items: await peersOf(server.db, await server.recentNow()) }),
  }),
  'GET /clusters/proposals': route({
    ...open,
    summary: 'Proposed clusters that wait for a provider’s answer',
    query: z.strictObject({ provider: addressIn }),
    answer: z.object({ items: z.array(proposal) }),
    handler: async ({ server, query }) => ({
      items: await proposalsFor(server.db, query.provider, await server.recentNow()),
    }),
  }),
  'POST /clusters/announcements': route({
    ...word,
    summary: 'Where a provider’s nodes answer pings; signed with its signing key',
    body: announcementSchema,
    answer: done,
    handler: async ({ server, body }) => {
      await acceptAnnouncement(gateOf(server), body);
      return { ok: true };
    },
  }),
  'POST /clusters/measurements': route({
    ...word,
    summary: 'Round trips that a provider’s agent measured; signed with its signing key',
    body: measurementsSchema,
    answer: done,
    handler: async ({ server, body }) => {
      await acceptMeasurements(gateOf(server), body);
      return { ok: true };
    },
  }),
  'POST /clusters/answers': route({
    ...word,
    summary: 'What a member says to a proposed cluster: its signed consent, or why not',
    body: answerSchema,
    answer: done,
    handler: async ({ server, body }) => {
      await acceptAnswer(gateOf(server), body);
      return { ok: true };
    },
  }),
};
