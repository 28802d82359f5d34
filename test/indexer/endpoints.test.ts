import { afterEach, beforeEach, expect, test } from 'vitest';
import { createIndexer, type Indexer } from '../../indexer/indexer.ts';
import { startLiar, type Liar, type Lie } from '../support/liar.ts';
import { readTables } from '../support/tables.ts';
import { BUYER } from './actors.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
let nodes: Liar[];
let notices: string[];
let indexer: Indexer;
let url: string;

beforeEach(async () => {
  world = await setup();
  nodes = [await startLiar(world.chain.rpcUrl), await startLiar(world.chain.rpcUrl)];
  notices = [];
  url = await world.database();
});
afterEach(async () => {
  await indexer.close();
  for (const node of nodes) await node.close();
  await world.teardown();
});

/** A lie about what a method answers. */
function about(method: string, change: (result: never) => unknown): Lie {
  return async (call, truth) => {
    const answer = await truth();
    if (call.method !== method || answer === null || !('result' in answer)) return answer;
    return { result: change(structuredClone(answer.result) as never) };
  };
}

async function open(): Promise<void> {
  const { deployment } = world;
  const rpcUrl = nodes.map((node) => node.rpcUrl);
  indexer = await createIndexer({
    rpcUrl,
    databaseUrl: url,
    deployment,
    onNotice: (notice) => notices.push(notice),
  });
}

async function rowsAreRight(): Promise<void> {
  await world.actors.deposit(BUYER, 11n);
  expect(await indexer.syncTo()).toBe(await world.actors.client.getBlockNumber());
  expect(await readTables(url)).toEqual(await world.freshTables());
}

test('when a node is away, the next one serves', async () => {
  await open();
  nodes[0]!.tell(() => null);
  await rowsAreRight();
  expect(indexer.status().endpoints[0]).toMatchObject({ state: 'paused', lies: 0 });
  expect(notices).toHaveLength(1);
});

test.each<[string, Lie]>([
  [
    'drops a log',
    about('eth_getBlockReceipts', (receipts: { logs: unknown[] }[]) =>
      receipts.map((r) => ({ ...r, logs: r.logs.slice(1) })),
    ),
  ],
  [
    'changes a log',
    about('eth_getBlockReceipts', (receipts: { logs: object[] }[]) =>
      receipts.map((r) => ({ ...r, logs: r.logs.map((log) => ({ ...log, data: `0x${'7'.repeat(64)}` })) })),
    ),
  ],
  ['has no receipts', about('eth_getBlockReceipts', () => [])],
  [
    'hides logs behind an empty bloom',
    about(
      'eth_getBlockByNumber',
      (header: object) => header && { ...header, logsBloom: `0x${'0'.repeat(512)}` },
    ),
  ],
  [
    'gives another block',
    about('eth_getBlockByNumber', (header: object) => header && { ...header, number: '0x1' }),
  ],
])('a node that %s is found out, said, and left for another', async (_, lie) => {
  await open();
  nodes[0]!.tell(lie);
  await rowsAreRight();
  expect(indexer.status().endpoints[0]!.lies).toBeGreaterThan(0);
  expect(notices[0]).toMatch(/^http:\/\/127\.0\.0\.1:\d+ \(1\) is paused: /);
});

test('a lone node that names no newest block is waited for', async () => {
  nodes = nodes.slice(0, 1);
  await open();
  nodes[0]!.tell(async ({ params }, truth) => (params[0] === 'latest' ? { result: null } : truth()));
  await expect(indexer.syncTo()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE', retryable: true });
  nodes[0]!.tell(null);
  await rowsAreRight();
});

test('a lone liar changes no row', async () => {
  nodes = nodes.slice(0, 1);
  await open();
  await indexer.syncTo();
  const before = await readTables(url);
  nodes[0]!.tell(about('eth_getBlockReceipts', () => []));
  await world.actors.deposit(BUYER, 11n);
  await expect(indexer.syncTo()).rejects.toMatchObject({ code: 'CHAIN_UNREACHABLE', retryable: true });
  // Blocks without our logs may be there; of the others none.
  expect((await readTables(url))['account']).toEqual(before['account']);
  nodes[0]!.tell(null);
  await rowsAreRight();
});

test('a node that lags takes nothing back, and is said to lag', async () => {
  await open();
  await world.chain.rpc('anvil_mine', ['0x20']);
  await indexer.syncTo();
  const head = await world.actors.client.getBlockNumber();
  const old = await world.chain.rpc('eth_getBlockByNumber', [`0x${(head - 20n).toString(16)}`, false]);
  nodes[0]!.tell(async ({ method, params }, truth) => {
    if (method !== 'eth_getBlockByNumber') return truth();
    if (params[0] === 'latest') return { result: old };
    return Number(params[0]) > Number(head - 20n) ? { result: null } : truth();
  });
  expect(await indexer.syncTo()).toBe(head);
  expect(indexer.status().endpoints.map(({ state }) => state)).toEqual(['lagging', 'good']);
  await rowsAreRight();
});

test('a node of another chain is said to be one, and never asked for blocks', async () => {
  nodes[0]!.tell(about('eth_chainId', () => '0x1'));
  await open();
  await rowsAreRight();
  expect(indexer.status().endpoints.map(({ state }) => state)).toEqual(['foreign', 'good']);
  expect(nodes[0]!.calls.some(({ method }) => method === 'eth_getBlockReceipts')).toBe(false);
  expect(notices.join()).toMatch(
    /is foreign: RPC_URL leads to chain 1, and the deployment is on chain 31337/,
  );
});
