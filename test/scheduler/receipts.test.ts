import { afterEach, beforeEach, expect, test } from 'vitest';
import { decodeManifest } from '../../domain/manifest.ts';
import type { Hex } from '../../domain/types.ts';
import { readReceipts } from '../../scheduler/book/receipts.ts';
import { setup } from './setup.ts';

let at: Awaited<ReturnType<typeof setup>>;
beforeEach(async () => {
  at = await setup();
});
afterEach(() => at.teardown());

test('manifest_holdsTheSlotsReceipts_andKeepsThemWhenTheSlotRunsAgain', async () => {
  const slot = await at.openSlot();
  const ask = await at.ask(slot, 0, 8, 1_000_000n, 1n);
  const order = await at.order(slot, 2, 5_000_000n, 1n);
  for (const [seq, item] of [order, ask].entries()) await receipt(slot, seq, item);
  await at.closeSlot(slot);
  await expect(at.pipeline({ rpcUrl: await at.deafNode() }).runSlot(slot)).rejects.toThrow(/refused/);
  const published = (await at.run(slot))!.manifest;
  expect(decodeManifest(published).receipts).toEqual({ items: [order, ask], signature: '0x0b' });

  // A receipt that comes too late is not in the file that the chain binds: whoever holds it can show that.
  await receipt(slot, 2, await at.order(slot, 1, 5_000_000n, 2n));
  expect(await at.pipeline().runSlot(slot)).toMatchObject({ state: 'committed', matched: 1 });
  expect((await at.run(slot))!.manifest).toEqual(published);
});

test('receipts_withAGap_stopTheSlot', async () => {
  const slot = await at.openSlot();
  const order = await at.order(slot, 2, 5_000_000n, 1n);
  await receipt(slot, 1, order);
  const client = await at.pool.connect();
  await expect(readReceipts(client, slot)).rejects.toThrow('has no receipt 0');
  client.release();
});

/** A receipt as the gateway stores it; its signature is checked by nobody here. */
async function receipt(slot: bigint, seq: number, item: Hex): Promise<void> {
  await at.pool.query(
    'INSERT INTO receipt (slot, seq, item, head, scheduler, signature) VALUES ($1, $2, $3, $4, $5, $6)',
    [slot, seq, item, item, item.slice(0, 42), `0x0${seq === 0 ? 'a' : 'b'}`],
  );
}
