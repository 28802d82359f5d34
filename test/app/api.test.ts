import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { insertListings } from '../../app/server/book.ts';
import { serverContext } from '../../app/server/context.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { classId, regionId } from '../../domain/names.ts';
import type { Hex } from '../../domain/types.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { startChain, type TestChain } from '../support/chain.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { addressOf, CLASS, openMarket, REGION, signAsk, type Market } from '../scheduler/market.ts';
import { CONSUMER, KEYS } from './fixture.ts';
import { openDoor, type Door } from './v1/door.ts';

let chain: TestChain;
let database: TestDatabase;
let deployed: Market;
let indexer: Indexer;
let dir: string;
let door: Door;
let supply: Hex | undefined;

beforeAll(async () => {
  [chain, database] = await Promise.all([startChain(), testDatabase()]);
  deployed = await openMarket(chain);
  [supply] = await deployed.addProvider('alice', [{ name: 'a', cards: 8 }]);
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

test('whereNothingIsFound_itIsSaidWhy', async () => {
  expect(await read('/listings')).toMatchObject({
    items: [],
    next: null,
    none: { reason: 'NO_CLASS', sentence: 'Nothing is listed now.', nearest: null },
  });
  const now = BigInt(((await read('/stats')) as { now: string }).now);
  const nodes = (await read('/nodes')) as { items: { id: Hex }[] };
  const listing = {
    provider: addressOf('alice'),
    node: nodes.items[0]!.id,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    cards: 4,
    pricePerCardHour: 2_500_000n,
    validFrom: 0n,
    validUntil: now + 1_000_000n,
    nonce: 7n,
  };
  await serverContext().db.$transaction((tx) =>
    insertListings(tx, [{ id: `0x${'7'.repeat(64)}`, listing, signature: '0x' }]),
  );
  expect(
    await read(`/listings?class=${classId(CLASS)}&cards=4&maxPrice=2500000&region=${REGION}`),
  ).toMatchObject({
    items: [{ price: '2500000', left: 4 }],
    none: null,
  });
  const none = async (query: string) => ((await read(`/listings?${query}`)) as { none: object }).none;
  const nearest = { price: '2500000' };
  expect(await none('maxPrice=2400000')).toMatchObject({
    reason: 'PRICE',
    counts: { NO_CLASS: 1, PRICE: 0 },
    sentence: 'None is at 2.4 or below: the lowest price is 2.5 per card-hour.',
    nearest,
  });
  expect(await none('cards=5')).toMatchObject({
    reason: 'NO_CARDS',
    sentence: expect.stringContaining('most is 4') as unknown,
  });
  expect(await none('region=nowhere')).toMatchObject({
    reason: 'NO_REGION',
    fix: expect.stringContaining(REGION) as unknown,
  });
  expect(await none(`class=0x${'1'.repeat(64)}`)).toMatchObject({ reason: 'NO_CLASS' });
});

test('aTask_isToldWhatTheAuctionSaysToItsPrice', async () => {
  const task = {
    version: 1,
    kind: 'training',
    resources: { classes: [CLASS], cards: 2, seconds: 3_600 },
    toleranceSeconds: 7_200,
  };
  const word = async (change: object) =>
    (await (await door.post('/tasks', { ...task, ...change })).json()) as {
      auction: object;
      maxPrice: string | null;
    };
  expect(await word({})).toMatchObject({
    maxPrice: null,
    auction: { serves: false, note: { reason: 'NO_CLASS' } },
  });
  const now = BigInt(((await read('/stats')) as { now: string }).now);
  const { id: _, ...ask } = signAsk(deployed.domain, 'alice', offer(), now);
  expect((await door.post('/asks', ask)).status).toBe(201);
  await vi.waitFor(
    async () => expect(await word({})).toMatchObject({ auction: { serves: true, note: null } }),
    {
      timeout: 30_000,
    },
  );
  expect(await word({ maxPrice: '1500000' })).toMatchObject({
    maxPrice: '1500000',
    auction: { serves: true },
  });
  const { auction } = await word({ maxPrice: '1499999' });
  expect(auction).toMatchObject({
    serves: false,
    note: { reason: 'PRICE', code: 'PRICE_TOO_LOW', counts: { NO_CLASS: 1, PRICE: 0 } },
  });
  expect((await door.post('/tasks', { ...task, maxPrice: '-1' })).status).toBe(400);
});

function offer() {
  return { supply: supply!, cards: 4, reservePrice: 1_500_000n, nonce: 1n };
}

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
