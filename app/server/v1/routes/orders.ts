/** What is signed and handed in: orders, asks, listings, workloads, quotes. The signature says whose it is. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { lockFor } from '../../../../domain/units.ts';
import type { ServerContext } from '../../context.ts';
import { notFound } from '../../unknown.ts';
import { asksOf, ordersOf } from '../../reads/orders.ts';
import { quoteOf } from '../../reads/quotes.ts';
import { auctionWord } from '../../task-price.ts';
import { taskAnswer } from '../../tasks.ts';
import { parse } from '../../parse.ts';
import { quoteRequestSchema, signedAskSchema, signedListingSchema, signedOrderSchema } from '../../wire.ts';
import { owned, signedIn, type Principal } from '../access.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { spendWith, unspendWith } from '../identity/keys.ts';
import { linesOf } from '../lines.ts';
import { route } from '../declaration.ts';
import { accepted, ask, order, quote, quoteOffer } from '../schemas.ts';
import { hashIn, hashOut, pageOf, pageQuery } from '../texts.ts';

const tag = 'Orders and offers';
const intake = { tag, access: 'anyone', rate: 'intake', status: 201 } as const;

/** An order that comes with a key counts against the key's limit, and is of the key's account. */
async function takeOrder(server: ServerContext, who: Principal, body: unknown) {
  const { order: takesOrder } = linesOf(server);
  if (who.keyId === null || who.account === null) return takesOrder(body);
  const { order: sent } = parse(signedOrderSchema, body);
  if (!who.scopes.has('orders:write'))
    throw new Refusal('NO_SCOPE', 'The key lacks the scope orders:write.', 'Make a key with that scope.');
  if (sent.consumer !== who.account)
    throw new Refusal(
      'NOT_YOURS',
      'The order is of another account than the key.',
      'Use a key of the order’s consumer.',
    );
  const amount = lockFor(sent.cards, sent.duration, sent.startPrice, server.deployment.parameters.feeBps);
  const now = new Date();
  await spendWith(server.db, who.keyId, amount, now);
  try {
    return await takesOrder(body);
  } catch (error) {
    await unspendWith(server.db, who.keyId, amount, now);
    throw error;
  }
}

export const orderRoutes = {
  'POST /orders': route({
    ...intake,
    summary: 'Hand in a signed order; the answer is the gateway’s receipt',
    body: signedOrderSchema,
    answer: accepted,
    // The gate reads the order again: what it takes is what was sent.
    handler: ({ server, who, body }) => takeOrder(server, who, body),
  }),
  'GET /orders': route({
    tag,
    access: signedIn('orders:read'),
    rate: 'read',
    summary: 'Your orders, newest first',
    query: z.strictObject(pageQuery),
    answer: pageOf(order),
    async handler({ server, who, query }) {
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const only = at === null ? {} : { before: BigInt(at[0]!) };
      const rows = await ordersOf(server.db, who.account!, await server.recentNow(), query.limit + 1, only);
      return pageFrom(rows, query.limit, ({ seq }) => [seq]);
    },
  }),
  'GET /orders/{id}': route({
    tag,
    access: owned(
      'orders:read',
      async ({ db }, { id }) => {
        const row = await db.order.findUnique({ where: { id: id as string }, select: { consumer: true } });
        return row === null ? null : [row.consumer];
      },
      ['operator'],
    ),
    rate: 'read',
    summary: 'One of your orders',
    path: z.strictObject({ id: hashIn }),
    answer: order,
    async handler({ server, path: { id } }) {
      const row = await server.db.order.findUnique({ where: { id }, select: { consumer: true } });
      if (row === null) throw notFound(`The order ${id}`, 'Check the id.');
      const [found] = await ordersOf(server.db, row.consumer, await server.recentNow(), 1, { id });
      if (found === undefined) throw notFound(`The order ${id}`, 'Check the id.');
      return found;
    },
  }),
  'POST /asks': route({
    ...intake,
    summary: 'Hand in a signed ask; the answer is the gateway’s receipt',
    body: signedAskSchema,
    answer: accepted,
    handler: ({ server, body }) => linesOf(server).ask(body),
  }),
  'GET /asks': route({
    tag,
    access: signedIn('orders:read'),
    rate: 'read',
    summary: 'Your asks without their reserves, newest first, at most 500',
    answer: z.object({ items: z.array(ask) }),
    async handler({ server, who }) {
      const provider = await providerOf(server, who.account!);
      return { items: await asksOf(server.db, provider, await server.recentNow()) };
    },
  }),
  'POST /listings': route({
    ...intake,
    summary: 'Hand in a signed listing',
    body: signedListingSchema,
    answer: z.object({ id: hashOut }),
    handler: ({ server, body }) => server.intake.acceptListing(body),
  }),
  'POST /workloads': route({
    ...intake,
    rate: 'write',
    summary: 'Store what a lease runs; named by the hash of its canonical form',
    body: z.strictObject({
      command: z.array(z.string().max(65_536)).min(1).max(256),
      env: z.record(z.string(), z.string()).optional(),
    }),
    answer: z.object({ hash: hashOut }),
    handler: ({ server, body }) => server.intake.putWorkload(body),
  }),
  'POST /tasks': route({
    tag,
    access: 'anyone',
    rate: 'heavy',
    summary:
      'What the market says to a task (docs/tasks.md) before anybody signs: the order that would carry it, and where',
    body: z.looseObject({ version: z.unknown() }),
    answer: z.looseObject({ kind: z.string() }),
    async handler({ server, body }) {
      const now = await server.recentNow();
      const answer = await taskAnswer(server.db, server.links, server.marketNodes, now, body);
      return { ...answer, auction: await auctionWord(server, now, answer.terms, answer.maxPrice) };
    },
  }),
  'POST /quotes': route({
    ...intake,
    rate: 'write',
    summary: 'A firm price for an order, signed; or why there is none',
    body: quoteRequestSchema,
    answer: quoteOffer,
    handler: async ({ server, body }) => (await server.quote(body)) as never,
  }),
  'GET /quotes/{id}': route({
    tag,
    access: 'anyone',
    rate: 'read',
    summary: 'What became of a quote, by its order’s id',
    path: z.strictObject({ id: hashIn }),
    answer: quote,
    async handler({ server, path: { id } }) {
      const found = await quoteOf(server.db, id, await server.recentNow());
      if (found === null) throw notFound(`The quote ${id}`, 'Ask for one: POST /api/v1/quotes.');
      return found;
    },
  }),
};

/** A provider by its own address, or by its signing key's. */
async function providerOf({ db }: ServerContext, account: string): Promise<string> {
  const row = await db.provider.findFirst({ where: { signer: account }, select: { address: true } });
  return row?.address ?? account;
}
