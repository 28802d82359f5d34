/** Statistics of identifiers over region, industry, chip, provider, grade and time (document 000, IV.A: management). */
import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';
import type { CpiCount, CpiStatistics } from '../../cpi-views.ts';
import { parse } from '../parse.ts';
import { mustAgree } from '../must-agree.ts';

const DIMENSIONS = {
  region: Prisma.sql`i.region`,
  industry: Prisma.sql`i.industry`,
  chip: Prisma.sql`i.chip`,
  provider: Prisma.sql`i.provider`,
  grade: Prisma.sql`i.grade`,
  /** Day (UTC, chain time) on which the node was registered. */
  day: Prisma.sql`coalesce(to_char(to_timestamp(b.timestamp) AT TIME ZONE 'UTC', 'YYYY-MM-DD'), '')`,
};
type Dimension = keyof typeof DIMENSIONS;
const NAMES = Object.keys(DIMENSIONS) as [Dimension, ...Dimension[]];

const MOST_ROWS = 1_000;

const statisticsSchema = z.strictObject({
  /** Dimensions, joined by commas: one or two. */
  by: z
    .string()
    .default('region')
    .transform((list) => list.split(','))
    .pipe(z.array(z.enum(NAMES)).min(1).max(2)),
});

/** An answer looks at every node: it is made at most once in this time for all who ask, and says of when it is. */
const KEPT_MS = 10_000;
const MOST_ANSWERS = 64;
const kept = new WeakMap<Database, LRUCache<string, Promise<CpiStatistics>>>();

/** Rows of the largest first, at most 1,000. @throws Refusal MALFORMED */
export async function statisticsOf(db: Database, query: URLSearchParams): Promise<CpiStatistics> {
  await mustAgree(db, 'lease', 'node');
  const { by } = parse(statisticsSchema, Object.fromEntries(query));
  const answers =
    kept.get(db) ?? new LRUCache<string, Promise<CpiStatistics>>({ max: MOST_ANSWERS, ttl: KEPT_MS });
  kept.set(db, answers);
  const key = by.join();
  const known = answers.get(key);
  if (known !== undefined) return known;
  const answer = count(db, by);
  answers.set(key, answer);
  answer.catch(() => answers.delete(key));
  return answer;
}

async function count(db: Database, by: readonly Dimension[]): Promise<CpiStatistics> {
  const key = Prisma.join(by.map((dimension) => DIMENSIONS[dimension]));
  const added = by.includes('day')
    ? Prisma.sql`LEFT JOIN chain_event e ON e.name = 'NodeAdded' AND e.args->>'node' = i.node LEFT JOIN block b ON b.number = e."blockNumber"`
    : Prisma.empty;
  const rows = await db.$queryRaw<CpiCount[]>`
    SELECT ARRAY[${key}] AS key, count(*)::int AS identifiers, sum(n.cards)::int AS cards,
           sum(greatest(0, n.cards - coalesce(l.cards, 0)))::int AS "freeCards", coalesce(sum(i.gflops), 0)::text AS gflops
    FROM identifier i JOIN node n ON n.id = i.node ${added}
      LEFT JOIN (
        SELECT node, sum(cards) AS cards FROM lease
        WHERE "end" > (SELECT coalesce(max(timestamp), 0) FROM (SELECT timestamp FROM block ORDER BY number DESC LIMIT 1) h) GROUP BY node
      ) l ON l.node = i.node
    GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT ${MOST_ROWS}`;
  const [about] = await db.$queryRaw<{ asOf: string; unreadable: number }[]>`
    SELECT coalesce((SELECT timestamp FROM block ORDER BY number DESC LIMIT 1), 0)::text AS "asOf",
           ((SELECT count(*) FROM node) - (SELECT count(*) FROM identifier))::int AS unreadable`;
  if (about === undefined) throw new Error('an aggregate query gave no row');
  return { by: [...by], ...about, rows };
}
