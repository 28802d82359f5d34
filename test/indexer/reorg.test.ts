import { afterEach, expect, test } from 'vitest';
import { BIDDER, BUYER, PROVIDER } from './actors.ts';
import { tradeOneDay } from './day.ts';
import { readTables } from '../support/tables.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
afterEach(() => world.teardown());

test('when the chain takes another branch, rows are as if the first had never been', async () => {
  world = await setup();
  const { chain, actors } = world;
  const node = await actors.register(PROVIDER, 'a', 8);
  await actors.deposit(BUYER, 500_000_000n);
  await actors.deposit(BIDDER, 500_000_000n);
  await actors.send(BIDDER, 'vault', 'fundBidding', [100_000_000n]);
  const url = await world.database();
  const indexer = await world.indexer(url);
  await indexer.syncTo();

  const fork = await chain.rpc<string>('evm_snapshot');
  await actors.buy(BUYER, PROVIDER, node, 2, 100n);
  await actors.clearSlot(await actors.askOf(node, 200n), 200n);
  await actors.send(PROVIDER, 'registry', 'raiseEpoch', [node]);
  await actors.sendRef(BUYER, 'close', 1n << 8n);
  await indexer.syncTo();

  await chain.rpc('evm_revert', [fork]);
  await chain.mine((await actors.now()) + 1_000n);
  await actors.buy(BUYER, PROVIDER, node, 2, 300n);
  await actors.send(BUYER, 'vault', 'withdraw', [7n]);
  expect(await indexer.syncTo()).toBe(await actors.client.getBlockNumber());
  expect(await readTables(url)).toEqual(await world.freshTables());
});

test('when the chain loses its last blocks, rows go back with it', async () => {
  world = await setup();
  const { chain, deployment, actors } = world;
  const before = await world.freshTables();
  const fork = await chain.rpc<string>('evm_snapshot');
  await tradeOneDay(chain, deployment, actors);
  const url = await world.database();
  const indexer = await world.indexer(url);
  await indexer.syncTo();
  await chain.rpc('evm_revert', [fork]);
  expect(await indexer.syncTo()).toBe(await actors.client.getBlockNumber());
  expect(await readTables(url)).toEqual(before);
});

test('a branch of the same height is noticed', async () => {
  world = await setup();
  const { chain, actors } = world;
  const url = await world.database();
  const indexer = await world.indexer(url);
  const fork = await chain.rpc<string>('evm_snapshot');
  await chain.mine((await actors.now()) + 10n);
  await indexer.syncTo();
  await chain.rpc('evm_revert', [fork]);
  await chain.mine((await actors.now()) + 20n);
  await indexer.syncTo();
  expect(await readTables(url)).toEqual(await world.freshTables());
});

test('a branch taken while nobody watched is followed after the restart, however long', async () => {
  world = await setup();
  const { chain, actors } = world;
  await actors.deposit(BUYER, 5n);
  const fork = await chain.rpc<string>('evm_snapshot');
  await actors.deposit(BIDDER, 9n);
  await chain.rpc('anvil_mine', ['0x64']);
  const url = await world.database();
  await (await world.indexer(url)).syncTo();
  await chain.rpc('evm_revert', [fork]);
  await chain.mine((await actors.now()) + 1_000n);
  await chain.rpc('anvil_mine', ['0xc8']);
  await actors.deposit(BUYER, 11n);
  await (await world.indexer(url)).syncTo(await actors.client.getBlockNumber());
  expect(await readTables(url)).toEqual(await world.freshTables());
});
