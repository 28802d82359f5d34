/** Orders in a slot until they are committed: real chain, real database, everything that the scheduler does. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createIndexer } from '../indexer/indexer.ts';
import { createDatabase, startPostgres } from '../prisma/embedded.ts';
import { migrate } from '../prisma/migrate.ts';
import { createPipeline, type SlotReport } from '../scheduler/pipeline.ts';
import { openMarket, signAsk, signOrder, storeItems, type Market } from '../test/scheduler/market.ts';
import { startChain } from '../test/support/chain.ts';
import { percentile, random, type Bench } from './bench.ts';

const PROVIDERS = 20;
const NODES_PER_PROVIDER = 13;
const CONSUMERS = 32;
/** One full page a slot. */
const ORDERS_PER_SLOT = 64;
const SLOTS = 25;
/** The first slots warm the compiler and fill the caches. */
const WARM_UP = 5;
const SLOT_SECONDS = 10n;

export const bench: Bench = async (seed) => {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-'));
  // Durable, as the market runs: a commit waits for the disk.
  const server = await startPostgres({ dir });
  const chain = await startChain();
  try {
    const databaseUrl = await createDatabase(server.url, 'bench');
    await migrate(databaseUrl);
    const market = await openMarket(chain, { slotSeconds: Number(SLOT_SECONDS) });
    const reports = await run(market, chain, databaseUrl, random(seed)).finally(() => market.close());
    return { measured: MEASURED, figures: figuresOf(reports) };
  } finally {
    await chain.stop();
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

const MEASURED =
  `${SLOTS - WARM_UP} slots of ${ORDERS_PER_SLOT} orders over ${PROVIDERS * NODES_PER_PROVIDER} asks of ${PROVIDERS} providers ` +
  '(shortlists of 16): milliseconds from the closed slot to the receipts of header and page, on anvil that mines at once and a durable PostgreSQL; ' +
  'gas of the page per match, header apart';

interface Sample {
  report: SlotReport;
  ms: number;
}

async function run(
  market: Market,
  chain: Awaited<ReturnType<typeof startChain>>,
  databaseUrl: string,
  next: () => number,
): Promise<Sample[]> {
  const { deployment, domain } = market;
  const pool = new pg.Pool({ connectionString: databaseUrl });
  const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl, deployment });
  const pipeline = createPipeline({
    databaseUrl,
    rpcUrl: chain.rpcUrl,
    deployment,
    schedulerKey: market.schedulerKey,
    pollMs: 5,
  });
  const now = async (): Promise<bigint> => {
    const block = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
    return BigInt(block.timestamp);
  };
  const price = (): bigint => 1_000_000n + BigInt(Math.floor(next() * 2_000_000));
  try {
    for (let p = 0; p < PROVIDERS; p += 1) {
      const nodes = Array.from({ length: NODES_PER_PROVIDER }, (_, n) => ({ name: `${n}`, cards: 8 }));
      const ids = await market.addProvider(`provider ${p}`, nodes);
      const at = await now();
      const asks = ids.map((supply, n) =>
        signAsk(domain, `provider ${p}`, { supply, cards: 8, reservePrice: price(), nonce: BigInt(n) }, at),
      );
      await storeItems(pool, 0n, asks, []);
    }
    for (let c = 0; c < CONSUMERS; c += 1) await market.fundConsumer(`consumer ${c}`, 10_000_000_000n);

    const samples: Sample[] = [];
    for (let s = 0; s < SLOTS; s += 1) {
      const slot = (await now()) / SLOT_SECONDS + 1n;
      const start = slot * SLOT_SECONDS;
      await chain.mine(start);
      const orders = Array.from({ length: ORDERS_PER_SLOT }, (_, o) =>
        signOrder(
          domain,
          `consumer ${o % CONSUMERS}`,
          {
            cards: 1,
            startPrice: 3_000_000n + price(),
            nonce: BigInt(s * ORDERS_PER_SLOT + o),
            duration: 10,
          },
          start,
        ),
      );
      await storeItems(pool, slot, [], orders);
      await chain.mine(start + SLOT_SECONDS);
      await indexer.syncTo();
      const started = performance.now();
      const report = await pipeline.runSlot(slot);
      samples.push({ report, ms: performance.now() - started });
      await indexer.syncTo();
    }
    return samples.slice(WARM_UP);
  } finally {
    await pipeline.close();
    await indexer.close();
    await pool.end();
  }
}

function figuresOf(samples: readonly Sample[]): Record<string, unknown> {
  const sum = (of: (report: SlotReport) => number): number =>
    samples.reduce((total, { report }) => total + of(report), 0);
  const matched = sum((report) => report.matched - report.skipped.length);
  const step = (name: keyof SlotReport['ms']): number =>
    percentile(
      samples.map(({ report }) => report.ms[name]),
      0.5,
    );
  return {
    orders: sum((report) => report.orders),
    matched,
    skipped: sum((report) => report.skipped.length),
    slots: samples.length,
    p50Ms: percentile(
      samples.map((sample) => sample.ms),
      0.5,
    ),
    p99Ms: percentile(
      samples.map((sample) => sample.ms),
      0.99,
    ),
    gasPerMatch: Math.round(sum((report) => Number(report.gas.pages)) / matched),
    gasHeader: Math.round(sum((report) => Number(report.gas.header)) / samples.length),
    stepsP50Ms: {
      read: step('read'),
      clear: step('clear'),
      publish: step('publish'),
      commit: step('commit'),
    },
  };
}
