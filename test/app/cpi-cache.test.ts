import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createStatusCache, type StatusCache } from '../../app/server/cpi/cache.ts';
import type { StatusAnswer } from '../../app/server/cpi/status.ts';
import { changePayload, CHAIN_CHANNEL, type Change } from '../../prisma/listen.ts';
import { emptyDatabase, type TestDatabase } from '../support/postgres.ts';

const HEARD = { timeout: 30_000, interval: 10 };

let database: TestDatabase;
let client: pg.Client;
let cache: StatusCache;
/** What the tables hold, by node. */
let rows: Map<string, StatusAnswer>;
let reads: string[];
/** Called while a read is under way. */
let whileReading: () => Promise<void>;

const answer = (node: string, until: bigint, provider = 'p'): StatusAnswer => ({
  status: { node, provider, asOf: '10' } as StatusAnswer['status'],
  until,
  beating: false,
});

beforeAll(async () => {
  database = await emptyDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});
beforeEach(async () => {
  reads = [];
  rows = new Map(['a', 'b', 'c'].map((node) => [node, answer(node, 1_000n, node === 'c' ? 'q' : 'p')]));
  whileReading = () => Promise.resolve();
  cache = createStatusCache({
    databaseUrl: database.url,
    capacity: 100,
    read: async (nodes) => {
      reads.push(...nodes);
      const found = new Map(nodes.flatMap((node) => (rows.has(node) ? [[node, rows.get(node)!]] : [])));
      await whileReading();
      return found;
    },
  });
  // Nothing is kept before changes are heard.
  await vi.waitFor(async () => expect(await isKept('warm')).toBe(true), HEARD);
});
afterEach(() => cache.close());

async function isKept(node: string): Promise<boolean> {
  const before = cache.counts().hits;
  await cache.get([node]);
  return cache.counts().hits > before;
}

/** Tells the cache, and waits until it has heard: a marker is told after it. */
async function tell(change: Change): Promise<void> {
  await cache.get(['marker']);
  await client.query('SELECT pg_notify($1, $2)', [CHAIN_CHANNEL, changePayload(change)]);
  await client.query('SELECT pg_notify($1, $2)', [
    CHAIN_CHANNEL,
    changePayload({ nodes: ['marker'], providers: [] }),
  ]);
  await vi.waitFor(async () => expect(await isKept('marker')).toBe(false), HEARD);
}

test('aChange_dropsItsNodesAndThoseOfItsProviders_andNoOther', async () => {
  await cache.get(['a', 'b', 'c', 'nobody']);
  await tell({ nodes: ['a', 'nobody'], providers: [] });
  expect([await isKept('b'), await isKept('c'), await isKept('a'), await isKept('nobody')]).toEqual([
    true,
    true,
    false,
    false,
  ]);
  await tell({ nodes: [], providers: ['p'] });
  expect([await isKept('c'), await isKept('a'), await isKept('b')]).toEqual([true, false, false]);
  await tell({ nodes: null, providers: [] });
  expect(await isKept('c')).toBe(false);
});

test('theChainsClock_dropsWhatItChanges', async () => {
  rows.set('a', answer('a', 100n));
  await cache.get(['a', 'b']);
  await tell({ nodes: [], providers: [], time: '99' });
  expect([await isKept('a'), await isKept('b')]).toEqual([true, true]);
  await tell({ nodes: [], providers: [], time: '100' });
  expect([await isKept('a'), await isKept('b')]).toEqual([false, true]);
});

test('whatChangesWhileItIsRead_isNotKept', async () => {
  whileReading = async () => {
    whileReading = () => Promise.resolve();
    await tell({ nodes: ['a'], providers: [] });
  };
  await cache.get(['a', 'b']);
  expect([await isKept('a'), await isKept('b')]).toEqual([false, true]);
});

test('aBrokenConnection_emptiesMemory_untilChangesAreHeardAgain', async () => {
  await cache.get(['a']);
  expect(await isKept('a')).toBe(true);
  await client.query(
    'SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = current_database()',
  );
  await vi.waitFor(async () => expect(await isKept('a')).toBe(false), HEARD);
  await vi.waitFor(async () => expect(await isKept('a')).toBe(true), HEARD);
});

test('changesTooManyToName_areAllOfThem', () => {
  const nodes = Array.from({ length: 200 }, (_, index) => `0x${String(index).padStart(64, '0')}`);
  expect(JSON.parse(changePayload({ nodes, providers: [], time: '5' }))).toEqual({
    nodes: null,
    providers: [],
    time: '5',
  });
  expect(JSON.parse(changePayload({ nodes: nodes.slice(0, 50), providers: [] }))).toMatchObject({
    nodes: nodes.slice(0, 50),
  });
});
