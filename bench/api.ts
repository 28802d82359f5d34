/**
 * The API by itself (`app/serve.ts --api-only`, a process of its own) over a PostgreSQL with a million leases, the load generator
 * beside it on the same machine. `API_LEASES` and `API_SOAK_SECONDS` set other sizes.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { formatDeployment } from '../contracts/deployment.ts';
import { classId } from '../domain/names.ts';
import { createIndexer } from '../indexer/indexer.ts';
import { createDatabase, startPostgres } from '../prisma/embedded.ts';
import { migrate } from '../prisma/migrate.ts';
import { bigintText } from '../test/app/v1/door.ts';
import { orderAt } from '../test/app/v1/orders.ts';
import { CLASS, openMarket } from '../test/scheduler/market.ts';
import { startChain } from '../test/support/chain.ts';
import { CONSUMERS, fillMarket, partyOf, PROVIDERS } from './api/fill.ts';
import { fire, type Load, type Shot } from './api/load.ts';
import { openStreams } from './api/streams.ts';
import { median, percentile, random, type Bench } from './bench.ts';

const STREAMS = 2_000;
const CONNECTIONS = 32;
const FUNDS = 10_000_000_000_000n;

export const bench: Bench = async (seed, { quick }) => {
  const leases = Number(process.env['API_LEASES'] ?? 1_000_000);
  const soakSeconds = Number(process.env['API_SOAK_SECONDS'] ?? (quick ? 20 : 600));
  const readSeconds = quick ? 10 : 30;
  const orders = quick ? 4_000 : 30_000;
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-bench-'));
  const [postgres, chain] = await Promise.all([startPostgres({ dir }), startChain()]);
  let served: Served | undefined;
  try {
    const databaseUrl = await createDatabase(postgres.url, 'bench');
    await migrate(databaseUrl);
    const market = await openMarket(chain, { slotSeconds: 60 });
    await market.addProvider('provider', [{ name: 'a', cards: 8 }]);
    await market.fundConsumer('consumer', FUNDS);
    const { deployment } = market;
    const indexer = await createIndexer({ rpcUrl: chain.rpcUrl, databaseUrl, deployment });
    await indexer.syncTo();
    await indexer.close();
    await chain.rpc('evm_setIntervalMining', [1]);
    const block = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
    const now = BigInt(block.timestamp);
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 2 });
    // What ended the bench is told, not that its database ended after it.
    pool.on('error', () => undefined);
    const filling = performance.now();
    await fillMarket(pool, leases, now, 60);
    const fillSeconds = Math.round((performance.now() - filling) / 1000);
    const file = join(dir, 'deployment.json');
    await writeFile(file, formatDeployment(deployment));
    served = await serve({ databaseUrl, rpcUrl: chain.rpcUrl, file, key: market.schedulerKey });

    const next = random(seed);
    const read = (): Shot => ({ method: 'GET', path: readPath(next, leases) });
    // What is compiled and cached once is no part of a service's life.
    await fire(served.url, read, { connections: CONNECTIONS, seconds: 3 });
    const reads = await counted(served, () =>
      fire(served!.url, read, { connections: CONNECTIONS, seconds: readSeconds }),
    );

    const bodies = Array.from({ length: orders }, (_, nonce) =>
      JSON.stringify(orderAt(now, market, BigInt(nonce), 'consumer'), bigintText),
    );
    let sent = 0;
    const order = (): Shot | null => {
      const body = bodies[sent++];
      return body === undefined ? null : { method: 'POST', path: '/orders', headers: JSON_BODY, body };
    };
    const intake = await counted(served, () => fire(served!.url, order, { connections: 48, seconds: 600 }));
    const { rows } = await pool.query<{ orders: number }>('SELECT count(*)::int AS orders FROM receipt');

    const streams = await openStreams(served.url, STREAMS);
    await sleep(1_000);
    const told = await streams.heard(
      '"matched":77',
      async () =>
        void (await pool.query(
          'UPDATE slot_run SET matched = 77 WHERE slot = (SELECT max(slot) FROM slot_run)',
        )),
      30_000,
    );
    const soak = await soakThrough(served, read, soakSeconds);
    const openAfterSoak = told.length === STREAMS ? streams.open : told.length;
    streams.close();
    await pool.end();
    await market.close();
    return {
      measured: MEASURED,
      figures: {
        leases,
        readsPerSecond: reads.load.perSecond,
        readP50Ms: percentile(reads.load.ms, 0.5),
        readP99Ms: percentile(reads.load.ms, 0.99),
        readCpuMs: reads.cpuMs,
        readsRefused: reads.load.refused,
        intakePerSecond: intake.load.perSecond,
        intakeP50Ms: percentile(intake.load.ms, 0.5),
        intakeP99Ms: percentile(intake.load.ms, 0.99),
        intakeCpuMs: intake.cpuMs,
        intakeRefused: intake.load.refused,
        receipts: rows[0]?.orders,
        openStreams: openAfterSoak,
        streamToldP99Ms: told.length === 0 ? null : percentile(told, 0.99),
        soakSeconds,
        soakPerSecond: soak.perSecond,
        soakStartMb: soak.startMb,
        soakGrowthMb: soak.growthMb,
        fillSeconds,
        loadAverage: loadavg().map((value) => Math.round(value * 10) / 10),
      },
    };
  } finally {
    await served?.stop();
    await chain.stop();
    await postgres.stop();
    await rm(dir, { recursive: true, force: true });
  }
};

const JSON_BODY = { 'content-type': 'application/json' };

const MEASURED =
  `one API process over a durable embedded PostgreSQL and anvil, the load generator on the same machine, rates off: reads over ${CONNECTIONS} connections ` +
  '(half single leases, a fifth of an account, the rest lists, market, candles, providers), signed orders over 48 connections one by one (verified, stored, receipted), ' +
  `${STREAMS} event streams that all hear a change, then reads with the streams open; CPU of the API process a request; growth is the median resident size of the soak's last quarter less that of its second`;

/** Half of all requests are for one lease. */
function readPath(next: () => number, leases: number): string {
  const kind = next();
  const whole = (limit: number): number => Math.floor(next() * limit);
  if (kind < 0.5) return `/leases/${BigInt(1 + whole(leases)) << 8n}`;
  if (kind < 0.7) return `/leases?account=${partyOf('c', whole(CONSUMERS))}&limit=20`;
  if (kind < 0.75) return `/leases?provider=${partyOf('d', whole(PROVIDERS))}&limit=20`;
  if (kind < 0.85) return '/market';
  if (kind < 0.9) return `/slots?limit=20`;
  if (kind < 0.95) return `/providers/${partyOf('d', whole(PROVIDERS))}`;
  if (kind < 0.98) return `/nodes?provider=${partyOf('d', whole(PROVIDERS))}`;
  return `/classes/${classId(CLASS)}/candles?interval=1h`;
}

