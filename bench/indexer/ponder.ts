/** The same events through Ponder, on the same node and PostgreSQL. It is no dependency of ours: npm puts it into .cardhour on first use. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { freePort } from '../../cli/supervise/ports.ts';
import { EVENTS_PER_BLOCK, type Ground } from './ground.ts';
import { peakMemoryMb } from './process.ts';

const SOURCE = fileURLToPath(new URL('./ponder/', import.meta.url));
const FOLDER = fileURLToPath(new URL('../../.cardhour/bench-ponder/', import.meta.url));
const FILES: [from: string, to: string][] = [
  ['package.json', 'package.json'],
  ['package-lock.json', 'package-lock.json'],
  ['ponder.config.ts.txt', 'ponder.config.ts'],
  ['ponder.schema.ts.txt', 'ponder.schema.ts'],
  ['index.ts.txt', 'src/index.ts'],
  ['api.ts.txt', 'src/api/index.ts'],
];

export interface PonderFigures {
  version: string;
  coldEventsPerSecond: number;
  replayEventsPerSecond: number;
  liveEventsPerSecond: number;
  recoverSeconds: number;
  peakMemoryMb: number;
}

/** Installs Ponder where it is not, from npm's registry. */
async function install(say: (sentence: string) => void): Promise<string> {
  await mkdir(join(FOLDER, 'src/api'), { recursive: true });
  for (const [from, to] of FILES) await cp(join(SOURCE, from), join(FOLDER, to));
  const manifest = join(FOLDER, 'node_modules/ponder/package.json');
  if (!existsSync(manifest)) {
    say('installing Ponder into .cardhour/bench-ponder');
    const flags = ['ci', '--no-audit', '--no-fund', '--ignore-scripts', '--loglevel=error'];
    execFileSync('npm', flags, { cwd: FOLDER, stdio: ['ignore', 'ignore', 'inherit'] });
  }
  return (JSON.parse(await readFile(manifest, 'utf8')) as { version: string }).version;
}

/** @param live blocks that are mined once it follows */
export async function measurePonder(
  ground: Ground,
  databaseUrl: string,
  live: number,
  say: (sentence: string) => void,
): Promise<PonderFigures> {
  const version = await install(say);
  const head = Number(await ground.chain.rpc<string>('eth_blockNumber'));
  const all = (head - 1) * EVENTS_PER_BLOCK;
  const cold = await start(ground, databaseUrl, 'cold');
  const backfill = await cold.backfilled;
  const more = await follow(ground, databaseUrl, 'cold', all, live);
  const memory = peakMemoryMb(cold.pid);
  // Killed while it follows; its own state and what it fetched are in the database.
  await ground.mine(2);
  await cold.kill();
  const killed = performance.now();
  const again = await start(ground, databaseUrl, 'cold');
  await until(databaseUrl, 'cold', all + (live + 2) * EVENTS_PER_BLOCK);
  const recoverSeconds = (performance.now() - killed) / 1_000;
  await again.kill();
  // Into new tables, from what it fetched before.
  const replay = await start(ground, databaseUrl, 'replay');
  const fromCache = await replay.backfilled;
  await replay.kill();
  return {
    version,
    coldEventsPerSecond: Math.round(backfill.events / backfill.seconds),
    replayEventsPerSecond: Math.round(fromCache.events / fromCache.seconds),
    liveEventsPerSecond: Math.round((live * EVENTS_PER_BLOCK) / more),
    recoverSeconds: Math.round(recoverSeconds * 100) / 100,
    peakMemoryMb: Math.round(memory),
  };
}

/** Seconds from the first of `blocks` new blocks to the last of their events in its table. */
async function follow(
  ground: Ground,
  url: string,
  schema: string,
  before: number,
  blocks: number,
): Promise<number> {
  await until(url, schema, before);
  const began = performance.now();
  await ground.mine(blocks);
  await until(url, schema, before + blocks * EVENTS_PER_BLOCK);
  return (performance.now() - began) / 1_000;
}

async function until(url: string, schema: string, events: number): Promise<void> {
  while ((await count(url, schema)) < events) await sleep(20);
}

async function count(url: string, schema: string): Promise<number> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rows } = await client.query<{ count: string }>(`SELECT count(*) FROM ${schema}.trade`);
    return Number(rows[0]?.count);
  } finally {
    await client.end();
  }
}

interface Running {
  pid: number;
  /** Its backfill, which ends 30 blocks below the head, by its own log. */
  backfilled: Promise<{ events: number; seconds: number }>;
  kill(): Promise<void>;
}

interface LogLine {
  time: number;
  msg: string;
  event_count: number;
}

async function start(ground: Ground, databaseUrl: string, schema: string): Promise<Running> {
  const port = await freePort();
  const program = join(FOLDER, 'node_modules/ponder/dist/esm/bin/ponder.js');
  const args = [
    'start',
    '--schema',
    schema,
    '--port',
    String(port),
    '--hostname',
    '127.0.0.1',
    '--log-format',
    'json',
  ];
  const env = {
    ...process.env,
    DATABASE_URL: databaseUrl,
    RPC_URL: ground.chain.rpcUrl,
    TRADES: ground.trades,
    PONDER_TELEMETRY_DISABLED: 'true',
    NODE_ENV: 'production',
  };
  const child = spawn(process.execPath, [program, ...args], {
    cwd: FOLDER,
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const backfilled = (async () => {
    let began: number | undefined;
    let events = 0;
    const tail: string[] = [];
    for await (const text of createInterface({ input: child.stdout })) {
      tail.push(text);
      if (tail.length > 20) tail.shift();
      const line = JSON.parse(text.startsWith('{') ? text : '{}') as Partial<LogLine>;
      const { msg = '', time = 0, event_count = 0 } = line;
      if (/^Started (fetching )?backfill/.test(msg)) began ??= time;
      if (msg === 'Indexed block range') events += event_count;
      if (!msg.startsWith('Completed backfill indexing across all chains')) continue;
      // Nobody reads on, and it is not to wait for a reader.
      child.stdout.resume();
      return { events, seconds: (time - (began ?? Number.NaN)) / 1_000 };
    }
    throw new Error(`Ponder ended before its backfill did:\n${tail.join('\n')}`);
  })();
  backfilled.catch(() => undefined);
  return {
    pid: child.pid!,
    backfilled,
    async kill() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}
