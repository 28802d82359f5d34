import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { GET as config } from '../../app/api/config/route.ts';
import { GET as missed } from '../../app/api/demand/missed/route.ts';
import { GET as demand } from '../../app/api/demand/route.ts';
import { GET as nodeEntropy } from '../../app/api/entropy/[node]/route.ts';
import { GET as entropy } from '../../app/api/entropy/route.ts';
import { GET as health } from '../../app/api/health/route.ts';
import { GET as lease } from '../../app/api/leases/[id]/route.ts';
import { GET as leases } from '../../app/api/leases/route.ts';
import { GET as market } from '../../app/api/market/route.ts';
import { GET as orders, POST as postOrder } from '../../app/api/orders/route.ts';
import { GET as inputs } from '../../app/api/slots/[n]/inputs/route.ts';
import { GET as slot } from '../../app/api/slots/[n]/route.ts';
import { GET as stats } from '../../app/api/stats/route.ts';
import { POST as postTask } from '../../app/api/tasks/route.ts';
import { POST as postWorkload } from '../../app/api/workloads/route.ts';
import { serverContext } from '../../app/server/context.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { startChain, type TestChain } from '../support/chain.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { openMarket, type Market } from '../scheduler/market.ts';
import { CONSUMER, KEYS } from './fixture.ts';

let chain: TestChain;
let database: TestDatabase;
let deployed: Market;
let indexer: Indexer;
let dir: string;

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
});
afterAll(async () => {
  await serverContext().db.$disconnect();
  await indexer.close();
  await deployed.close();
  await chain.stop();
  await database.drop();
  await rm(dir, { recursive: true });
  vi.unstubAllEnvs();
});

const get = (path: string): Request => new Request(`http://localhost${path}`);
const post = (body: string): Request => new Request('http://localhost/', { method: 'POST', body });
const params = <T>(values: T): { params: Promise<T> } => ({ params: Promise.resolve(values) });

test('health_saysWhatIsMissing_untilTheIndexerIsThere', async () => {
  const before = await health();
  expect(before.status).toBe(503);
  expect(await before.json()).toMatchObject({
    ready: false,
    database: 'up',
    chain: 'up',
    indexer: 'unknown',
  });
  await indexer.syncTo();
  const after = await health();
  expect(after.status).toBe(200);
  expect(await after.json()).toMatchObject({ ready: true, indexer: 'up' });
});

test('market_andStats_showTheNetwork', async () => {
  const { classes } = (await (await market()).json()) as { classes: unknown[] };
  expect(classes).toEqual([
    expect.objectContaining({ cards: 8, freeCards: 8, nodes: 1, listings: [], prices: [] }),
  ]);
  expect(await (await stats()).json()).toMatchObject({
    leases: { open: 0, running: 0, settled: 0 },
    cards: 8,
    escrow: '0',
  });
  expect(await (await config()).json()).toMatchObject({
    deployment: { auction: deployed.deployment.auction, parameters: { gammaWad: '800000000000000000' } },
  });
  expect(await (await orders(get(`/api/orders?consumer=${CONSUMER}`))).json()).toEqual([]);
  expect(await (await leases(get(`/api/leases?account=${CONSUMER}`))).json()).toEqual([]);
  expect(await (await slot(get('/'), params({ n: '1' }))).json()).toMatchObject({
    state: 'empty',
    header: null,
  });
});

test('demandAndEntropy_areThere_beforeAnyTrade', async () => {
  expect(await (await demand()).json()).toMatchObject({ hours: 24, kinds: [], streams: [] });
  expect(await (await missed()).json()).toMatchObject({ orders: 0, missed: [], far: { matches: 0, far: 0 } });
  const { nodes, network } = (await (await entropy()).json()) as {
    nodes: { id: string }[];
    network: unknown[];
  };
  expect(network).toHaveLength(25);
  const one = await nodeEntropy(get('/'), params({ node: nodes[0]!.id }));
  expect(await one.json()).toMatchObject({ microBits: 0, bins: [24, 0, 0, 0], cards: 8 });
});

test('errors_areProblems_withCodeAndFix', async () => {
  const cases: [Promise<Response>, number, string][] = [
    [postOrder(post('{')), 400, 'MALFORMED'],
    [postOrder(post('{}')), 400, 'MALFORMED'],
    [postOrder(post(`"${'x'.repeat(300_000)}"`)), 413, 'TOO_LARGE'],
    [postWorkload(post('{"command":[]}')), 400, 'MALFORMED'],
    [postTask(post('{"version":1}')), 400, 'MALFORMED'],
    [orders(get('/api/orders?consumer=0x12')), 400, 'MALFORMED'],
    [leases(get('/api/leases')), 400, 'MALFORMED'],
    [lease(get('/'), params({ id: '99' })), 404, 'NOT_FOUND'],
    [lease(get('/'), params({ id: '-1' })), 400, 'MALFORMED'],
    [nodeEntropy(get('/'), params({ node: '0x12' })), 404, 'NOT_FOUND'],
    [inputs(get('/'), params({ n: '1' })), 404, 'NOT_FOUND'],
    [inputs(get('/'), params({ n: '99999999999' })), 409, 'SLOT_OPEN'],
  ];
  for (const [answer, status, code] of cases) {
    const response = await answer;
    expect(response.headers.get('content-type')).toBe('application/problem+json');
    const body = (await response.json()) as Record<string, unknown>;
    expect([response.status, body['status'], body['code']]).toEqual([status, status, code]);
    expect(String(body['title'])).toMatch(/\.$/);
    expect(String(body['fix'])).toMatch(/\.$/);
  }
});
