/** Providers, their nodes, their reputation, and how evenly the network works. */
import { z } from 'zod';
import { fresh } from '../../fresh.ts';
import { notFound } from '../../unknown.ts';
import { entropyOf, nodeEntropyOf } from '../../reads/entropy.ts';
import { cursorAfter, pageFrom, readCursor } from '../cursor.ts';
import { nodesOf, providerOf, providersOf, reputationOf } from '../reads/providers.ts';
import { route } from '../declaration.ts';
import { node, provider } from '../schemas.ts';
import { addressIn, decimal, hashIn, money, pageOf, pageQuery, seconds } from '../texts.ts';

const tag = 'Providers';
const open = { tag, access: 'anyone', rate: 'read' } as const;
const byAddress = z.strictObject({ provider: addressIn });
const unknownProvider = (address: string) =>
  notFound(`The provider ${address}`, 'Take its address from GET /api/v1/providers.');

export const providerRoutes = {
  'GET /providers': route({
    ...open,
    summary: 'Providers by address',
    query: z.strictObject(pageQuery),
    answer: pageOf(provider),
    async handler({ server, query }) {
      const at = readCursor(query.cursor, [/^0x[0-9a-f]{40}$/]);
      const rows = await providersOf(server, await server.recentNow(), at?.[0] ?? '', query.limit + 1);
      return pageFrom(rows, query.limit, ({ address }) => [address]);
    },
  }),
  'GET /providers/{provider}': route({
    ...open,
    summary: 'One provider',
    path: byAddress,
    answer: provider,
    async handler({ server, path }) {
      const found = await providerOf(server, await server.recentNow(), path.provider);
      if (found === null) throw unknownProvider(path.provider);
      return found;
    },
  }),
  'GET /providers/{provider}/reputation': route({
    ...open,
    summary: 'A provider’s score, and the outcomes that it comes from (ADR 8)',
    path: byAddress,
    answer: z.object({
      score: z.int(),
      day: z.int().nullable().describe('days since 1970 (UTC) of the last outcome'),
      good: money,
      bad: money,
    }),
    async handler({ server, path }) {
      const found = await reputationOf(server, await server.recentNow(), path.provider);
      if (found === null) throw unknownProvider(path.provider);
      return found;
    },
  }),
  'GET /nodes': route({
    ...open,
    summary: 'Nodes by id; of a provider, a class or a region',
    query: z.strictObject({
      ...pageQuery,
      provider: addressIn.optional(),
      class: hashIn.optional(),
      region: z.string().min(1).max(64).optional(),
    }),
    answer: pageOf(node),
    async handler({ server, query }) {
      const at = readCursor(query.cursor, [/^0x[0-9a-f]{64}$/]);
      const rows = await nodesOf(server.db, query, at?.[0] ?? '', query.limit + 1);
      const items = rows.slice(0, query.limit);
      const last = items.at(-1);
      return {
        items,
        next: rows.length > items.length && last !== undefined ? cursorAfter([last.id]) : null,
      };
    },
  }),
  'GET /entropy': route({
    ...open,
    rate: 'heavy',
    summary: 'Network entropy over the last day, and every node’s 24 hours',
    answer: z.looseObject({ now: seconds, nodeCount: z.int() }),
    handler: ({ server }) =>
      fresh('entropy', 10_000, async () => entropyOf(server.db, await server.recentNow())) as never,
  }),
  'GET /entropy/{node}': route({
    ...open,
    summary: 'One node’s last 24 hours: share in use by hour, hours by bin, entropy',
    path: z.strictObject({ node: hashIn }),
    answer: z.looseObject({ id: z.string(), from: decimal, microBits: z.int() }),
    async handler({ server, path }) {
      const found = await nodeEntropyOf(server.db, await server.recentNow(), path.node);
      if (found === null) throw notFound('This node', 'Take its id from GET /api/v1/nodes.');
      return found as never;
    },
  }),
};
