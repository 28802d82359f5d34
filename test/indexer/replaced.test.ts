import { afterEach, expect, test } from 'vitest';
import { createIndexer } from '../../indexer/indexer.ts';
import { deployMarket, startChain } from '../support/chain.ts';
import { emptyDatabase } from '../support/postgres.ts';
import { tradeOneDay } from './day.ts';
import { readTables } from '../support/tables.ts';
import { PARAMETERS, setup } from './setup.ts';

const REFUSED = { name: 'Refusal', code: 'CHAIN_REPLACED' };
let world: Awaited<ReturnType<typeof setup>>;
afterEach(() => world.teardown());

test('a chain that began anew is refused at the start, and nothing is written', async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
  const url = await world.database();
  await (await world.indexer(url)).syncTo();
  const before = await readTables(url);
  await world.chain.stop();
  const again = await world.startWorld({ port: world.chain.port, timestamp: 1_900_000_000 });
  await expect(world.indexer(url, again)).rejects.toMatchObject({
    ...REFUSED,
    sentence: expect.stringContaining('began anew') as string,
  });
  expect(await readTables(url)).toEqual(before);
});

test('a chain that begins anew under a running indexer is refused, and nothing is written', async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
  const url = await world.database();
  const indexer = await world.indexer(url);
  await indexer.syncTo();
  const before = await readTables(url);
  await world.chain.stop();
  await world.startWorld({ port: world.chain.port, timestamp: 1_900_000_000 });
  await expect(indexer.syncTo()).rejects.toMatchObject(REFUSED);
  expect(await readTables(url)).toEqual(before);
});

test('a chain with the same first block but another history is refused', async () => {
  const timestamp = 1_900_000_000;
  world = await setup({ timestamp });
  const url = await world.database();
  const indexer = await world.indexer(url);
  await indexer.syncTo();
  const before = await readTables(url);
  await world.chain.stop();
  const another = await startChain({ port: world.chain.port, timestamp });
  await another.mine(timestamp + 500);
  await deployMarket(another.rpcUrl, PARAMETERS);
  await expect(indexer.syncTo()).rejects.toMatchObject(REFUSED);
  expect(await readTables(url)).toEqual(before);
  await another.stop();
});

test('a deployment with another auction is refused', async () => {
  world = await setup();
  const url = await world.database();
  await (await world.indexer(url)).syncTo();
  const deployment = await deployMarket(world.chain.rpcUrl, PARAMETERS);
  await expect(world.indexer(url, { chain: world.chain, deployment })).rejects.toMatchObject(REFUSED);
});

test('a chain without the deployment is refused before anything is written', async () => {
  world = await setup();
  const url = await world.database();
  const deployment = { ...world.deployment, auction: world.deployment.treasury };
  await expect(world.indexer(url, { chain: world.chain, deployment })).rejects.toMatchObject(REFUSED);
  expect((await readTables(url))['chain']).toEqual([]);
});

test('a chain that is away is refused as such, and may be tried again', async () => {
  world = await setup();
  const databaseUrl = await world.database();
  const { deployment } = world;
  await expect(
    createIndexer({ rpcUrl: 'http://127.0.0.1:1', databaseUrl, deployment }),
  ).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE', retryable: true });
  const indexer = await world.indexer(databaseUrl);
  await world.chain.stop();
  await expect(indexer.syncTo()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE' });
});

test('a database without our tables is refused as such, and may be tried again', async () => {
  world = await setup();
  const database = await emptyDatabase();
  const { chain, deployment } = world;
  await expect(
    createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: database.url, deployment }),
  ).rejects.toMatchObject({ code: 'NOT_READY', retryable: true });
  await database.drop();
});
