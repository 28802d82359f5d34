import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { z } from 'zod';
import type { JobDefinition } from '../../scheduler/jobs/definition.ts';
import { openQueue, openWorker } from '../../scheduler/jobs/queue.ts';
import { testDatabase } from '../support/postgres.ts';
import { HAS_REDIS, startRedis } from '../support/redis.ts';

interface Work {
  number: string;
}

const definition: JobDefinition<Work> = {
  name: 'work',
  version: 1,
  schema: z.object({ number: z.string().regex(/^\d+$/) }),
  idOf: (data) => `work-${data.number}`,
  attempts: 3,
  backoffMs: 20,
  keep: 100,
};

describe.each([
  ['PostgreSQL', true],
  ['Redis', HAS_REDIS],
])('jobs on %s', (store, isThere) => {
  let at: Awaited<ReturnType<typeof setup>>;
  beforeEach(async ({ skip }) => {
    skip(!isThere, 'needs redis-server');
    at = await setup(store === 'Redis');
  });
  afterEach(() => at?.teardown());

  it('add_twiceRunsOnce', async () => {
    const { queue, work, done } = at;
    await queue.add({ number: '1' });
    await queue.add({ number: '1' });
    work(async (data) => void done.push(data.number));
    await vi.waitFor(() => expect(done).toEqual(['1']), 10_000);
    await queue.add({ number: '1' });
    await queue.add({ number: '2' });
    await vi.waitFor(() => expect(done).toEqual(['1', '2']), 10_000);
  });

  it('worker_triesAgainAfterAFailure', async () => {
    const { queue, work, done, failed } = at;
    let tries = 0;
    work(async (data) => {
      tries += 1;
      if (tries < 3) throw new Error('not yet');
      done.push(data.number);
    });
    await queue.add({ number: '7' });
    await vi.waitFor(() => expect(done).toEqual(['7']), 10_000);
    expect(failed.map((error) => error.message)).toEqual(['not yet', 'not yet']);
  });

  it('add_refusesDataThatDoNotFitTheDefinition', async () => {
    await expect(at.queue.add({ number: 'seven' })).rejects.toThrow();
  });

  it('worker_takesJobsInOrder', async () => {
    const { queue, work, done } = at;
    for (const number of ['1', '2', '3', '4', '5']) await queue.add({ number });
    work(async (data) => void done.push(data.number));
    await vi.waitFor(() => expect(done).toHaveLength(5), 10_000);
    expect(done).toEqual(['1', '2', '3', '4', '5']);
  });
});

async function setup(onRedis: boolean) {
  const database = await testDatabase();
  const redis = onRedis ? await startRedis() : undefined;
  const location = { databaseUrl: database.url, redisUrl: redis?.url };
  const queue = openQueue(definition, location);
  const closers: (() => Promise<void>)[] = [];
  const failed: Error[] = [];
  return {
    queue,
    failed,
    done: [] as string[],
    work: (handle: (data: Work) => Promise<unknown>): void => {
      const worker = openWorker(definition, location, handle, (_data, error) => void failed.push(error));
      closers.push(() => worker.close());
    },
    async teardown() {
      for (const close of closers) await close();
      await queue.close();
      await redis?.stop();
      await database.drop();
    },
  };
}
