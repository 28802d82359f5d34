import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';
import { leaseRef } from '../../../domain/lease-page.ts';
import type { Hex } from '../../../domain/types.ts';
import type { LeaseRefView, LeaseView } from '../../views.ts';
import { mustAgree } from '../must-agree.ts';

interface LeaseFilter {
  account?: string | undefined;
  provider?: string | undefined;
  consumer?: string | undefined;
  id?: bigint | undefined;
  ids?: bigint[] | undefined;
  /** Only those that still hold money. */
  live?: boolean | undefined;
  /** Only those before it. */
  before?: bigint | undefined;
}

/** Leases with what their agents report, newest first. */
export async function leasesOf(
  db: Database,
  { account, provider, consumer, id, ids, live, before }: LeaseFilter,
  limit = 100,
): Promise<LeaseView[]> {
  await mustAgree(db, 'lease', 'node');
  const where = [
    Prisma.sql`true`,
    ...(account === undefined ? [] : [Prisma.sql`(l.consumer = ${account} OR l.provider = ${account})`]),
    ...(provider === undefined ? [] : [Prisma.sql`l.provider = ${provider}`]),
    ...(consumer === undefined ? [] : [Prisma.sql`l.consumer = ${consumer}`]),
    ...(id === undefined ? [] : [Prisma.sql`l.id = ${id}`]),
    ...(ids === undefined ? [] : [Prisma.sql`l.id = ANY(${ids}::bigint[])`]),
    ...(live === true ? [Prisma.sql`NOT l.settled`] : []),
    ...(before === undefined ? [] : [Prisma.sql`l.id < ${before}`]),
  ];
  // One text for all rows: the client takes 26 values of each apart more slowly than JSON.parse does.
  const [answer] = await db.$queryRaw<{ rows: string }[]>`
    SELECT coalesce(json_agg(t), '[]')::text AS rows FROM (SELECT l.id::text AS id, l.consumer, l.provider, l.node, coalesce(n."className", m."className") AS "className", coalesce(n.region, m.region) AS region, l."sourceId", l.slot::text AS slot, l.cards,
           l.duration::text AS duration, l.start::text AS start, l."end"::text AS "end", l.rate::text AS rate,
           l.locked::text AS locked, l.paid::text AS paid, l.fee::text AS fee, l.refunded::text AS refunded,
           l."settledUntil"::text AS "settledUntil", l.workload, l."endReason", l.settled,
           r.state, r."exitCode", r.heartbeats, to_char(r."lastBeatAt", 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') AS "lastBeatAt", r.sandbox
    FROM lease l LEFT JOIN node n ON n.id = l.node LEFT JOIN lease_report r ON r."leaseId" = l.id
      -- A cluster's lease is of its members' class and region.
      LEFT JOIN LATERAL (SELECT x."className", x.region FROM chain_event e JOIN node x ON x.id = e.args->'members'->0->>'node'
        WHERE n.id IS NULL AND e.name = 'ClusterFormed' AND e.args->>'account' = l.provider LIMIT 1) m ON true
    WHERE ${Prisma.join(where, ' AND ')} ORDER BY l.id DESC LIMIT ${limit}) t`;
  const rows = JSON.parse(answer?.rows ?? '[]') as LeaseRow[];
  return rows.map(({ state, exitCode, heartbeats, lastBeatAt, sandbox, ...lease }) => ({
    ...lease,
    report:
      state === null || heartbeats === null || lastBeatAt === null || sandbox === null
        ? null
        : { state, exitCode, heartbeats, lastBeatAt, sandbox },
  }));
}

/** The lease with its proof against its page, as the lease book's calls take it. */
export async function refOf(db: Database, id: bigint): Promise<LeaseRefView | null> {
  await mustAgree(db, 'page');
  const row = await db.page.findUnique({ where: { id: id >> 8n } });
  if (row === null) return null;
  const { start, source, accounts, leases } = row;
  const page = { id: row.id, start, source: source as Hex, accounts: accounts as Hex, leases: leases as Hex };
  const ref = leaseRef(page, Number(id & 0xffn));
  return {
    ...ref,
    pageId: ref.pageId.toString(),
    start: ref.start.toString(),
    lease: { ...ref.lease, rate: ref.lease.rate.toString() },
  };
}

interface LeaseRow extends Omit<LeaseView, 'report'> {
  state: string | null;
  exitCode: number | null;
  heartbeats: number | null;
  lastBeatAt: string | null;
  sandbox: string | null;
}

/** Most characters of a log that one answer carries: its end. */
const LOG_LIMIT = 200_000;

/** The end of a lease's log as one text. */
export async function logOf(db: Database, leaseId: bigint): Promise<{ text: string; pieces: number }> {
  const rows = await db.leaseLog.findMany({ where: { leaseId }, orderBy: { seq: 'desc' }, take: 500 });
  const text = rows
    .reverse()
    .map((row) => row.text)
    .join('');
  return { text: text.slice(-LOG_LIMIT), pieces: rows.length };
}
