/** Messages to an account's own servers: where to, of what, and what became of each. */
import { z } from 'zod';
import { Refusal } from '../../../../domain/refusal.ts';
import { WEBHOOK_EVENTS } from '../../webhooks/events.ts';
import { targetOf } from '../../webhooks/target.ts';
import { owned, signedIn } from '../access.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { newId, newToken } from '../identity/tokens.ts';
import { route } from '../declaration.ts';
import { settingsOf } from '../settings.ts';
import { integerIn, moment, pageOf, pageQuery } from '../texts.ts';

const tag = 'Webhooks';
/** Webhooks of one account. */
const MOST = 20;
const webhookId = z.string().regex(/^[0-9a-f]{24}$/, '24 hexadecimal digits are needed');
const byId = z.strictObject({ id: webhookId });
const mine = owned('webhooks', async ({ db }, { id }) => {
  const row = await db.webhook.findFirst({
    where: { id: id as string, endedAt: null },
    select: { account: true },
  });
  return row === null ? null : [row.account];
});

const view = z.object({
  id: z.string(),
  url: z.string(),
  events: z.array(z.string()),
  createdAt: moment,
});

const delivery = z.object({
  id: z.string(),
  event: z.string(),
  state: z.string().describe('waiting, taken, given up'),
  attempts: z.int(),
  nextAt: moment.describe('of a waiting one: when it is tried again'),
  last: z.string().nullable().describe('what the target answered at last, or why it could not be reached'),
  createdAt: moment,
  body: z.string(),
});

export const webhookRoutes = {
  'GET /webhooks': route({
    tag,
    access: signedIn('webhooks'),
    rate: 'read',
    summary: 'Your webhooks, without their secrets',
    answer: z.object({ items: z.array(view) }),
    async handler({ server, who }) {
      const rows = await server.db.webhook.findMany({
        where: { account: who.account!, endedAt: null },
        orderBy: { createdAt: 'desc' },
      });
      return {
        items: rows.map(({ id, url, events, createdAt }) => ({
          id,
          url,
          events,
          createdAt: createdAt.toISOString(),
        })),
      };
    },
  }),
  'POST /webhooks': route({
    tag,
    access: signedIn('webhooks'),
    rate: 'sign',
    status: 201,
    audit: 'make a webhook',
    summary: 'Be told of what happens to your account; the secret of the signatures is shown this once',
    body: z.strictObject({
      url: z.string().min(8).max(1_024),
      events: z.array(z.enum(WEBHOOK_EVENTS)).min(1).max(WEBHOOK_EVENTS.length),
    }),
    answer: z.object({ id: z.string(), secret: z.string() }),
    async handler({ server, who, body }) {
      const account = who.account!;
      await targetOf(body.url, settingsOf(server).webhooks);
      if ((await server.db.webhook.count({ where: { account, endedAt: null } })) >= MOST)
        throw new Refusal(
          'TOO_LARGE',
          `The account has ${MOST} webhooks.`,
          'Delete one that is not used any more.',
        );
      const [id, secret] = [newId(), newToken()];
      const since = await server.chainNow();
      const events = [...new Set(body.events)];
      await server.db.webhook.create({ data: { id, account, url: body.url, secret, events, since } });
      return { id, secret };
    },
  }),
  'DELETE /webhooks/{id}': route({
    tag,
    access: mine,
    rate: 'write',
    status: 204,
    audit: 'end a webhook',
    summary: 'Send no more to it',
    path: byId,
    async handler({ server, path: { id } }) {
      await server.db.webhook.update({ where: { id }, data: { endedAt: new Date(), secret: '' } });
      return null;
    },
  }),
  'GET /webhooks/{id}/deliveries': route({
    tag,
    access: mine,
    rate: 'read',
    summary: 'What was sent to it in the last month, and how it was answered; newest first',
    path: byId,
    query: z.strictObject(pageQuery),
    answer: pageOf(delivery),
    async handler({ server, path, query }) {
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const rows = await server.db.webhookDelivery.findMany({
        where: { webhookId: path.id, ...(at === null ? {} : { id: { lt: BigInt(at[0]!) } }) },
        orderBy: { id: 'desc' },
        take: query.limit + 1,
      });
      const views = rows.map(({ id, event, state, attempts, nextAt, last, createdAt, body }) => ({
        ...{ id: id.toString(), event, state, attempts, last, body },
        nextAt: nextAt.toISOString(),
        createdAt: createdAt.toISOString(),
      }));
      return pageFrom(views, query.limit, ({ id }) => [id]);
    },
  }),
  'POST /webhooks/{id}/deliveries/{delivery}': route({
    tag,
    access: mine,
    rate: 'write',
    status: 204,
    audit: 'send a webhook again',
    summary: 'Send one again, taken or not: the same body, under a new signature',
    path: z.strictObject({ id: webhookId, delivery: integerIn }),
    body: z.strictObject({}),
    async handler({ server, path: { id, delivery: number } }) {
      const { count } = await server.db.webhookDelivery.updateMany({
        where: { id: number, webhookId: id },
        data: { state: 'waiting', attempts: 0, nextAt: new Date() },
      });
      if (count === 0)
        throw new Refusal('NOT_FOUND', 'This delivery is not known here.', 'See the deliveries.');
      return null;
    },
  }),
};
