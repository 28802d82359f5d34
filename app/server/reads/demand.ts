/** What the market saw of demand: orders and purchases of the last day, by kind and by class, with what they say of the next hour. */
import { Demand, type Sums } from '../../../domain/tasks/demand.ts';
import {
  KIND_VARIABLE,
  kindOf,
  RENDERING_FROM,
  TRAINING_FROM,
  type TaskKind,
} from '../../../domain/tasks/kind.ts';
import type { Database } from '../../../prisma/client.ts';
import type { DemandRow, DemandView } from '../../views.ts';
import { requirementNamer } from './classes.ts';
import { mustAgree } from '../must-agree.ts';

/** Hours that the estimates look back. */
const HOURS = 24;
const HOUR = 3600;

interface Row extends Sums {
  /** Unix seconds of the hour. */
  at: number;
  stated: string | null;
  /** Seconds that stand for the band of durations. */
  band: number;
  requirement: string;
  classes: string[];
}

/** @param now chain time, unix seconds */
export async function demandOf(db: Database, now: bigint, slotSeconds: number): Promise<DemandView> {
  await mustAgree(db, 'lease', 'node');
  const first = (Number(now / BigInt(HOUR)) - HOURS + 1) * HOUR;
  const [rows, nameOf, since] = await Promise.all([
    readRows(db, first, slotSeconds),
    requirementNamer(db),
    watchedFrom(db),
  ]);
  const streams = new Map<string, { kind: TaskKind; className: string; demand: Demand }>();
  const kinds = new Map<TaskKind, Demand>();
  for (const row of rows) {
    const kind = kindOf(row.stated, row.band);
    const className = nameOf(row.requirement, row.classes);
    const key = `${kind} ${className}`;
    const stream = streams.get(key) ?? { kind, className, demand: new Demand(HOURS) };
    streams.set(key, stream);
    stream.demand.add(row.at, row);
    const total = kinds.get(kind) ?? new Demand(HOURS);
    kinds.set(kind, total);
    total.add(row.at, row);
  }
  const at = Number(now);
  const viewOf = (demand: Demand): Omit<DemandRow, 'kind' | 'className'> => ({
    ...demand.estimate(at, since),
    hourly: demand.hourly(at),
  });
  const order = (a: DemandRow, b: DemandRow): number => b.next.cardHours - a.next.cardHours;
  return {
    now: now.toString(),
    hours: HOURS,
    watchedHours: Math.min(HOURS, Math.max(0, (at - since) / HOUR)),
    kinds: [...kinds].map(([kind, demand]) => ({ kind, className: 'all', ...viewOf(demand) })).sort(order),
    streams: [...streams.values()]
      .map(({ kind, className, demand }) => ({ kind, className, ...viewOf(demand) }))
      .sort(order),
  };
}

/** The day's orders, each in the hour of its first slot, and purchases; what prolongs a lease is no arrival. */
async function readRows(db: Database, first: number, slotSeconds: number): Promise<Row[]> {
  return db.$queryRaw<Row[]>`
    WITH arrival AS (
      SELECT o.slot * ${slotSeconds}::int AS at, o.message->'order'->>'workload' AS workload, o.message->'order'->>'requirement' AS requirement,
             o.message->'classes' AS classes, (o.message->'order'->>'cards')::int AS cards,
             coalesce(l."end" - l.start, (o.message->'order'->>'duration')::bigint) AS seconds
      FROM "order" o LEFT JOIN lease l ON l."sourceId" = o.id AND l.parent IS NULL
      WHERE o.slot >= ${first}::bigint / ${slotSeconds}::int
      UNION ALL
      SELECT l.start, l.workload, n."resourceClass", '[]'::jsonb, l.cards, l."end" - l.start
      FROM lease l JOIN node n ON n.id = l.node
      WHERE l.slot IS NULL AND l.parent IS NULL AND l.start >= ${first}::bigint)
    SELECT (a.at / ${HOUR}::int * ${HOUR}::int)::float8 AS at, w.body::jsonb->'env'->>${KIND_VARIABLE} AS stated,
           (ARRAY[0, ${RENDERING_FROM}::int, ${TRAINING_FROM}::int])[
             1 + width_bucket(a.seconds::float8, ARRAY[${RENDERING_FROM}::float8, ${TRAINING_FROM}::float8])] AS band,
           a.requirement, a.classes, count(*)::int AS arrivals, sum(a.cards)::int AS cards, count(*)::int AS services,
           sum(a.seconds)::float8 AS seconds, sum(a.seconds::float8 ^ 2) AS squares
    FROM arrival a LEFT JOIN workload w ON w.hash = a.workload
    GROUP BY 1, 2, 3, 4, 5`;
}

/** Since when the market watches, unix seconds: its oldest block that is kept. */
async function watchedFrom(db: Database): Promise<number> {
  const block = await db.block.findFirst({ orderBy: { number: 'asc' }, select: { timestamp: true } });
  return Number(block?.timestamp ?? 0n);
}
