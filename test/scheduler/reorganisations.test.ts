import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BOOK_LOCK } from '../../prisma/locks.ts';
import { startLiar, type Liar } from '../support/liar.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;

describe('pipeline over a chain that reorganises', () => {
  let at: Awaited<ReturnType<typeof setup>>;
  const liars: Liar[] = [];
  beforeEach(async () => {
    at = await setup();
  });
  afterEach(async () => {
    await at.teardown();
    for (const liar of liars.splice(0)) await liar.close();
  });

  /** A slot with an ask and an order, and the chain as it was before its close. */
  const openTrade = async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const order = await at.order(slot, 2, PRICE, 1n);
    const beforeClose = await at.chain.rpc<string>('evm_snapshot');
    return { slot, order, beforeClose };
  };

  /** The chain as it was at the snapshot, and another block after it. */
  const branch = async (snapshot: string, time: bigint): Promise<void> => {
    await at.chain.rpc('evm_revert', [snapshot]);
    await at.mineAt(time);
  };

  const attempt = async (slot: bigint) =>
    (
      await at.pool.query<{ state: string; attempt: number }>(
        'SELECT state, attempt FROM slot_run WHERE slot = $1',
        [slot],
      )
    ).rows[0];

  const leases = async () => {
    await at.indexer.syncTo();
    const { rows } = await at.pool.query<{ sourceId: string; slot: string }>(
      'SELECT "sourceId", slot FROM lease',
    );
    return rows;
  };

  it('runSlot_clearsAnewWhatAnotherSeedDecides', async () => {
    const { slot, order, beforeClose } = await openTrade();
    await at.closeSlot(slot);
    const pipeline = at.pipeline();
    expect(await pipeline.clear(slot)).toMatchObject({ state: 'published', orders: 1 });
    await branch(beforeClose, (slot + 1n) * 10n + 1n);

    expect(await pipeline.commit(slot)).toEqual({ state: 'open' });
    expect(await attempt(slot)).toEqual({ state: 'retrying', attempt: 2 });
    expect(await at.outcomes(slot)).toEqual({});
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'committed', matched: 1, skipped: [] });
    expect(await attempt(slot)).toEqual({ state: 'committed', attempt: 2 });
    expect(await leases()).toEqual([{ sourceId: order, slot: slot.toString() }]);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('recover_clearsAnewWhatWasCommittedOnALostBranch', async () => {
    const { slot, order, beforeClose } = await openTrade();
    await at.closeSlot(slot);
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    await branch(beforeClose, (slot + 1n) * 10n + 1n);

    await at.following(pipeline.recover());
    expect(await attempt(slot)).toEqual({ state: 'committed', attempt: 2 });
    expect(await leases()).toEqual([{ sourceId: order, slot: slot.toString() }]);
    expect(await at.broken(slot)).toEqual([]);
  });

  it('runSlot_takesBackASlotThatWasGivenUpAndIsOnTheChainAfterAll', async () => {
    const { slot, order } = await openTrade();
    await at.closeSlot(slot);
    const inTime = await at.chain.rpc<string>('evm_snapshot');
    await expect(at.pipeline({ rpcUrl: await at.deafNode() }).runSlot(slot)).rejects.toThrow(/refused/);
    await at.mineAt(at.deadlineOf(slot) + 1n);
    const pipeline = at.pipeline();
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'abandoned' });
    // On the branch that wins, the same bytes came in time.
    await branch(inTime, (slot + 1n) * 10n + 2n);
    expect(await pipeline.resend()).toBe(2);
    await at.mineAt((slot + 1n) * 10n + 3n);

    await at.order(slot + 1n, 7, PRICE, 2n);
    await at.closeSlot(slot + 1n);
    // Six cards are left: the slot that was given up took two.
    expect(await at.following(pipeline.runSlot(slot + 1n))).toMatchObject({ matched: 0, unmatched: 1 });
    expect((await attempt(slot))?.state).toBe('committed');
    expect(await at.outcomes(slot)).toEqual({ [order]: 'matched' });
    expect(await leases()).toEqual([{ sourceId: order, slot: slot.toString() }]);
    expect(await at.broken(slot)).toEqual([]);
    expect(await at.broken(slot + 1n)).toEqual([]);
  });

  it('runSlot_thatIsGivenUpTakesThoseWithItThatWereClearedOnIt', async () => {
    const { slot } = await openTrade();
    const second = await at.order(slot + 1n, 7, PRICE, 2n);
    await at.closeSlot(slot);
    await at.closeSlot(slot + 1n);
    const bothClosed = await at.chain.rpc<string>('evm_snapshot');
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    expect(await pipeline.clear(slot + 1n)).toMatchObject({ state: 'published' });
    expect(await at.outcomes(slot + 1n)).toEqual({ [second]: 'NO_CARDS' });
    // The first slot is gone, and too late to come back. The second has its seed still, and time.
    await branch(bothClosed, at.deadlineOf(slot) + 1n);

    expect(await pipeline.commit(slot + 1n)).toEqual({
      state: 'waiting',
      on: { slot, state: 'published' },
    });
    const report = await at.following(pipeline.runSlot(slot + 1n));
    expect(await attempt(slot)).toMatchObject({ state: 'abandoned' });
    expect(await attempt(slot + 1n)).toEqual({ state: 'committed', attempt: 2 });
    // The first slot's order, carried over, or the second's: eight cards are free for one of them.
    expect(report).toMatchObject({ state: 'committed', orders: 2, skipped: [] });
    expect(report.matched).toBeGreaterThan(0);
    await at.indexer.syncTo();
    expect(await at.broken(slot + 1n)).toEqual([]);
  });

  it('clear_waitsForASlotThatIsFoundLostWhileItReads', async () => {
    const { slot } = await openTrade();
    await at.order(slot + 1n, 1, PRICE, 2n);
    await at.closeSlot(slot);
    await at.closeSlot(slot + 1n);
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    // It has seen no open slot before it, and waits for a message that the gateway is storing.
    const gateway = await at.pool.connect();
    await gateway.query('BEGIN');
    await gateway.query('SELECT pg_advisory_xact_lock($1, $2)', [BOOK_LOCK.space, BOOK_LOCK.key]);
    const clearing = pipeline.clear(slot + 1n);
    await sleep(300);
    await at.pool.query(`UPDATE slot_run SET state = 'published' WHERE slot = $1`, [slot]);
    await gateway.query('COMMIT');
    gateway.release();
    expect(await clearing).toEqual({ state: 'waiting', on: { slot, state: 'published' } });
  });

  it('commit_clearsAnewWhatWasClearedBeforeAnEarlierSlotWas', async () => {
    const { slot } = await openTrade();
    await at.order(slot + 1n, 1, PRICE, 2n);
    await at.closeSlot(slot);
    await at.closeSlot(slot + 1n);
    const pipeline = at.pipeline();
    await pipeline.runSlot(slot);
    await at.indexer.syncTo();
    await pipeline.clear(slot + 1n);
    await at.pool.query(`UPDATE slot_run SET "updatedAt" = now() WHERE slot = $1`, [slot]);
    expect(await pipeline.commit(slot + 1n)).toEqual({ state: 'open' });
    expect(await pipeline.runSlot(slot + 1n)).toMatchObject({ state: 'committed', matched: 1, skipped: [] });
  });

  it('runSlot_isGivenUpWhenItsPageIsTooLate', async () => {
    const { slot, order } = await openTrade();
    await at.closeSlot(slot);
    const liar = await startLiar(at.chain.rpcUrl);
    liars.push(liar);
    let sent = 0;
    liar.tell(({ method }, truth) => (method === 'eth_sendRawTransaction' && ++sent > 1 ? null : truth()));
    await expect(at.pipeline({ rpcUrl: liar.rpcUrl }).runSlot(slot)).rejects.toThrow(/refused/);
    await at.mineAt(at.deadlineOf(slot) + 1n);

    const pipeline = at.pipeline();
    expect(await pipeline.runSlot(slot)).toMatchObject({ state: 'abandoned' });
    expect(await at.outcomes(slot)).toEqual({ [order]: 'SLOT_ABANDONED' });
    const next = await at.openSlot();
    await at.closeSlot(next);
    expect(await pipeline.runSlot(next)).toMatchObject({ state: 'committed', matched: 1 });
    expect(await leases()).toEqual([{ sourceId: order, slot: next.toString() }]);
    expect(await at.broken(next)).toEqual([]);
  });
});
