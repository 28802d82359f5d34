import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { clearJob } from '../../scheduler/jobs/clear.definition.ts';
import { handleClear } from '../../scheduler/jobs/clear.handler.ts';
import { commitJob } from '../../scheduler/jobs/commit.definition.ts';
import { handleCommit } from '../../scheduler/jobs/commit.handler.ts';
import { confirmJob } from '../../scheduler/jobs/confirm.definition.ts';
import { handleConfirm } from '../../scheduler/jobs/confirm.handler.ts';
import { openWorker, type JobWorker } from '../../scheduler/jobs/queue.ts';
import { openSlotQueues } from '../../scheduler/jobs/slot-queues.ts';
import { HAS_REDIS, startRedis } from '../support/redis.ts';
import { setup } from './setup.ts';

const PRICE = 2_000_000n;
/** Milliseconds; a busy machine needs more than a step's own time. */
const WAIT = 50_000;
vi.setConfig({ testTimeout: 3 * WAIT });

describe.each([
  ['PostgreSQL', true],
  ['Redis', HAS_REDIS],
])('slot jobs on %s', (store, isThere) => {
  let at: Awaited<ReturnType<typeof setup>>;
  const closing: (() => Promise<void>)[] = [];
  beforeEach(async ({ skip }) => {
    skip(!isThere, 'needs redis-server');
    at = await setup();
  });
  afterEach(async () => {
    for (const close of closing.splice(0).reverse()) await close();
    await at?.teardown();
  });

  /** Workers for all steps, as `main.ts` has them; what they did, in order. */
  const work = async (confirmBlocks: number) => {
    const redis = store === 'Redis' ? await startRedis() : undefined;
    if (redis) closing.push(() => redis.stop());
    const location = { databaseUrl: at.database.url, redisUrl: redis?.url };
    const queues = openSlotQueues(location);
    closing.push(() => queues.close());
    const pipeline = at.pipeline({ confirmBlocks });
    const done: string[] = [];
    const failed: Error[] = [];
    const onResult = (slot: bigint, result: { state: string }): void =>
      void done.push(`${slot} ${result.state}`);
    const onFailed = (_data: unknown, error: Error): void => void failed.push(error);
    const onLost = (slot: bigint): void => void done.push(`${slot} lost`);
    const workers: JobWorker[] = [
      openWorker(clearJob, location, handleClear(pipeline, queues, onResult), onFailed),
      openWorker(commitJob, location, handleCommit(pipeline, queues, onResult), onFailed),
      openWorker(confirmJob, location, handleConfirm(pipeline, queues, onLost), onFailed),
    ];
    closing.push(async () => void (await Promise.all(workers.map((worker) => worker.close()))));
    const confirmed = async (slot: bigint): Promise<void> =>
      vi.waitFor(
        async () => {
          const { rows } = await at.pool.query('SELECT state, confirmed FROM slot_run WHERE slot = $1', [
            slot,
          ]);
          expect(rows, `${done.join('; ')} ${failed.join('; ')}`).toEqual([
            { state: 'committed', confirmed: true },
          ]);
        },
        { timeout: WAIT, interval: 100 },
      );
    return { queues, done, failed, confirmed };
  };

  it('jobs_takeASlotThroughEachStepOnce', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    const order = await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    const { queues, done, confirmed } = await work(3);
    await queues.clear(slot);
    await queues.clear(slot);
    await vi.waitFor(() => expect(done).toEqual([`${slot} published`, `${slot} committed`]), WAIT);
    for (let block = 0; block < 3; block += 1) await at.chain.mine();
    await confirmed(slot);
    expect(await at.sent()).toBe(2);
    expect(await at.outcomes(slot)).toEqual({ [order]: 'matched' });
    expect((await at.pool.query('SELECT 1 FROM slot_page')).rows).toEqual([]);
  });

  it('jobs_ofALaterSlotWaitForTheEarlierOne', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    await at.order(slot + 1n, 7, PRICE, 2n);
    const third = await at.order(slot + 1n, 6, PRICE, 3n);
    await at.closeSlot(slot + 1n);
    const { queues, failed, confirmed } = await work(0);
    // Nobody asked for the first slot.
    await queues.clear(slot + 1n);
    await at.following(confirmed(slot + 1n));
    await confirmed(slot);
    // Waiting is no failure that is tried again: a crowd of those would starve the slot that they wait for.
    expect(failed).toEqual([]);
    expect(Object.entries(await at.outcomes(slot + 1n)).filter(([, code]) => code === 'matched')).toEqual([
      [third, 'matched'],
    ]);
    await at.indexer.syncTo();
    expect(await at.broken(slot + 1n)).toEqual([]);
  });

  it('jobs_commitAgainWhatAReorganisationTookOut', async () => {
    const slot = await at.openSlot();
    await at.ask(slot, 0, 8, 1_000_000n, 1n);
    await at.order(slot, 2, PRICE, 1n);
    await at.closeSlot(slot);
    const before = await at.chain.rpc<string>('evm_snapshot');
    const { queues, done, confirmed } = await work(3);
    await queues.clear(slot);
    await vi.waitFor(() => expect(done).toContain(`${slot} committed`), WAIT);
    await at.chain.rpc('evm_revert', [before]);
    await at.chain.mine((await at.now()) + 2n);
    await vi.waitFor(() => expect(done.slice(2)).toEqual([`${slot} lost`, `${slot} committed`]), WAIT);
    for (let block = 0; block < 3; block += 1) await at.chain.mine();
    await confirmed(slot);
    await at.indexer.syncTo();
    expect(await at.broken(slot)).toEqual([]);
  });
});
