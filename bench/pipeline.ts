/** What the cut of the slot's way into jobs costs and gains (ADR 0012): hand-overs through the queue, and a backlog of slots. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { createIndexer } from '../indexer/indexer.ts';
import { createDatabase, startPostgres } from '../prisma/embedded.ts';
import { migrate } from '../prisma/migrate.ts';
import { z } from 'zod';
import { openQueue, openWorker } from '../scheduler/jobs/queue.ts';
import { createPipeline } from '../scheduler/pipeline.ts';
import { clear, randomWorld } from '../test/domain/world.ts';
import { openMarket, signAsk, signOrder, storeItems } from '../test/scheduler/market.ts';
import { startChain } from '../test/support/chain.ts';
import { percentile, type Bench } from './bench.ts';

const ITEMS = 10_000;
const RUNS = 5;
/** Of the backlog. */
const SLOTS = 8;
const ORDERS_PER_SLOT = 64;
const NODES = 100;

export const bench: Bench = async (seed) => {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-'));
  // Durable, as the market runs.
  const server = await startPostgres({ dir });
  try {
    const databaseUrl = await createDatabase(server.url, 'bench');
    await migrate(databaseUrl);
    const steps = await handOvers(databaseUrl, seed);
    return { measured: MEASURED, figures: { ...steps, ...(await backlog(databaseUrl)) } };
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

const MEASURED =
  `a slot of ${ITEMS} orders and ${ITEMS} asks: clearing in one process, and what two hand-overs within it would carry through the queue on a durable ` +
  `PostgreSQL (the slot's items with their standing; the cleared slot); then ${SLOTS} closed slots of ${ORDERS_PER_SLOT} orders, one after the other, on a chain of 1 s blocks: ` +
  'milliseconds of a slot in all, and of them what clearing ahead of the earlier slot could save';

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));

async function handOvers(databaseUrl: string, seed: number): Promise<Record<string, unknown>> {
  const world = randomWorld({ seed, nodes: ITEMS, providers: 500, orders: ITEMS });
  // As long as real ones.
  const signature = `0x${'5a'.repeat(65)}` as const;
  for (const { signed } of [...world.orders, ...world.asks]) signed.signature = signature;
  const clearMs: number[] = [];
  for (let run = 0; run < RUNS; run += 1) {
    const started = performance.now();
    clear(world);
    clearMs.push(performance.now() - started);
  }
  const items = asJson({ orders: world.orders, asks: world.asks });
  const cleared = asJson({ ...clear(world), manifest: null });

  const definition = {
    name: 'hand-over',
    version: 1,
    schema: z.object({ id: z.number(), body: z.string() }),
    idOf: (data: { id: number }) => `hand-over-${data.id}`,
    attempts: 1,
    backoffMs: 100,
    keep: 0,
  };
  const location = { databaseUrl };
  const queue = openQueue(definition, location);
  let arrived = (): void => undefined;
  const worker = openWorker(
    definition,
    location,
    ({ body }) => {
      JSON.parse(body);
      arrived();
      return Promise.resolve();
    },
    () => undefined,
  );
  const through = async (body: string): Promise<number> => {
    const ms: number[] = [];
    for (let id = 0; id < RUNS; id += 1) {
      const there = new Promise<void>((resolve) => (arrived = resolve));
      const started = performance.now();
      await queue.add({ id, body });
      await there;
      ms.push(performance.now() - started);
      await sleep(50);
    }
    return percentile(ms, 0.5);
  };
  try {
    const idle = await through('{}');
    return {
      clearMs: percentile(clearMs, 0.5),
      itemsMb: Math.round(items.length / 1e5) / 10,
      clearedMb: Math.round(cleared.length / 1e5) / 10,
      emptyHandOverMs: idle,
      itemsHandOverMs: await through(items),
      clearedHandOverMs: await through(cleared),
    };
  } finally {
    await worker.close();
    await queue.close();
  }
}

async function backlog(databaseUrl: string): Promise<Record<string, unknown>> {
  const chain = await startChain();
  const market = await openMarket(chain, { slotSeconds: 10, commitDeadlineSeconds: 600 });
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
  const { deployment, domain } = market;
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl, deployment });
  const pipeline = createPipeline({
    databaseUrl,
    rpcUrl: chain.rpcUrl,
    deployment,
    schedulerKey: market.schedulerKey,
    pollMs: 20,
  });
  let stopped = false;
  try {
    const names = Array.from({ length: NODES }, (_, index) => ({ name: `${index}`, cards: 16 }));
    const nodes = await market.addProvider('alice', names);
    await market.fundConsumer('carol', 1_000_000_000_000n);
    const block = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
    const at = BigInt(block.timestamp);
    const first = at / 10n + 1n;
    const asks = nodes.map((supply, n) =>
      signAsk(domain, 'alice', { supply, cards: 16, reservePrice: 1_000_000n, nonce: BigInt(n) }, at),
    );
    await storeItems(pool, first, asks, []);
    for (let s = 0; s < SLOTS; s += 1) {
      const orders = Array.from({ length: ORDERS_PER_SLOT }, (_, o) =>
        signOrder(
          domain,
          'carol',
          { cards: 1, startPrice: 2_000_000n, nonce: BigInt(s * ORDERS_PER_SLOT + o) },
          at,
        ),
      );
      await storeItems(pool, first + BigInt(s), [], orders);
      await chain.mine((first + BigInt(s) + 1n) * 10n);
    }
    await chain.rpc('evm_setAutomine', [false]);
    await chain.rpc('evm_setIntervalMining', [1]);
    const following = (async () => {
      while (!stopped) {
        await indexer.syncTo();
        await sleep(100);
      }
    })();
    const slotMs: number[] = [];
    const aheadMs: number[] = [];
    for (let s = 0; s < SLOTS; s += 1) {
      const started = performance.now();
      const report = await pipeline.runSlot(first + BigInt(s));
      if (report.state !== 'committed') throw new Error(`slot ${report.slot} is ${report.state}`);
      slotMs.push(performance.now() - started);
      aheadMs.push(report.ms.clear + report.ms.publish);
    }
    stopped = true;
    await following;
    return {
      backlogSlotMs: percentile(slotMs, 0.5),
      backlogClearPublishMs: percentile(aheadMs, 0.5),
    };
  } finally {
    stopped = true;
    await pipeline.close();
    await indexer.close();
    await market.close();
    await pool.end();
    await chain.stop();
  }
}
