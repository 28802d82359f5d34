import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { insertListings } from '../../app/server/book.ts';
import { serverContext } from '../../app/server/context.ts';
import { createResolver } from '../../app/server/cpi/resolve.ts';
import type { CpiPage, CpiStatistics, CpiView } from '../../app/cpi-views.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { providerRegistryAbi } from '../../contracts/generated/abi.ts';
import { formatCpi, parseCpi, type Cpi, type ParsedCpi } from '../../domain/cpi.ts';
import { classId, regionId } from '../../domain/names.ts';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { startChain, type TestChain } from '../support/chain.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';
import { addressOf, CLASS, openMarket, REGION, type Market } from '../scheduler/market.ts';
import { KEYS } from './fixture.ts';
import { openDoor, type Door } from './v1/door.ts';

/** A notification needs a commit and a turn of the loop; a loaded machine needs longer. */
const HEARD = { timeout: 30_000, interval: 20 };

const cpiOf = (serial: string, city = '310115', chips = 'H100-SXM5x8'): Cpi => ({
  x: ['LGSZ', '6450', city, 'lingang-a'],
  y: ['GPU', 'bare-metal', '7912TFLOPS', '20000GB', '100000Mbps', chips],
  s: ['rack', 'EPYC-9454', '96', '1024GB', '20000GB', '1'],
  z: ['10.31.0.11', 'GPU', 'H100-SXM5', serial],
});
const parsedOf = (cpi: Cpi): ParsedCpi => parseCpi(formatCpi(cpi)) as ParsedCpi;
const FIRST = cpiOf('LGSZ-1');
const TEXT = formatCpi(FIRST);
const NODE = parsedOf(FIRST).node;

let chain: TestChain;
let database: TestDatabase;
let market: Market;
let indexer: Indexer;
let dir: string;
let oddNode: string;
let door: Door;

const at = (path: string): Promise<Response> => door.call(`/cpi${path}`);
const batch = (body: unknown): Promise<Response> => door.post('/cpi/resolutions', body);
const bodyOf = async <T>(response: Promise<Response>): Promise<T> => (await (await response).json()) as T;
const resolved = (id: string): Promise<CpiView> => bodyOf(at(`/${encodeURIComponent(id)}`));

const nodeOf = (cpi: Cpi) => {
  const { x, y, s, z } = parsedOf(cpi).segments;
  return {
    x,
    y: `${y}/${s}`,
    z,
    className: CLASS,
    region: REGION,
    cards: 8,
    networkMbps: 100_000,
    storageGb: 20_000,
  };
};

beforeAll(async () => {
  [chain, database] = await Promise.all([startChain(), testDatabase()]);
  market = await openMarket(chain);
  const { deployment } = market;
  [oddNode = ''] = await market.addProvider('alice', [{ name: 'a', cards: 8 }]);
  const nodes = [FIRST, cpiOf('LGSZ-2'), cpiOf('LGSZ-3', '320500'), cpiOf('LGSZ-4', 'NL-NH', 'L40Sx2')].map(
    nodeOf,
  );
  await market.send('alice', deployment.registry, providerRegistryAbi, 'addNodes', nodes);
  indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl: database.url, deployment });
  await indexer.syncTo();
  dir = await mkdtemp(join(tmpdir(), 'cardhour-cpi-'));
  const file = join(dir, 'deployment.json');
  await writeFile(file, formatDeployment(deployment));
  vi.stubEnv('DATABASE_URL', database.url);
  vi.stubEnv('RPC_URL', chain.rpcUrl);
  vi.stubEnv('DEPLOYMENT_FILE', file);
  vi.stubEnv('RECEIPT_KEY', KEYS.receipts);
  door = await openDoor(serverContext());
}, 120_000);
afterAll(async () => {
  await door.close();
  await serverContext().resolver.close();
  await serverContext().db.$disconnect();
  await indexer.close();
  await market.close();
  await chain.stop();
  await database.drop();
  await rm(dir, { recursive: true });
  vi.unstubAllEnvs();
});

test('anIdentifier_isResolved_withNamesAndStatus', async () => {
  const view = await resolved(TEXT);
  expect(view).toMatchObject({
    identifier: TEXT,
    current: TEXT,
    node: NODE,
    flags: [],
    extensions: [],
    grade: 'super',
    problem: null,
    status: {
      provider: addressOf('alice'),
      className: CLASS,
      cards: 8,
      freeCards: 8,
      price: null,
      reputation: 5_000,
      leaving: false,
    },
  });
  const pathOf = (name: string) => view.fields.find((field) => field.name === name)?.path;
  expect(pathOf('city')).toEqual(['上海市', '浦东新区']);
  expect(pathOf('industry')?.at(-1)).toBe('互联网数据服务');
  expect(await resolved(NODE)).toEqual(view);
});

