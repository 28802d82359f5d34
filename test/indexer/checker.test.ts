import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createIndexer } from '../../indexer/indexer.ts';
import { startLiar } from '../support/liar.ts';
import { readTables } from '../support/tables.ts';
import { tradeOneDay } from './day.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;

beforeAll(async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
});
afterAll(() => world.teardown());

async function run(url: string, sql: string): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}

test('rows of every table agree with the contracts after a day of trade', async () => {
  const url = await world.database();
  const indexer = await world.indexer(url);
  await indexer.syncTo();
  for (let look = 0; look < 5; look++) await indexer.check();
  const { checked, different, stopped } = indexer.status().checks;
  expect(checked).toBeGreaterThan(50);
  expect({ different, stopped }).toEqual({ different: 0, stopped: [] });
  expect(await run(url, 'SELECT * FROM read_stop')).toEqual([]);
});

test.each([
  ['account', 'UPDATE account SET available = available + 1'],
  ['lease', `UPDATE lease SET settled = NOT settled`],
  ['node', 'UPDATE node SET cards = cards + 1'],
  ['provider', 'UPDATE provider SET stake = stake + 1'],
  ['page', `UPDATE page SET source = '0x${'12'.repeat(32)}'`],
  ['slot', 'UPDATE slot SET "pagesCommitted" = 7'],
  ['quote', 'UPDATE quote SET deadline = deadline + 1'],
])('a wrong row of %s stops the reads of its table, and making the rows anew ends it', async (table, sql) => {
  const url = await world.database();
  const notices: string[] = [];
  const { chain, deployment } = world;
  const onNotice = (notice: string): void => void notices.push(notice);
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: url, deployment, onNotice });
  await indexer.syncTo();
  const right = await readTables(url);
  await run(url, sql);
  await indexer.check();
  const stops = await run(url, 'SELECT * FROM read_stop');
  // A lease is looked up through its page.
  expect(stops.map((stop) => stop['table'])).toContain(table);
  expect(stops[0]!['sentence']).toMatch(/is not what the contract says: the row says .*, the chain /);
  expect(notices.join()).toContain('Reads of this table are stopped');
  expect(indexer.status().checks.stopped).toContain(table);
  // It stays until somebody asks for the rows anew.
  await indexer.check();
  expect(await run(url, 'SELECT * FROM read_stop')).toHaveLength(stops.length);
  await run(url, `UPDATE index_state SET fold = ''`);
  await indexer.check();
  expect(await run(url, 'SELECT * FROM read_stop')).toEqual([]);
  expect(await readTables(url)).toEqual(right);
  await indexer.close();
});

test('a node that lies about a row stops no reads while another says the truth', async () => {
  const url = await world.database();
  const liar = await startLiar(world.chain.rpcUrl);
  liar.tell(async ({ method }, truth) => {
    const answer = await truth();
    if (method !== 'eth_call' || answer === null || !('result' in answer)) return answer;
    return { result: String(answer.result).replace(/[1-9]$/, '0') };
  });
  const rpcUrl = [liar.rpcUrl, world.chain.rpcUrl];
  const indexer = await createIndexer({ rpcUrl, databaseUrl: url, deployment: world.deployment });
  await indexer.syncTo();
  for (let look = 0; look < 3; look++) await indexer.check();
  expect(indexer.status().checks).toMatchObject({ different: 0, stopped: [] });
  await indexer.close();
  await liar.close();
});

test('final blocks and their events can be neither changed nor deleted', async () => {
  const url = await world.database();
  const { chain, deployment } = world;
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: url, deployment, sealDepth: 10 });
  const head = await indexer.syncTo();
  const { sealed } = indexer.status();
  expect(sealed).toBeGreaterThan(head - 30n);
  for (const sql of [
    `DELETE FROM block WHERE number = ${sealed}`,
    `UPDATE block SET hash = 'x' WHERE number = ${sealed}`,
    `DELETE FROM chain_event WHERE "blockNumber" <= ${sealed}`,
    `UPDATE chain_event SET name = 'x' WHERE "blockNumber" <= ${sealed}`,
  ])
    await expect(run(url, sql)).rejects.toMatchObject({ code: 'CH001' });
  await indexer.close();
});
