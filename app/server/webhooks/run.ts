/** Looks for what happened and sends it, as long as the server runs. Several processes share the work: each message is one's at a time. */
import type { Database } from '../../../prisma/client.ts';
import { errorFields, log } from '../log.ts';
import { noteBudgets, noteLeases, noteMoney } from './events.ts';
import { send, type Message } from './send.ts';
import type { TargetRules } from './target.ts';

const LOOK_EVERY_MS = 2_000;
const MONEY_EVERY_MS = 60_000;
/** Messages under way at once. */
const BATCH = 20;
/** Whoever has a message and dies leaves it to others after this long. */
const LEASED_SECONDS = 60;
/** Waits between attempts: 10 s, then twice as long each time; the twelfth failure is the last (some 11 hours). */
const FIRST_WAIT_SECONDS = 10;
const MOST_ATTEMPTS = 12;
/** Messages are kept for a month. */
const KEPT_MS = 30 * 86_400_000;

export interface WebhookOptions {
  db: Database;
  feeBps: number;
  /** Chain time, unix seconds. */
  chainNow(): Promise<bigint>;
  rules: TargetRules;
}

/** Sends what is due, once around. @returns how many messages were tried */
export async function sendDue({ db, rules }: Pick<WebhookOptions, 'db' | 'rules'>): Promise<number> {
  const due = await db.$queryRaw<(Message & { attempts: number })[]>`
    UPDATE webhook_delivery d SET attempts = d.attempts + 1, "nextAt" = (now() AT TIME ZONE 'UTC') + make_interval(secs => ${LEASED_SECONDS}::float8)
    FROM webhook w
    WHERE w.id = d."webhookId" AND w."endedAt" IS NULL AND d.id IN (
      SELECT id FROM webhook_delivery WHERE state = 'waiting' AND "nextAt" <= (now() AT TIME ZONE 'UTC')
      ORDER BY "nextAt" LIMIT ${BATCH} FOR UPDATE SKIP LOCKED)
    RETURNING d.id, d.event, d.body, d.attempts, w.url, w.secret`;
  await Promise.all(
    due.map(async ({ attempts, ...message }) => {
      const { taken, last } = await send(message, rules);
      const wait = FIRST_WAIT_SECONDS * 2 ** (attempts - 1);
      const state = taken ? 'taken' : attempts >= MOST_ATTEMPTS ? 'given up' : 'waiting';
      await db.webhookDelivery.update({
        where: { id: message.id },
        data: { state, last, nextAt: new Date(Date.now() + wait * 1_000) },
      });
    }),
  );
  return due.length;
}

export function runWebhooks(options: WebhookOptions): void {
  const { db, feeBps, chainNow } = options;
  let moneyAt = 0;
  const look = async (): Promise<void> => {
    try {
      if ((await db.webhook.count({ where: { endedAt: null } })) > 0) {
        const now = await chainNow();
        await noteLeases(db, now);
        if (Date.now() - moneyAt > MONEY_EVERY_MS) {
          moneyAt = Date.now();
          await noteMoney(db, now, feeBps);
          await noteBudgets(db, now);
          await db.webhookDelivery.deleteMany({
            where: { createdAt: { lt: new Date(Date.now() - KEPT_MS) } },
          });
        }
        while ((await sendDue(options)) === BATCH);
      }
    } catch (error) {
      log('warn', 'webhooks wait', errorFields(error));
    }
    setTimeout(() => void look(), LOOK_EVERY_MS).unref();
  };
  void look();
}