test('whatIsNotRegistered_isDescribedWithoutAStatus', async () => {
  const unknown = await resolved(formatCpi(cpiOf('LGSZ-99', 'DE-BE')));
  expect(unknown).toMatchObject({ status: null, problem: null });
  expect(unknown.fields.find(({ name }) => name === 'city')?.path).toEqual(['Germany', 'Berlin']);
  const odd = await resolved(oddNode);
  expect(odd).toMatchObject({ identifier: null, node: oddNode, status: { cards: 8 } });
  expect(odd.problem).toContain('make no identifier');
});

test('badInput_isRefused_withFieldAndReason', async () => {
  const cases: [Promise<Response>, number, string][] = [
    [at(`/${encodeURIComponent(TEXT.slice(0, 60))}`), 400, 'check value is missing'],
    [at(`/${encodeURIComponent(TEXT.replace('6450', '6451'))}`), 400, 'the check value is not'],
    [at(`/${encodeURIComponent(TEXT.replace('LGSZ', 'LGS\u0405'))}`), 400, 'enterprise: character'],
    [at(`/${encodeURIComponent(`${TEXT}${'a'.repeat(512)}`)}`), 400, 'length'],
    [at('/%'), 400, 'does not begin with'],
    [at(`/0x${'9'.repeat(64)}`), 404, 'not known'],
    [at(`/${encodeURIComponent(formatCpi(cpiOf('LGSZ-99')))}/history`), 404, 'not known'],
    [at('?limit=0'), 400, 'limit'],
    [at('?region=lingang'), 400, 'region'],
    [at('?prefix=%00'), 400, 'NUL'],
    [at('?chipp=H100'), 400, 'chipp'],
    [at('/statistics?by=colour'), 400, 'by'],
    [at('/dictionary?table=constructor'), 404, 'constructor'],
    [batch({ ids: [1] }), 400, 'ids'],
  ];
  for (const [answer, status, words] of cases) {
    const response = await answer;
    const { title } = (await response.json()) as { title: string };
    expect([response.status, title]).toEqual([status, expect.stringContaining(words)]);
  }
});

test('aBatch_resolvesEachByItself', async () => {
  const { items } = await bodyOf<{ items: Record<string, unknown>[] }>(batch({ ids: [TEXT, 'cpi1:', NODE] }));
  expect(items).toEqual([
    expect.objectContaining({ ok: true, identifier: TEXT }),
    expect.objectContaining({ ok: false, code: 'MALFORMED' }),
    expect.objectContaining({ ok: true, identifier: TEXT }),
  ]);
});

test('searches_findByPrefixAndAttribute_inPages', async () => {
  const found = async (query: string) =>
    (await bodyOf<CpiPage>(at(`?${query}`))).items.map(({ identifier }) =>
      identifier.split(',').at(-1)!.slice(0, 6),
    );
  expect(await found('')).toEqual(['LGSZ-1', 'LGSZ-2', 'LGSZ-3', 'LGSZ-4']);
  expect(await found(`prefix=${encodeURIComponent('cpi1:LGSZ,6450,31')}`)).toEqual(['LGSZ-1', 'LGSZ-2']);
  expect(await found('prefix=cpi1:LGSZ,6450,4')).toEqual([]);
  expect(await found('region=CN')).toEqual(['LGSZ-1', 'LGSZ-2', 'LGSZ-3']);
  expect(await found('region=CN-32&chip=h100_sxm5')).toEqual(['LGSZ-3']);
  expect(await found('region=NL&grade=super')).toEqual([]);
  expect(await found(`industry=6450&provider=${addressOf('alice')}&city=320500`)).toEqual(['LGSZ-3']);
  const first = await bodyOf<CpiPage>(at('?limit=3'));
  const second = await bodyOf<CpiPage>(at(`?limit=3&after=${encodeURIComponent(first.next!)}`));
  expect([first.items.length, second.items.length, second.next]).toEqual([3, 1, null]);
});

