/**
 * Resolution of identifiers: parsing alone, from memory, and from a real PostgreSQL with a million of them. `CPI_IDENTIFIERS`
 * sets another count.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createResolver, type Resolver } from '../app/server/cpi/resolve.ts';
import { searchIdentifiers } from '../app/server/cpi/search.ts';
import { statisticsOf } from '../app/server/cpi/statistics.ts';
import { parseCpi } from '../domain/cpi.ts';
import { keccakBytes } from '../domain/hash.ts';
import { openDatabase, type Database } from '../prisma/client.ts';
import { createDatabase, startPostgres } from '../prisma/embedded.ts';
import { migrate } from '../prisma/migrate.ts';
import { percentile, random, type Bench } from './bench.ts';
import { generateNodes, type BenchNode } from './cpi/nodes.ts';
import { storeNodes } from './cpi/store.ts';

const IDENTIFIERS = Number(process.env['CPI_IDENTIFIERS'] ?? 1_000_000);
/** Distinct identifiers that are asked for again and again. */
const HOT = Math.min(20_000, IDENTIFIERS / 2);
const HITS = 30_000;
const MISSES = Math.min(10_000, IDENTIFIERS / 2);
const SEARCHES = 1_000;
const MIN_STAKE = 100_000_000n;

export const bench: Bench = async (seed) => {
  const nodes = generateNodes(IDENTIFIERS, seed);
  const parsing = parseAll(nodes);
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-'));
  const server = await startPostgres({ dir });
  let db: Database | undefined;
  let resolver: Resolver | undefined;
  try {
    const databaseUrl = await createDatabase(server.url, 'bench');
    await migrate(databaseUrl);
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 1 });
    const started = performance.now();
    await storeNodes(pool, nodes, seed);
    const loadSeconds = Math.round((performance.now() - started) / 1000);
    const { rows } = await pool.query<{ bytes: string }>(
      "SELECT pg_total_relation_size('identifier') AS bytes",
    );
    await pool.end();

    db = openDatabase(databaseUrl, 4);
    resolver = createResolver({ db, databaseUrl, minProviderStake: MIN_STAKE, capacity: HOT });
    const lookups = await resolveMany(resolver, nodes, seed);
    const searches = await search(db, nodes, seed);
    return {
      measured: MEASURED,
      figures: {
        identifiers: nodes.length,
        ...lookups,
        ...parsing,
        ...searches,
        loadSeconds,
        identifierTableMb: Math.round(Number(rows[0]?.bytes) / 1e6),
      },
    };
  } finally {
    await resolver?.close();
    await db?.$disconnect();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

const MEASURED =
  `${IDENTIFIERS} identifiers, a fifth of their nodes with leases and a fifth with a listing, in a durable embedded PostgreSQL; one after the other in one process: ` +
  `${HITS} resolutions (parse, names, flags, status) of ${HOT} that memory holds, ${MISSES} of ones that it does not, ${SEARCHES} first pages of 50 by prefix, by one attribute and by two; ` +
  'parses of all identifiers, and the two hashes alone that each parse needs (check value, node id)';

function parseAll(nodes: readonly BenchNode[]): Record<string, number> {
  const texts = nodes.map(({ text }) => text);
  const parse = (): void => {
    for (const text of texts) if ('reason' in parseCpi(text)) throw new Error(`${text} does not parse`);
  };
  const encoder = new TextEncoder();
  // Both hashes of a parse are of its bytes: of what precedes the check value, and of X and Z.
  const hashed = nodes.map(({ text, x, z }) => [
    encoder.encode(text.slice(0, text.indexOf('#'))),
    encoder.encode(`${x}/${z}`),
  ]);
  const hash = (): void => {
    for (const [body, node] of hashed) {
      keccakBytes(body!);
      keccakBytes(node!);
    }
  };
  const perSecond = (work: () => void): number => {
    // The first run compiles.
    const rates = [0, 1, 2].map(() => {
      const started = performance.now();
      work();
      return (texts.length / (performance.now() - started)) * 1000;
    });
    return Math.round(Math.max(...rates.slice(1)));
  };
  const parsesPerSecond = perSecond(parse);
  const hashPairsPerSecond = perSecond(hash);
  return {
    parsesPerSecond,
    hashPairsPerSecond,
    hashShareOfParse: Math.round((parsesPerSecond / hashPairsPerSecond) * 100) / 100,
  };
}

async function resolveMany(
  resolver: Resolver,
  nodes: readonly BenchNode[],
  seed: number,
): Promise<Record<string, number>> {
  const next = random(seed + 1);
  const pick = (from: number, to: number): string => nodes[from + Math.floor(next() * (to - from))]!.text;
  const timed = async (id: string): Promise<number> => {
    const started = performance.now();
    const { status } = await resolver.resolve(id);
    const ms = performance.now() - started;
    if (status === null) throw new Error(`${id} is not registered`);
    return ms;
  };
  // Until the resolver hears of changes it keeps nothing.
  for (;;) {
    await resolver.resolve(nodes[0]!.text);
    const { hits } = resolver.counts();
    await resolver.resolve(nodes[0]!.text);
    if (resolver.counts().hits > hits) break;
    await sleep(10);
  }
  const misses: number[] = [];
  for (let count = 0; count < MISSES; count++) {
    const before = resolver.counts().misses;
    const ms = await timed(pick(HOT, nodes.length));
    if (resolver.counts().misses > before) misses.push(ms);
  }
  for (const { text } of nodes.slice(0, HOT)) await resolver.resolve(text);
  const hits: number[] = [];
  for (let count = 0; count < HITS; count++) {
    const before = resolver.counts().hits;
    const ms = await timed(pick(0, HOT));
    if (resolver.counts().hits > before) hits.push(ms);
  }
  const total = hits.reduce((sum, ms) => sum + ms, 0);
  return {
    cacheP99Ms: percentile(hits, 0.99),
    cacheHits: hits.length,
    cacheResolutionsPerSecond: Math.round((hits.length / total) * 1000),
    databaseP50Ms: percentile(misses, 0.5),
    databaseP99Ms: percentile(misses, 0.99),
    databaseReads: misses.length,
  };
}

async function search(
  db: Database,
  nodes: readonly BenchNode[],
  seed: number,
): Promise<Record<string, number>> {
  const next = random(seed + 2);
  const some = (): BenchNode => nodes[Math.floor(next() * nodes.length)]!;
  const run = async (queryOf: (node: BenchNode) => Record<string, string>): Promise<number> => {
    const ms: number[] = [];
    for (let count = 0; count < SEARCHES; count++) {
      const query = new URLSearchParams(queryOf(some()));
      const started = performance.now();
      const { items } = await searchIdentifiers(db, query);
      ms.push(performance.now() - started);
      if (items.length === 0) throw new Error(`${query} finds nothing`);
    }
    return percentile(ms, 0.99);
  };
  const started = performance.now();
  await statisticsOf(db, new URLSearchParams({ by: 'region,grade' }));
  const statisticsMs = Math.round(performance.now() - started);
  return {
    prefixP99Ms: await run(({ text }) => ({ prefix: text.slice(0, 20) })),
    attributeP99Ms: await run(({ row }) => ({ region: row.region })),
    twoAttributesP99Ms: await run(({ row }) => ({ chip: row.chip, industry: row.industry })),
    statisticsMs,
  };
}
