import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVENT_TOPICS, CONTRACTS } from '../../contracts/events.ts';
import type { Hex } from '../../domain/types.ts';
import { bloomFilter } from '../../indexer/chain/proof/bloom.ts';
import { hashesItself, type RawHeader } from '../../indexer/chain/proof/header.ts';
import { receiptsRoot, type RawReceipt } from '../../indexer/chain/proof/receipts.ts';
import { EMPTY_ROOT, listRoot } from '../../indexer/chain/proof/trie.ts';
import { account } from '../support/chain.ts';
import { BUYER } from './actors.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
const headers: RawHeader[] = [];
const receipts: RawReceipt[][] = [];

beforeAll(async () => {
  world = await setup();
  const { chain, actors } = world;
  await actors.deposit(BUYER, 5n);
  // A block of 200 receipts: its tree has branches, ways and keys of one and two bytes.
  await chain.rpc('evm_setAutomine', [false]);
  for (let i = 0; i < 200; i++) {
    const [from, to] = [account(i % 10).address, account(3).address];
    await chain.rpc('eth_sendTransaction', [{ from, to, value: '0x1' }]);
  }
  await chain.mine();
  const head = Number(await chain.rpc('eth_blockNumber'));
  for (let number = 0; number <= head; number++) {
    const tag = `0x${number.toString(16)}`;
    headers.push(await chain.rpc('eth_getBlockByNumber', [tag, false]));
    receipts.push(await chain.rpc('eth_getBlockReceipts', [tag]));
  }
});
afterAll(() => world.teardown());

test("a real chain's headers hash to their hashes, and no changed one does", () => {
  expect(headers.every(hashesItself)).toBe(true);
  const last = headers.at(-1)!;
  for (const change of [
    { timestamp: '0x1' },
    { logsBloom: headers[0]!.logsBloom.replace('0x0', '0x1') },
    { extraData: '0x00' },
  ])
    expect(hashesItself({ ...last, ...change } as RawHeader)).toBe(false);
});

test("a real chain's receipts have their header's root; one fewer, or one changed, has not", () => {
  expect(Math.max(...receipts.map((some) => some.length))).toBe(200);
  headers.forEach((header, index) => expect(receiptsRoot(receipts[index]!)).toBe(header.receiptsRoot));
  const most = receipts.findIndex((some) => some.length === 200);
  expect(receiptsRoot(receipts[most]!.slice(0, -1))).not.toBe(headers[most]!.receiptsRoot);
  const withLogs = receipts.findIndex((some) => some.some(({ logs }) => logs.length > 0));
  const [first, ...rest] = structuredClone(receipts[withLogs]!);
  first!.logs.pop();
  expect(receiptsRoot([first!, ...rest])).not.toBe(headers[withLogs]!.receiptsRoot);
});

test('the root of nothing is the known one', () => {
  expect(listRoot([])).toBe(EMPTY_ROOT);
});

test('a bloom admits every block that has a log of ours, and none that is empty', () => {
  const addresses = CONTRACTS.map((name) => world.deployment[name]);
  const mayHold = bloomFilter(addresses, EVENT_TOPICS);
  const ours = (some: RawReceipt[]): boolean =>
    some.some(({ logs }) =>
      logs.some(
        ({ address, topics }) => addresses.includes(address) && EVENT_TOPICS.includes(topics[0] as Hex),
      ),
    );
  expect(receipts.some(ours)).toBe(true);
  headers.forEach((header, index) => {
    if (ours(receipts[index]!)) expect(mayHold(header.logsBloom)).toBe(true);
    if (receipts[index]!.every(({ logs }) => logs.length === 0))
      expect(mayHold(header.logsBloom)).toBe(false);
  });
});
