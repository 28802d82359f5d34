/** What a class cost over time: the clearing prices of its Bid leases, one candle an interval. */
import { Refusal } from '../../../../domain/refusal.ts';
import type { Database } from '../../../../prisma/client.ts';
import { fresh } from '../../fresh.ts';

export const INTERVALS = ['1m', '15m', '1h', '1d'] as const;
type Interval = (typeof INTERVALS)[number];
const LENGTH: Record<Interval, bigint> = { '1m': 60n, '15m': 900n, '1h': 3_600n, '1d': 86_400n };
/** Candles of one answer. */
const MOST = 200n;

export interface CandleWish {
  resourceClass: string;
  region?: string | undefined;
  interval: Interval;
  /** Unix seconds. */
  from?: bigint | undefined;
  to?: bigint | undefined;
}

export interface Candle {
  at: string;
  open: string;
  high: string;
  low: string;
  close: string;
  leases: number;
  /** Two decimals. */
  cardHours: number;
}

/** Intervals without a lease have no candle. @throws Refusal MALFORMED */
export async function candlesOf(db: Database, now: bigint, wish: CandleWish): Promise<Candle[]> {
  const length = LENGTH[wish.interval];
  const to = wish.to ?? now;
  const first = ((wish.from ?? to - (MOST - 1n) * length) / length) * length;
  if (to < first || (to - first) / length >= MOST) {
    throw new Refusal(
      'MALFORMED',
      `From ${first} to ${to} is no time of at most ${MOST} intervals.`,
      'Ask for less, or for longer intervals.',
    );
  }
  const { resourceClass, region = null } = wish;
  const key = `candles ${resourceClass} ${region} ${length} ${first} ${to / 10n}`;
  return fresh(
    key,
    5_000,
    () => db.$queryRaw<Candle[]>`
    SELECT at::text AS at, (array_agg(rate ORDER BY id))[1]::text AS open, max(rate)::text AS high, min(rate)::text AS low,
           (array_agg(rate ORDER BY id DESC))[1]::text AS close, count(*)::int AS leases,
           round(sum(cards * duration) / 3600.0, 2)::float8 AS "cardHours"
    FROM (SELECT l.start / ${length} * ${length} AS at, l.id, l.rate, l.cards, l.duration
          FROM lease l JOIN node n ON n.id = l.node
          WHERE n."resourceClass" = ${resourceClass} AND (${region}::text IS NULL OR n.region = ${region})
            AND l.slot IS NOT NULL AND l.start >= ${first} AND l.start <= ${to}) clearing
    GROUP BY at ORDER BY clearing.at`,
  );
}
