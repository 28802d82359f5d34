/**
 * What an account rented and let, a line a lease, in the month in which the lease began; every amount as the chain has it now, to the
 * unit, with where the chain says so: the transaction that opened the lease, its page and its place there, and its slot.
 */
import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';
import type { Month } from './month.ts';

export interface LeaseLine {
  lease: string;
  /** rented: the account pays; let: it is paid. */
  side: 'rented' | 'let';
  /** Of the other side. */
  counterparty: string;
  className: string | null;
  region: string | null;
  cards: number;
  /** Unix seconds. */
  start: string;
  end: string;
  /** Seconds settled so far. */
  seconds: string;
  /** Base units per card-hour. */
  rate: string;
  locked: string;
  /** To the provider, and to the market. */
  price: string;
  fee: string;
  /** Of a firm quote: what it cost above the lease, kept by the market. */
  surplus: string;
  refunded: string;
  /** Still locked. */
  held: string;
  endReason: string;
  settled: boolean;
  /** Null for a Buy. */
  slot: string | null;
  page: string;
  place: number;
  /** Null while its event is not here. */
  txHash: string | null;
  block: string | null;
}

export type Side = LeaseLine['side'];
const COLUMN = { rented: Prisma.sql`l.consumer`, let: Prisma.sql`l.provider` };

/** In the order of their ids. @param after id of the last of the page before */
export async function leaseLines(
  db: Database,
  account: string,
  { from, to }: Month,
  side: Side,
  limit: number,
  after = -1n,
): Promise<LeaseLine[]> {
  const other = side === 'rented' ? COLUMN.let : COLUMN.rented;
  return db.$queryRaw<LeaseLine[]>`
    SELECT l.id::text AS lease, ${side} AS side, ${other} AS counterparty, coalesce(n."className", m."className") AS "className",
           coalesce(n.region, m.region) AS region, l.cards, l.start::text AS start, l."end"::text AS "end",
           (l."settledUntil" - l.start - l.outage)::text AS seconds, l.rate::text AS rate, l.locked::text AS locked, l.paid::text AS price,
           l.fee::text AS fee, coalesce(q.kept, 0)::text AS surplus, l.refunded::text AS refunded,
           (l.locked - l.paid - l.fee - l.refunded)::text AS held, l."endReason", l.settled, l.slot::text AS slot,
           (l.id >> 8)::text AS page, (l.id & 255)::int AS place, e."txHash", e."blockNumber"::text AS block
    FROM lease l LEFT JOIN node n ON n.id = l.node
      LEFT JOIN quote q ON q.id = l."sourceId" AND q.outcome = 'PROCURED'
      LEFT JOIN LATERAL (SELECT c."txHash", c."blockNumber" FROM chain_event c
        WHERE (l.slot IS NOT NULL AND c.name = 'PageCommitted' AND c.args->>'pageId' = (l.id >> 8)::text)
           OR (l.slot IS NULL AND c.name = 'ListingBought' AND c.args->>'leaseId' = l.id::text) LIMIT 1) e ON true
      -- A cluster's lease is of its members' class and region.
      LEFT JOIN LATERAL (SELECT x."className", x.region FROM chain_event c JOIN node x ON x.id = c.args->'members'->0->>'node'
        WHERE n.id IS NULL AND c.name = 'ClusterFormed' AND c.args->>'account' = l.provider LIMIT 1) m ON true
    WHERE ${COLUMN[side]} = ${account} AND l.start >= ${from} AND l.start < ${to} AND l.id > ${after}
    ORDER BY l.id LIMIT ${limit}`;
}

export interface LeaseTotals {
  leases: number;
  locked: string;
  price: string;
  fee: string;
  surplus: string;
  refunded: string;
  held: string;
}

/** The same lines, summed. */
export async function leaseTotals(
  db: Database,
  account: string,
  { from, to }: Month,
  side: Side,
): Promise<LeaseTotals> {
  const [row] = await db.$queryRaw<LeaseTotals[]>`
    SELECT count(*)::int AS leases, coalesce(sum(l.locked), 0)::text AS locked, coalesce(sum(l.paid), 0)::text AS price,
           coalesce(sum(l.fee), 0)::text AS fee, coalesce(sum(q.kept), 0)::text AS surplus, coalesce(sum(l.refunded), 0)::text AS refunded,
           coalesce(sum(l.locked - l.paid - l.fee - l.refunded), 0)::text AS held
    FROM lease l LEFT JOIN quote q ON q.id = l."sourceId" AND q.outcome = 'PROCURED'
    WHERE ${COLUMN[side]} = ${account} AND l.start >= ${from} AND l.start < ${to}`;
  return row!;
}
