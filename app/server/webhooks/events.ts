/** What happened to accounts that want to be told: rows of messages, one for each thing, however often it is looked for. */
import { runwayOf } from '../../../domain/billing/runway.ts';
import type { Database } from '../../../prisma/client.ts';
import { budgetOf } from '../billing/budget.ts';

export const WEBHOOK_EVENTS = [
  'order.matched',
  'lease.started',
  'lease.outage',
  'lease.ended',
  'lease.settled',
  'money.72h',
  'money.24h',
  'budget.80',
  'budget.100',
  'provider.earned',
] as const;

const HOUR = 3_600n;
const DAY = 24n * HOUR;
/** Leases that ended longer ago are history, seconds. */
const LOOK_BACK = 7n * DAY;

/** Writes what is new about leases. @param now chain time, unix seconds @returns how many messages */
export async function noteLeases(db: Database, now: bigint): Promise<number> {
  return db.$executeRaw`
    INSERT INTO webhook_delivery ("webhookId", key, event, body)
    SELECT w.id, x.event || ' ' || x.what, x.event,
           json_build_object('event', x.event, 'account', w.account, 'lease', l.id::text, 'source', l."sourceId", 'node', l.node,
             'slot', l.slot::text, 'cards', l.cards, 'start', l.start::text, 'end', l."end"::text, 'rate', l.rate::text,
             'locked', l.locked::text, 'paid', l.paid::text, 'fee', l.fee::text, 'refunded', l.refunded::text, 'outage', l.outage::text,
             'endReason', l."endReason", 'settled', l.settled, 'block', l."blockNumber"::text)::text
    FROM webhook w
      JOIN LATERAL (SELECT * FROM lease c WHERE c.consumer = w.account AND c.start >= w.since AND c."end" >= ${now - LOOK_BACK}
        UNION SELECT * FROM lease p WHERE p.provider = w.account AND p.start >= w.since AND p."end" >= ${now - LOOK_BACK}) l ON true
      JOIN LATERAL (VALUES
        ('order.matched', l.id::text, l.slot IS NOT NULL AND l.consumer = w.account),
        ('lease.started', l.id::text, l.start <= ${now}),
        ('lease.outage', l.id::text || ' ' || l.outage::text, l.outage > 0),
        ('lease.ended', l.id::text, l.settled OR l."end" <= ${now}),
        ('lease.settled', l.id::text, l.settled),
        ('provider.earned', l.id::text || ' ' || l.paid::text, l.settled AND l.paid > 0 AND l.provider = w.account)
      ) x(event, what, happened) ON x.happened AND x.event = ANY(w.events)
    WHERE w."endedAt" IS NULL
    ON CONFLICT ("webhookId", key) DO NOTHING`;
}

/** Tells who has spent four fifths of a month's budget, or all of it: once a month. */
export async function noteBudgets(db: Database, now: bigint): Promise<number> {
  const webhooks = await db.webhook.findMany({
    where: { endedAt: null, events: { hasSome: ['budget.80', 'budget.100'] } },
  });
  let written = 0;
  for (const { id, account, events } of webhooks) {
    const { month, perMonth, spent } = await budgetOf(db, account, now);
    if (perMonth === null) continue;
    for (const [event, share] of [
      ['budget.80', 80n],
      ['budget.100', 100n],
    ] as const) {
      if (spent * 100n < perMonth * share || !events.includes(event)) continue;
      const body = JSON.stringify({
        ...{ event, account, month },
        perMonth: perMonth.toString(),
        spent: spent.toString(),
      });
      const data = [{ webhookId: id, key: `${event} ${month}`, event, body }];
      written += (await db.webhookDelivery.createMany({ data, skipDuplicates: true })).count;
    }
  }
  return written;
}

/** Tells whose money lasts for less than three days, or one: once a day. @param feeBps 1/10,000 */
export async function noteMoney(db: Database, now: bigint, feeBps: number): Promise<number> {
  const webhooks = await db.webhook.findMany({
    where: { endedAt: null, events: { hasSome: ['money.72h', 'money.24h'] } },
  });
  let written = 0;
  for (const { id, account, events } of webhooks) {
    const [row, leases] = await Promise.all([
      db.account.findUnique({ where: { address: account } }),
      db.lease.findMany({
        where: { consumer: account, settled: false, end: { gt: now } },
        select: { cards: true, rate: true, end: true },
      }),
    ]);
    const balance =
      row === null ? 0n : BigInt(row.available.plus(row.bidding).plus(row.unbidding).toFixed(0));
    const burning = leases.map(({ rate, ...lease }) => ({ ...lease, rate: BigInt(rate.toFixed(0)) }));
    const { seconds, burnPerHour, prepaid } = runwayOf(balance, burning, now, feeBps);
    if (seconds === null) continue;
    for (const [event, within] of [
      ['money.72h', 72n * HOUR],
      ['money.24h', 24n * HOUR],
    ] as const) {
      if (seconds >= within || !events.includes(event)) continue;
      const body = JSON.stringify({
        event,
        account,
        seconds: seconds.toString(),
        balance: balance.toString(),
        prepaid: prepaid.toString(),
        burnPerHour: burnPerHour.toString(),
      });
      const data = [{ webhookId: id, key: `${event} ${now / DAY}`, event, body }];
      written += (await db.webhookDelivery.createMany({ data, skipDuplicates: true })).count;
    }
  }
  return written;
}
