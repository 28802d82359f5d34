import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { serverContext } from '../../app/server/context.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { startChain, type TestChain } from '../support/chain.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { openMarket, type Market } from '../scheduler/market.ts';
import { CONSUMER, KEYS } from './fixture.ts';
import { openDoor, type Door } from './v1/door.ts';

let chain: TestChain;
let database: TestDatabase;
let deployed: Market;
let indexer: Indexer;
let dir: string;
let door: Door;

beforeAll(async () => {
  [chain, database] = await Promise.all([startChain(), testDatabase()]);
  deployed = await openMarket(chain);
  await deployed.addProvider('alice', [{ name: 'a', cards: 8 }]);
  indexer = await createIndexer({
    rpcUrl: chain.rpcUrl,
    databaseUrl: database.url,
    deployment: deployed.deployment,
  });
  dir = await mkdtemp(join(tmpdir(), 'cardhour-api-'));
  const file = join(dir, 'deployment.json');
  await writeFile(file, formatDeployment(deployed.deployment));
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('RPC_URL', chain.rpcUrl);
  vi.stubEnv('DEPLOYMENT_FILE', file);
  vi.stubEnv('RECEIPT_KEY', KEYS.receipts);
  door = await openDoor(serverContext());
});
afterAll(async () => {
  await door.close();
  await serverContext().db.$disconnect();
  await indexer.close();
  await deployed.close();
  await chain.stop();
  await database.drop();
  await rm(dir, { recursive: true });
  vi.unstubAllEnvs();
});

const read = async (path: string): Promise<unknown> => (await door.call(path)).json();

test('health_saysWhatIsMissing_untilTheIndexerIsThere', async () => {
  const health = (): Promise<Response> => fetch(`${door.url}/api/health`);
  const before = await health();
  expect(before.status).toBe(503);
  expect(await before.json()).toMatchObject({
    ready: false,
    database: 'up',
    chain: 'up',
    indexer: 'unknown',
  });
  expect((await door.call('/ready')).status).toBe(503);
  await indexer.syncTo();
  const after = await health();
  expect(after.status).toBe(200);
  expect(await after.json()).toMatchObject({ ready: true, indexer: 'up' });
  expect((await door.call('/ready')).status).toBe(200);
});

test('market_andStats_showTheNetwork', async () => {
  const { classes } = (await read('/market')) as { classes: unknown[] };
  expect(classes).toEqual([
    expect.objectContaining({ cards: 8, freeCards: 8, nodes: 1, listings: [], prices: [] }),
  ]);
  expect(await read('/stats')).toMatchObject({
    leases: { open: 0, running: 0, settled: 0 },
    cards: 8,
    escrow: '0',
  });
  expect(await read('/config')).toMatchObject({
    deployment: { auction: deployed.deployment.auction, parameters: { gammaWad: '800000000000000000' } },
  });
  expect(await read(`/leases?account=${CONSUMER}`)).toEqual({ items: [], next: null });
  expect(await read('/slots/1')).toMatchObject({ state: 'empty', header: null });
});

test('demandAndEntropy_areThere_beforeAnyTrade', async () => {
  expect(await read('/demand')).toMatchObject({ hours: 24, kinds: [], streams: [] });
  expect(await read('/demand/missed')).toMatchObject({ orders: 0, missed: [], far: { matches: 0, far: 0 } });
  const { nodes, network } = (await read('/entropy')) as { nodes: { id: string }[]; network: unknown[] };
  expect(network).toHaveLength(25);
  expect(await read(`/entropy/${nodes[0]!.id}`)).toMatchObject({
    microBits: 0,
    bins: [24, 0, 0, 0],
    cards: 8,
  });
});

test('whatIsWrong_isRefused', async () => {
  const cases: [Promise<Response>, number, string][] = [
    [door.post('/tasks', { version: 1 }), 400, 'MALFORMED'],
    [door.post('/workloads', { command: [] }), 400, 'MALFORMED'],
    [door.call('/leases'), 400, 'MALFORMED'],
    [door.call('/entropy/0x12'), 400, 'MALFORMED'],
    [door.call(`/entropy/0x${'1'.repeat(64)}`), 404, 'NOT_FOUND'],
    [door.call('/slots/1/inputs'), 404, 'NOT_FOUND'],
    [door.call('/slots/99999999999/inputs'), 409, 'SLOT_OPEN'],
  ];
  for (const [answer, status, code] of cases) {
    const response = await answer;
    const body = (await response.json()) as Record<string, unknown>;
    expect([response.status, body['code']]).toEqual([status, code]);
  }
});
