import type { Database } from '../../../prisma/client.ts';
import { signingOf } from '../../../domain/signing.ts';
import type { Hex } from '../../../domain/types.ts';
import type { OrderView } from '../../views.ts';
import { toJson } from '../wire.ts';
import { orderOfRow } from '../wire.ts';
import { requirementNamer } from './classes.ts';
import { mustAgree } from '../must-agree.ts';

/** A consumer's orders, newest first, each with the newest slot's word. */
export async function ordersOf(
  db: Database,
  consumer: string,
  now: bigint,
  limit = 100,
  /** One of them, or those before one in the order of arrival. */
  only: { id?: string; before?: bigint } = {},
): Promise<(OrderView & { seq: string })[]> {
  await mustAgree(db, 'lease');
  const rows = await db.$queryRaw<OrderRow[]>`
    SELECT o.id, o.seq::text AS seq, o.consumer, o.message, o.signature, o.slot::text AS slot, o."validUntil"::text AS "validUntil", o."createdAt",
           x.slot::text AS "outcomeSlot", x.code AS "outcomeCode", l.id::text AS "leaseId",
           EXISTS (SELECT 1 FROM used_nonce u
             WHERE u.kind = 'order' AND u.account = o.consumer AND u.nonce = (o.message->'order'->>'nonce')::numeric) AS spent
    FROM "order" o
      LEFT JOIN LATERAL (SELECT slot, code FROM order_outcome WHERE "orderId" = o.id ORDER BY slot DESC LIMIT 1) x ON true
      LEFT JOIN lease l ON l."sourceId" = o.id
    WHERE o.consumer = ${consumer} AND (${only.id ?? null}::text IS NULL OR o.id = ${only.id ?? null})
      AND (${only.before ?? null}::bigint IS NULL OR o.seq < ${only.before ?? null}::bigint)
    ORDER BY o.seq DESC LIMIT ${limit}`;
  const nameOf = await requirementNamer(db);
  return rows.map((row) => {
    const { order, classes } = orderOfRow(row);
    return {
      id: row.id,
      seq: row.seq,
      consumer: row.consumer,
      order: JSON.parse(toJson(order)) as OrderView['order'],
      className: nameOf(order.requirement, classes),
      signing: signingOf(row.signature as Hex),
      slot: row.slot,
      validUntil: row.validUntil,
      createdAt: row.createdAt.toISOString(),
      state: stateOf(row, now),
      outcome:
        row.outcomeSlot === null || row.outcomeCode === null
          ? null
          : { slot: row.outcomeSlot, code: row.outcomeCode },
      leaseId: row.leaseId,
    };
  });
}

interface OrderRow {
  id: string;
  seq: string;
  consumer: string;
  message: unknown;
  signature: string;
  slot: string;
  validUntil: string;
  createdAt: Date;
  outcomeSlot: string | null;
  outcomeCode: string | null;
  leaseId: string | null;
  spent: boolean;
}

function stateOf(row: OrderRow, now: bigint): string {
  if (row.leaseId !== null) return 'matched';
  if (row.spent) return 'cancelled';
  return BigInt(row.validUntil) < now ? 'expired' : 'waiting';
}

/** A provider's asks for its agent. Reserves stay sealed: who signed them knows them. */
export async function asksOf(db: Database, provider: string, now: bigint, limit = 500) {
  await mustAgree(db, 'node');
  return db.$queryRaw<
    {
      id: string;
      node: string;
      cards: number;
      filled: number;
      validUntil: string;
      slot: string;
      live: boolean;
    }[]
  >`
    SELECT a.id, a.node, (a.message->>'cards')::int AS cards, coalesce(f.filled, 0) AS filled,
           a."validUntil"::text AS "validUntil", a.slot::text AS slot,
           (a."validUntil" >= ${now} AND n.epoch = (a.message->>'nodeEpoch')::bigint
             AND coalesce(f.filled, 0) < (a.message->>'cards')::int
             AND NOT EXISTS (SELECT 1 FROM used_nonce u
               WHERE u.kind = 'ask' AND u.account = a.provider AND u.nonce = (a.message->>'nonce')::numeric)) AS live
    FROM ask a JOIN node n ON n.id = a.node LEFT JOIN fill f ON f.id = a.id
    WHERE a.provider = ${provider} ORDER BY a."createdAt" DESC LIMIT ${limit}`;
}