test('statistics_countByDimension', async () => {
  const { rows, unreadable } = await bodyOf<CpiStatistics>(at('/statistics?by=region,grade'));
  expect(rows).toEqual([
    { key: ['CN-31', 'super'], identifiers: 2, cards: 16, freeCards: 16, gflops: String(2 * 7_912_000) },
    { key: ['CN-32', 'super'], identifiers: 1, cards: 8, freeCards: 8, gflops: '7912000' },
    { key: ['NL', 'large'], identifiers: 1, cards: 8, freeCards: 8, gflops: '724100' },
  ]);
  expect(unreadable).toBe(1);
  const days = await bodyOf<CpiStatistics>(at('/statistics?by=day'));
  expect(days.rows).toEqual([
    {
      key: [expect.stringMatching(/^\d{4}-\d{2}-\d{2}$/)],
      identifiers: 4,
      cards: 32,
      freeCards: 32,
      gflops: expect.any(String) as string,
    },
  ]);
});

test('theDictionary_isServedWithItsVersions', async () => {
  const index = await bodyOf<{
    version: string;
    fields: unknown[];
    tables: { name: string; codes: number }[];
  }>(at('/dictionary'));
  expect(index.fields).toHaveLength(20);
  expect(index.version).toContain('divisions-2024');
  const codes = Object.fromEntries(index.tables.map(({ name, codes: count }) => [name, count]));
  expect(codes).toMatchObject({ countries: 249, industries: 1_401 });
  expect(codes['divisions']).toBeGreaterThan(3_000);
  const table = await bodyOf<{ names: Record<string, string> }>(at('/dictionary?table=divisions'));
  expect(table.names['310000']).toBe('上海市');
  expect(await bodyOf(at('/dictionary?table=chips'))).toMatchObject({ reference: 'H100 SXM' });
});

/** What the tables say now, read by a resolver that has nothing in memory. */
async function fresh(id: string): Promise<CpiView> {
  const { db, deployment } = serverContext();
  const resolver = createResolver({
    db,
    databaseUrl: database.url,
    minProviderStake: deployment.parameters.minProviderStake,
  });
  try {
    return await resolver.resolve(id);
  } finally {
    await resolver.close();
  }
}

test('memory_isDropped_whenTheChainOrTheBookChanges', async () => {
  const { resolver, db } = serverContext();
  await vi.waitFor(async () => {
    const { hits } = resolver.counts();
    await resolved(NODE);
    expect(resolver.counts().hits).toBeGreaterThan(hits);
  }, HEARD);

  const now = BigInt((await resolved(NODE)).status!.asOf);
  const listing = {
    provider: addressOf('alice'),
    node: NODE,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    cards: 4,
    pricePerCardHour: 2_500_000n,
    validFrom: 0n,
    validUntil: now + 1_000_000n,
    nonce: 7n,
  };
  await db.$transaction((tx) =>
    insertListings(tx, [{ id: `0x${'7'.repeat(64)}`, listing, signature: '0x' }]),
  );
  await vi.waitFor(async () => expect((await resolved(NODE)).status?.price).toBe('2500000'), HEARD);

  const upgraded = cpiOf('LGSZ-1', '310115', 'H100-SXM5x16');
  const { y } = nodeOf(upgraded);
  const { registry } = market.deployment;
  await market.send('alice', registry, providerRegistryAbi, 'updateNode', NODE, y, 16, 100_000, 20_000);
  await indexer.syncTo();
  await vi.waitFor(async () => expect((await resolved(NODE)).identifier).toBe(formatCpi(upgraded)), HEARD);
  const old = await resolved(TEXT);
  expect(old).toMatchObject({ identifier: TEXT, current: formatCpi(upgraded), status: { cards: 16 } });
  expect(await resolved(NODE)).toEqual(await fresh(NODE));

  const { items: versions } = await bodyOf<{
    items: { version: number; identifier: string; cards: number }[];
  }>(at(`/${NODE}/history`));
  expect(versions).toMatchObject([
    { version: 2, identifier: formatCpi(upgraded), cards: 16 },
    { version: 1, identifier: TEXT, cards: 8 },
  ]);
});

test('memory_isNotTrusted_whileNobodyIsHeard', async () => {
  const { db, deployment } = serverContext();
  const resolver = createResolver({
    db,
    databaseUrl: 'postgresql://nobody@127.0.0.1:1/none',
    minProviderStake: deployment.parameters.minProviderStake,
  });
  await resolver.resolve(NODE);
  await resolver.resolve(NODE);
  expect(resolver.counts()).toEqual({ hits: 0, misses: 2 });
  await resolver.close();
});