interface Served {
  url: string;
  pid: number;
  stop(): Promise<void>;
}

async function serve(ground: {
  databaseUrl: string;
  rpcUrl: string;
  file: string;
  key: string;
}): Promise<Served> {
  const main = fileURLToPath(new URL('../app/serve.ts', import.meta.url));
  const child: ChildProcess = spawn(
    process.execPath,
    ['--disable-warning=ExperimentalWarning', main, '--api-only', '--port', '0'],
    {
      env: {
        ...process.env,
        DATABASE_URL: ground.databaseUrl,
        RPC_URL: ground.rpcUrl,
        DEPLOYMENT_FILE: ground.file,
        RECEIPT_KEY: ground.key,
        RATE_FACTOR: '0',
        // As npm start runs it.
        NODE_ENV: 'production',
      },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let url: string | undefined;
  for await (const line of createInterface({ input: child.stdout! })) {
    ({ url } = JSON.parse(line) as { url?: string });
    if (url !== undefined) break;
  }
  child.stdout!.resume();
  if (url === undefined) throw new Error('the API did not start');
  return {
    url,
    pid: child.pid!,
    stop: async () => {
      child.kill('SIGTERM');
      await exited;
    },
  };
}

/** With the CPU time that the server took for each request, milliseconds. */
async function counted(served: Served, work: () => Promise<Load>): Promise<{ load: Load; cpuMs: number }> {
  const before = await cpuMsOf(served.pid);
  const load = await work();
  const cpuMs = Math.round((((await cpuMsOf(served.pid)) - before) / load.ms.length) * 1_000) / 1_000;
  return { load, cpuMs };
}

/** User and system time of a process (Linux: hundredths of a second). */
async function cpuMsOf(pid: number): Promise<number> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

async function residentMb(pid: number): Promise<number> {
  const [, kb] = /VmRSS:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kb) / 1024;
}

async function soakThrough(served: Served, read: () => Shot, seconds: number) {
  const sizes: number[] = [];
  const timer = setInterval(() => {
    void residentMb(served.pid).then((mb) => sizes.push(mb));
  }, 500);
  const load = await fire(served.url, read, { connections: 8, seconds });
  clearInterval(timer);
  const quarter = sizes.length >> 2;
  const [start, end] = [median(sizes.slice(quarter, 2 * quarter)), median(sizes.slice(-quarter))];
  const round = (mb: number): number => Math.round(mb * 10) / 10;
  return { perSecond: load.perSecond, startMb: round(start), growthMb: round(end - start) };
}
