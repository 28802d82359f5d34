import { afterAll, beforeAll, expect, test } from 'vitest';
import { ApiProblem, checkReceipt, createClient } from '../../sdk/index.ts';
import type { Hex } from '../../domain/types.ts';
import { openWorld, type World } from '../app/v1/world.ts';
import { addressOf, keyOf } from '../scheduler/market.ts';
import { testDatabase } from '../support/postgres.ts';
import { bidForAnHour } from './example.ts';

let world: World;
beforeAll(async () => {
  world = await openWorld(await testDatabase());
});
afterAll(() => world.close());

test('theExample_bids_andItsReceiptHolds', async () => {
  const id = await bidForAnHour(world.url, keyOf('consumer'), 7n);
  const { key } = await world.makeKey('consumer', { scopes: ['orders:read'] });
  const client = createClient({ url: world.url, key });
  const orders = [];
  for await (const order of client.all('GET /orders', { limit: '1' })) orders.push(order.id);
  expect(orders).toEqual([id]);
});

test('aReceipt_ofAnotherOrderOrSigner_isRefused', async () => {
  const id = await bidForAnHour(world.url, keyOf('consumer'), 8n);
  const row = await world.db.receipt.findUniqueOrThrow({ where: { item: id } });
  const receipt = { ...row, slot: row.slot.toString() };
  const { scheduler } = world.market.deployment;
  checkReceipt(world.market.domain, scheduler, id, receipt);
  expect(() => checkReceipt(world.market.domain, addressOf('consumer'), id, receipt)).toThrow(/signed by/);
  const other: Hex = `0x${'1'.repeat(64)}`;
  expect(() => checkReceipt(world.market.domain, scheduler, other, receipt)).toThrow(/is for/);
  expect(() =>
    checkReceipt(world.market.domain, scheduler, id, { ...receipt, seq: receipt.seq + 1 }),
  ).toThrow(/signed by/);
});

test('aRefusal_isAProblem_withItsFix', async () => {
  const client = createClient({ url: world.url });
  const refused = client.call('GET /leases/{id}', { path: { id: 99n } });
  await expect(refused).rejects.toBeInstanceOf(ApiProblem);
  await expect(refused).rejects.toMatchObject({
    code: 'NOT_FOUND',
    status: 404,
    fix: expect.stringMatching(/\.$/) as string,
  });
});
