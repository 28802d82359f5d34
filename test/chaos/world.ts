import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { createIntake } from '../../app/server/intake.ts';
import { formatDeployment } from '../../contracts/deployment.ts';
import { createIndexer } from '../../indexer/indexer.ts';
import { openDatabase } from '../../prisma/client.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { openMarket, type Market } from '../scheduler/market.ts';
import { startChain, type TestChain } from '../support/chain.ts';
import { startClock, type SchedulerStanding } from './clock.ts';
import { CONSUMERS, startTraders } from './traders.ts';

const PROVIDERS = ['alice', 'bob'];
const NODES = 6;
const CARDS = 16;
const PURSE = 1_000_000_000_000n;

export const PARAMETERS = {
  slotSeconds: 5,
  // Time enough for some restarts; the seed's block must be among the last 256.
  commitDeadlineSeconds: 240,
  settleLagSeconds: 5,
  minLeaseSeconds: 10,
} as const;

/** Real chain, real PostgreSQL, real gateway and indexer, everything that the scheduler meets; `close` ends all. */
export async function openWorld(random: () => number) {
  const closing: (() => Promise<unknown>)[] = [];
  const close = async (): Promise<void> => {
    for (const end of closing.splice(0).reverse()) await end();
  };
  try {
    const dir = await mkdtemp(join(tmpdir(), 'cardhour-chaos-'));
    closing.push(() => rm(dir, { recursive: true, force: true }));
    const server = await startPostgres({ dir: join(dir, 'postgres'), durable: false });
    closing.push(() => server.stop());
    const databaseUrl = await createDatabase(server.url, 'chaos');
    await migrate(databaseUrl);
    const chain = await startChain();
    closing.push(() => chain.stop());
    const market = await openMarket(chain, PARAMETERS);
    closing.push(() => market.close());
    const nodes = await openTrade(market);
    const indexer = await createIndexer({
      rpcUrl: chain.rpcUrl,
      databaseUrl,
      deployment: market.deployment,
    });
    closing.push(() => indexer.close());
    await indexer.syncTo();
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 4 });
    pool.on('error', () => undefined);
    closing.push(() => pool.end());
    const db = openDatabase(databaseUrl);
    closing.push(() => db.$disconnect());

    await chain.rpc('evm_setAutomine', [false]);
    const clock = await startClock({ chain, indexer, random, scheduler: () => standing(pool) });
    closing.push(() => clock.stop());
    const intake = createIntake({
      db,
      deployment: market.deployment,
      receiptKey: market.schedulerKey,
      chainNow: () => timeOf(chain),
    });
    const { domain } = market;
    const { parameters } = market.deployment;
    const traders = await startTraders({ intake, domain, parameters, nodes, now: clock.now, random });
    closing.push(() => traders.stop());
    const deploymentFile = join(dir, 'deployment.json');
    await writeFile(deploymentFile, formatDeployment(market.deployment));
    return {
      market,
      chain,
      clock,
      traders,
      indexer,
      pool,
      db,
      standing: () => standing(pool),
      server: server.url,
      databaseUrl,
      /** Of a scheduler process. Real time is ten times as fast as the chain's. */
      env: {
        DATABASE_URL: databaseUrl,
        RPC_URL: chain.rpcUrl,
        DEPLOYMENT_FILE: deploymentFile,
        SCHEDULER_KEY: market.schedulerKey,
        SCHEDULER_POLL_MS: '50',
        RESEND_MS: '400',
        BUMP_MS: '2000',
        JOB_LOCK_MS: '1000',
        CONFIRM_BLOCKS: '8',
        NODE_COMPILE_CACHE: join(dir, 'compiled'),
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

export type World = Awaited<ReturnType<typeof openWorld>>;

async function standing(pool: pg.Pool): Promise<SchedulerStanding> {
  const { rows } = await pool.query<{ behind: boolean; close: string | null }>(
    `SELECT coalesce(max(b.timestamp) / $1 - (SELECT max(slot) FROM slot_run WHERE state IN ('committed', 'abandoned')) > 1, false) AS behind,
       (SELECT header->>'closeBlock' FROM slot_run WHERE state IN ('published', 'committed') ORDER BY slot DESC LIMIT 1) AS close
     FROM block b`,
    [PARAMETERS.slotSeconds],
  );
  const { behind, close } = rows[0]!;
  return { isBehind: behind, closeBlock: close === null ? null : BigInt(close) };
}

async function openTrade(market: Market) {
  const nodes = [];
  for (const provider of PROVIDERS) {
    const names = Array.from({ length: NODES }, (_, index) => ({ name: `${index}`, cards: CARDS }));
    for (const id of await market.addProvider(provider, names)) nodes.push({ provider, id });
  }
  for (const consumer of CONSUMERS) await market.fundConsumer(consumer, PURSE);
  return nodes;
}

async function timeOf(chain: TestChain): Promise<bigint> {
  const { timestamp } = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
  return BigInt(timestamp);
}
