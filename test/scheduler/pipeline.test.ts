import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeManifest } from '../../domain/manifest.ts';
import { BOOK_LOCK } from '../../prisma/locks.ts';
import { openQueue, openWorker } from '../../scheduler/jobs/queue.ts';
import { slotJob } from '../../scheduler/jobs/slot.definition.ts';
import { handleSlot } from '../../scheduler/jobs/slot.handler.ts';
import { signAsk, signOrder, storeItems } from './market.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;

describe('pipeline', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  beforeEach(async () => {
    at = await setup();
  });
  afterEach(() => at.teardown());

  it('runSlot_clearsCommitsAndOpensTheLease', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const order = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);

    const report = await at.pipeline().runSlot(slot);
    await at.indexer.syncTo();

    expect(report).toMatchObject({
      state: 'committed',
      orders: 1,
      asks: 1,
      matched: 1,
      unmatched: 0,
      skipped: [],
    });
    expect(await at.run(slot)).toMatchObject({ state: 'committed', error: null });
    expect(await at.outcomes(slot)).toEqual({ [order]: 'matched' });
    const leases = await at.pool.query('SELECT "sourceId", cards, rate::text, slot FROM lease');
    // A lone ask is paid the start price.
    expect(leases.rows).toEqual([
      { sourceId: order, cards: 2, rate: PRICE.toString(), slot: slot.toString() },
    ]);
    const chain = await at.pool.query(
      'SELECT "pageCount", "pagesCommitted", "matchCount", skipped FROM slot WHERE slot = $1',
      [slot],
    );
    expect(chain.rows).toEqual([{ pageCount: 1, pagesCommitted: 1, matchCount: 1, skipped: 0 }]);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('runSlot_ofMoreThanAPageCommitsThemAllInOneGo', async () => {
    const names = Array.from({ length: 14 }, (_, index) => ({ name: `n${index}`, cards: 8 }));
    const supplies = await at.market.addProvider('bob', names);
    const slot = await at.openSlot();
    const now = await at.now();
    const { domain } = at.market;
    const asks = supplies.map((supply, index) =>
      signAsk(domain, 'bob', { supply, cards: 8, reservePrice: 1_000_000n, nonce: BigInt(index) }, now),
    );
    const orders = Array.from({ length: 110 }, (_, index) =>
      signOrder(domain, 'carol', { cards: 1, startPrice: PRICE, nonce: BigInt(index) }, now),
    );
    await storeItems(at.pool, slot, asks, orders);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({
      state: 'committed',
      matched: 110,
      skipped: [],
    });
    await at.indexer.syncTo();
    const { rows } = await at.pool.query('SELECT "pageCount", "pagesCommitted" FROM slot WHERE slot = $1', [
      slot,
    ]);
    expect(rows).toEqual([{ pageCount: 2, pagesCommitted: 2 }]);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('runSlot_againChangesNothing', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await at.pipeline().runSlot(slot);
    const [sent, run] = [await at.sent(), await at.run(slot)];
    await at.indexer.syncTo();

    const again = await at.pipeline().runSlot(slot);
    expect(again).toMatchObject({ state: 'committed', matched: 1 });
    expect(await at.sent()).toBe(sent);
    expect(await at.run(slot)).toEqual(run);
  });

  it('runSlot_withoutAnOrderCommitsNothing', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.closeSlot(slot);
    expect(await at.pipeline().runSlot(slot)).toMatchObject({ state: 'empty' });
    expect(await at.sent()).toBe(0);
    expect(await at.run(slot)).toBeUndefined();
  });

  it('runSlot_waitsForAMessageThatTheGatewayIsStoring', async () => {
    const slot = await at.openSlot();
    const gateway = await at.pool.connect();
    await gateway.query('BEGIN');
    await gateway.query('SELECT pg_advisory_xact_lock($1, $2)', [BOOK_LOCK.space, BOOK_LOCK.key]);
    await at.closeSlot(slot);
    const running = at.pipeline().runSlot(slot);
    await sleep(100);
    const order = await at.order(slot, 2, PRICE, 1n);
    await gateway.query('COMMIT');
    gateway.release();
    expect(await running).toMatchObject({ state: 'committed', orders: 1 });
    expect(Object.keys(await at.outcomes(slot))).toEqual([order]);
  });

  it('runSlot_beforeTheChainBeganIsEmpty', async () => {
    expect(await at.pipeline().runSlot(1n)).toMatchObject({ state: 'empty' });
    const slot = (await at.now()) / 10n - 100n;
    const pipeline = at.pipeline({ indexerWaitMs: 0 });
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'empty' });
    // Not closed yet: the indexer can't have what is not there.
    await expect(pipeline.runSlot((await at.now()) / 10n + 1n)).rejects.toThrow(/no block after the end/);
  });

  it('runSlot_killedBeforeTheBroadcastContinuesWithTheSameBytes', async () => {
    const slot = await at.openSlot();
    const ask = await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const order = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await expect(at.pipeline({ rpcUrl: await at.deafNode() }).runSlot(slot)).rejects.toThrow(/refused/);
    const intents = await at.pool.query('SELECT effect, hash FROM tx_intent ORDER BY nonce');
    expect(intents.rows).toHaveLength(2);
    expect(await at.sent()).toBe(0);
    // What comes in meanwhile does not change what the slot is made of.
    await at.order(slot, 1, PRICE, 2n);

    const report = await at.pipeline().runSlot(slot);
    expect(report).toMatchObject({ state: 'committed', matched: 1 });
    expect((await at.pool.query('SELECT effect, hash FROM tx_intent ORDER BY nonce')).rows).toEqual(
      intents.rows,
    );
    const manifest = decodeManifest((await at.run(slot))?.manifest ?? Buffer.alloc(0));
    expect(manifest).toMatchObject({ slot, orders: [{ id: order }], asks: [{ id: ask }] });
  });

  it('runSlot_pastItsDeadlineIsAbandonedAndItsOrderReturns', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const order = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await expect(at.pipeline({ rpcUrl: await at.deafNode() }).runSlot(slot)).rejects.toThrow(/refused/);
    await at.mineAt(at.deadlineOf(slot) + 1n);

    expect(await at.pipeline().runSlot(slot)).toMatchObject({ state: 'abandoned' });
    expect(await at.outcomes(slot)).toEqual({ [order]: 'SLOT_ABANDONED' });
    expect((await at.run(slot))?.error).toContain('SlotTooLate');

    const next = await at.openSlot();
    await at.closeSlot(next);
    expect(await at.pipeline().runSlot(next)).toMatchObject({ state: 'committed', matched: 1 });
    expect(await at.outcomes(next)).toEqual({ [order]: 'matched' });
  });

  it('recover_givesUpSlotsThatWereMissed', async () => {
    const slot = await at.openSlot();
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await at.mineAt(at.deadlineOf(slot) + 30n);
    const pipeline = at.pipeline();
    expect(await pipeline.recover()).toEqual({ resent: 0, abandoned: 1 });
    expect(await at.run(slot)).toMatchObject({ state: 'abandoned', error: 'not run before its deadline' });
    expect(await pipeline.recover()).toEqual({ resent: 0, abandoned: 0 });
  });

  it('runSlot_isNotChangedByWhatHappensAfterTheClose', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const cancelled = await at.order(slot, 2, PRICE, 1n);
    const kept = await at.order(slot, 1, PRICE, 2n);
    await at.closeSlot(slot);
    await at.market.cancelNonce('carol', 1n);
    await at.indexer.syncTo();

    const report = await at.pipeline().runSlot(slot);
    expect(report).toMatchObject({ state: 'committed', matched: 2, skipped: [] });
    expect(await at.outcomes(slot)).toEqual({ [cancelled]: 'matched', [kept]: 'matched' });
    await at.indexer.syncTo();
    const { rows } = await at.pool.query<{ sourceId: string }>('SELECT "sourceId" FROM lease');
    expect(rows.map((row) => row.sourceId).sort()).toEqual([cancelled, kept].sort());
    expect(await at.broken(slot)).toEqual([]);
  });

  it('runSlot_finishesEarlierSlotsFirst_andBuildsOnThem', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const first = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await expect(at.pipeline({ rpcUrl: await at.deafNode() }).runSlot(slot)).rejects.toThrow(/refused/);

    const second = await at.order(slot + 1n, 7, PRICE, 2n);
    const third = await at.order(slot + 1n, 6, PRICE, 3n);
    await at.closeSlot(slot + 1n);
    const pipeline = at.pipeline();
    // Two of the eight cards went to the first slot's order, although its page came after this slot's close.
    const report = await at.following(pipeline.runSlot(slot + 1n));
    expect(report).toMatchObject({ state: 'committed', matched: 1, unmatched: 1, skipped: [] });
    expect(await at.outcomes(slot)).toEqual({ [first]: 'matched' });
    expect(await at.outcomes(slot + 1n)).toEqual({ [second]: 'NO_CARDS', [third]: 'matched' });
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'committed', matched: 1, skipped: [] });
    await at.indexer.syncTo();
    expect(await at.broken(slot)).toEqual([]);
    expect(await at.broken(slot + 1n)).toEqual([]);
  });

  it('runSlot_keepsAnUnmatchedOrderInTheBook', async () => {
    const slot = await at.openSlot();
    const order = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    const pipeline = at.pipeline();
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'committed', matched: 0, unmatched: 1 });
    expect(await at.outcomes(slot)).toEqual({ [order]: 'NO_CLASS' });
    await at.ask(slot + 1n, 0, 8, 1_000_000n, 1n);
    await at.closeSlot(slot + 1n);
    expect(await pipeline.runSlot(slot + 1n)).toMatchObject({ state: 'committed', matched: 1 });
    await at.indexer.syncTo();
    // Filled: it is in no later slot.
    await at.closeSlot(slot + 2n);
    expect(await pipeline.runSlot(slot + 2n)).toMatchObject({ state: 'empty' });
  });

  it('settleDue_paysALeaseToItsEnd', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n, 60);
    await at.closeSlot(slot);
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    expect(await pipeline.settleDue()).toBe(0);
    await at.mineAt((await at.now()) + 70n);
    expect(await pipeline.settleDue()).toBe(1);
    // The indexer has not seen it yet; it is not sent twice.
    expect(await pipeline.settleDue()).toBe(0);
    await at.indexer.syncTo();
    expect(await at.pipeline().settleDue()).toBe(0);
    const { rows } = await at.pool.query(
      'SELECT settled, paid::text, fee::text, (locked - paid - fee - refunded)::text AS held FROM lease',
    );
    expect(rows).toEqual([{ settled: true, paid: '66666', fee: '1334', held: '0' }]);
  });

  it('recover_commitsAgainWhatAReorganisationTookOut', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    const before = await at.chain.rpc<string>('evm_snapshot');
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    await at.chain.rpc('evm_revert', [before]);
    await at.mineAt((await at.now()) + 2n);
    expect(await at.sent()).toBe(0);

    expect(await pipeline.recover()).toMatchObject({ resent: 2 });
    expect(await at.sent()).toBe(2);
    await at.indexer.syncTo();
    expect((await at.pool.query('SELECT "pagesCommitted" FROM slot WHERE slot = $1', [slot])).rows).toEqual([
      { pagesCommitted: 1 },
    ]);
  });

  it('slotJob_onPostgresRunsTheSlotOnce', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    const location = { databaseUrl: at.database.url };
    const queue = openQueue(slotJob, location);
    const reports: string[] = [];
    const handler = handleSlot(
      at.pipeline(),
      (report) => void reports.push(`${report.slot} ${report.state}`),
    );
    const worker = openWorker(slotJob, location, handler, () => undefined);
    try {
      await queue.add({ slot: slot.toString() });
      await queue.add({ slot: slot.toString() });
      await vi.waitFor(() => expect(reports).toEqual([`${slot} committed`]), 15_000);
      expect(await at.run(slot)).toMatchObject({ state: 'committed', matched: 1 });
      expect(await at.sent()).toBe(2);
    } finally {
      await worker.close();
      await queue.close();
    }
  });
});
