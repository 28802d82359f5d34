import type { Database } from '../../../prisma/client.ts';
import type { StatsView } from '../../views.ts';
import { mustAgree } from '../must-agree.ts';

/** The market in numbers. */
export async function statsOf(db: Database, now: bigint, slotSeconds: number): Promise<StatsView> {
  await mustAgree(db, 'lease', 'slot', 'node');
  const [leases] = await db.$queryRaw<
    {
      open: number;
      running: number;
      settled: number;
      leased: number;
      cardSeconds: string;
      escrow: string;
      paid: string;
      fees: string;
    }[]
  >`
    SELECT count(*) FILTER (WHERE NOT l.settled)::int AS open,
           count(*) FILTER (WHERE NOT l.settled AND r.state = 'running' AND l."end" > ${now})::int AS running,
           count(*) FILTER (WHERE l.settled)::int AS settled,
           coalesce(sum(l.cards) FILTER (WHERE l."end" > ${now}), 0)::int AS leased,
           coalesce(sum(l.cards * (l."end" - l.start)) FILTER (WHERE l.settled), 0)::text AS "cardSeconds",
           coalesce(sum(l.locked - l.paid - l.fee - l.refunded), 0)::text AS escrow,
           coalesce(sum(l.paid), 0)::text AS paid, coalesce(sum(l.fee), 0)::text AS fees
    FROM lease l LEFT JOIN lease_report r ON r."leaseId" = l.id`;
  const [slots] = await db.$queryRaw<{ committed: number; abandoned: number; newest: string | null }[]>`
    SELECT (SELECT count(*)::int FROM slot) AS committed,
           (SELECT count(*)::int FROM slot_run WHERE state = 'abandoned') AS abandoned,
           (SELECT max(slot)::text FROM slot) AS newest`;
  const [orders] = await db.$queryRaw<{ total: number; waiting: number; matched: number }[]>`
    SELECT count(*)::int AS total,
           count(*) FILTER (WHERE o."validUntil" >= ${now} AND l.id IS NULL)::int AS waiting,
           count(l.id)::int AS matched
    FROM "order" o LEFT JOIN lease l ON l."sourceId" = o.id`;
  const [supply] = await db.$queryRaw<{ providers: number; nodes: number; cards: number }[]>`
    SELECT count(DISTINCT provider)::int AS providers, count(*)::int AS nodes, coalesce(sum(cards), 0)::int AS cards FROM node`;
  const refusals = await db.refusal.findMany({ orderBy: [{ kind: 'asc' }, { code: 'asc' }] });
  if (leases === undefined || slots === undefined || orders === undefined || supply === undefined) {
    throw new Error('an aggregate query gave no row');
  }
  return {
    now: now.toString(),
    slot: (now / BigInt(slotSeconds)).toString(),
    leases: { open: leases.open, running: leases.running, settled: leases.settled },
    slots,
    orders,
    ...supply,
    leasedCards: leases.leased,
    cardHoursSettled: Number(BigInt(leases.cardSeconds) / 36n) / 100,
    escrow: leases.escrow,
    paid: leases.paid,
    fees: leases.fees,
    refusals: refusals.map((row) => ({ kind: row.kind, code: row.code, count: row.count.toString() })),
  };
}
