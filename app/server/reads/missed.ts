/**
 * What the auctions of the last day could not serve, as suppliers should see it: what was wanted, where, how often, at what price (002, section
 * 3.5: when the nearest node is far off, plan new ones).
 */
import { ZERO_HASH } from '../../../domain/hash.ts';
import { regionId } from '../../../domain/names.ts';
import { median } from '../../../domain/pricing.ts';
import type { Database } from '../../../prisma/client.ts';
import type { MissedRow, MissedView } from '../../views.ts';
import { requirementNamer } from './classes.ts';
import { mustAgree } from '../must-agree.ts';

const DAY = 86_400n;
/** Words of the matching for which no provider's offer was to blame. */
const NO_SUPPLY = ['NO_CLASS', 'NO_REGION', 'NO_CARDS', 'NO_REPUTATION', 'NO_TIER', 'PRICE'];
/** A match whose nearest node is this far in state (Eq. 5) is of quite another size: a third of the reference in every component. */
const FAR = 11_000_000n;

interface Row {
  id: string;
  reason: string;
  /** Slots in which it was missed. */
  slots: number;
  last: bigint;
  requirement: string;
  classes: string[];
  region: string;
  cards: number;
  duration: bigint;
  startPrice: string;
  lowestReserve: string | null;
  served: boolean;
  waiting: boolean;
}

/** @param now chain time, unix seconds */
export async function missedOf(db: Database, now: bigint, slotSeconds: number): Promise<MissedView> {
  await mustAgree(db, 'lease', 'node');
  const since = (now - DAY) / BigInt(slotSeconds);
  const [rows, nameOf, regions, far, orders] = await Promise.all([
    readRows(db, since, now),
    requirementNamer(db),
    db.node.findMany({ distinct: ['region'], select: { region: true } }),
    readFar(db, since),
    db.order.count({ where: { slot: { gte: since } } }),
  ]);
  const places = new Map<string, string>(regions.map(({ region }) => [regionId(region), region]));
  const placeOf = (id: string): string =>
    id === ZERO_HASH ? 'anywhere' : (places.get(id) ?? `${id.slice(0, 10)}…`);
  const groups = Map.groupBy(
    rows,
    (row) => `${row.reason} ${nameOf(row.requirement, row.classes)} ${row.region}`,
  );
  const view = [...groups.values()].map((group): MissedRow => {
    const [any] = group as [Row, ...Row[]];
    const offered = group.map(({ startPrice }) => BigInt(startPrice));
    const reserves = group.flatMap(({ lowestReserve }) =>
      lowestReserve === null ? [] : [BigInt(lowestReserve)],
    );
    return {
      reason: any.reason,
      what: nameOf(any.requirement, any.classes),
      region: placeOf(any.region),
      orders: group.length,
      consumersWaiting: group.filter(({ waiting }) => waiting).length,
      servedLater: group.filter(({ served }) => served).length,
      slots: group.reduce((sum, { slots }) => sum + slots, 0),
      cards: group.reduce((sum, { cards }) => sum + cards, 0),
      mostCards: group.reduce((most, { cards }) => Math.max(most, cards), 0),
      cardHours:
        Math.round(group.reduce((sum, { cards, duration }) => sum + (cards * Number(duration)) / 36, 0)) /
        100,
      offered: median(offered).toString(),
      lowestReserve: reserves.length === 0 ? null : reserves.reduce((a, b) => (a < b ? a : b)).toString(),
      lastSlot: group.reduce((last, row) => (row.last > last ? row.last : last), 0n).toString(),
    };
  });
  // What would have brought most work first; what was served later weighs less.
  const lost = (row: MissedRow): number =>
    (row.cardHours * (row.orders - row.servedLater + 0.1)) / row.orders;
  return {
    now: now.toString(),
    hours: 24,
    orders,
    missed: view.sort((a, b) => lost(b) - lost(a)).slice(0, 100),
    far,
  };
}

async function readRows(db: Database, since: bigint, now: bigint): Promise<Row[]> {
  return db.$queryRaw<Row[]>`
    WITH miss AS (
      SELECT "orderId", count(*)::int AS slots, max(slot) AS last, (array_agg(code ORDER BY slot DESC))[1] AS reason,
             min((detail->>'nearestReserve')::numeric) AS reserve
      FROM order_outcome WHERE slot >= ${since} AND code = ANY(${NO_SUPPLY}::text[])
      GROUP BY 1)
    SELECT o.id, m.reason, m.slots, m.last, o.message->'order'->>'requirement' AS requirement, o.message->'classes' AS classes,
           o.message->'order'->>'region' AS region, (o.message->'order'->>'cards')::int AS cards,
           (o.message->'order'->>'duration')::bigint AS duration, o.message->'order'->>'startPrice' AS "startPrice",
           m.reserve::text AS "lowestReserve", l.id IS NOT NULL AS served, l.id IS NULL AND o."validUntil" >= ${now} AS waiting
    FROM miss m JOIN "order" o ON o.id = m."orderId"
      LEFT JOIN lease l ON l."sourceId" = o.id AND l.parent IS NULL`;
}

/** Matches that found nothing near: the first of a shortlist is the nearest, its distance bytes 4 to 7 (prisma/shortlist-bytes.ts). */
async function readFar(db: Database, since: bigint): Promise<MissedView['far']> {
  const [row] = await db.$queryRaw<{ matches: number; far: number }[]>`
    SELECT count(*)::int AS matches,
           count(*) FILTER (WHERE ('x' || encode(substr(shortlist, 5, 4), 'hex'))::bit(32)::bigint > ${FAR})::int AS far
    FROM slot_match WHERE slot >= ${since} AND length(shortlist) > 0`;
  return { matches: row?.matches ?? 0, far: row?.far ?? 0, bound: Number(FAR) };
}
