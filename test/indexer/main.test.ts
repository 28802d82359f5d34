import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { formatDeployment } from '../../contracts/deployment.ts';
import { BUYER } from './actors.ts';
import { tradeOneDay } from './day.ts';
import { readTables } from '../support/tables.ts';
import { setup } from './setup.ts';

const MAIN = fileURLToPath(new URL('../../indexer/main.ts', import.meta.url));

let world: Awaited<ReturnType<typeof setup>>;
let dir: string;
let url: string;
let started: ChildProcess[] = [];

beforeEach(async () => {
  world = await setup();
  dir = await mkdtemp(join(tmpdir(), 'cardhour-indexer-'));
  url = await world.database();
  await writeFile(join(dir, 'deployment.json'), formatDeployment(world.deployment));
});
afterEach(async () => {
  for (const child of started) child.kill('SIGKILL');
  started = [];
  await world.teardown();
  await rm(dir, { recursive: true, force: true });
});

test('killed at any moment, it goes on where it was and writes nothing twice', async () => {
  for (const wait of [0, 30, 70, 150]) {
    const child = start();
    await untilAtHead();
    await world.actors.deposit(BUYER, 5n);
    await sleep(wait);
    child.kill('SIGKILL');
    await once(child, 'exit');
    await world.actors.deposit(BUYER, 7n);
  }
  await tradeOneDay(world.chain, world.deployment, world.actors);
  start();
  await untilAtHead();
  expect(await readTables(url)).toEqual(await world.freshTables());
});

test('asked to stop, it ends with 0', async () => {
  const child = start();
  await untilAtHead();
  child.kill('SIGTERM');
  expect(await exitOf(child)).toMatchObject({ code: 0 });
});

test('it waits for a chain that is not there yet, and says so while it does', async () => {
  await world.chain.stop();
  const child = start({ METRICS_PORT: '0' });
  expect(await firstLine(child)).toMatch(/does not answer.* Start the chain/);
});

test('a replaced chain ends it with 3 and one line that says what to do', async () => {
  const ended = exitOf(start());
  await untilAtHead();
  await world.chain.stop();
  await world.startWorld({ port: world.chain.port, timestamp: 1_900_000_000 });
  const { code, errors } = await ended;
  expect(code).toBe(3);
  expect(errors).toMatch(/not the chain that the database mirrors.*start with an empty database/);
});

test('a missing variable is named in one sentence', async () => {
  const { code, errors } = await exitOf(start({ RPC_URL: '' }));
  expect(code).toBe(1);
  expect(errors).toMatch(/^The indexer's RPC_URL .*\n$/);
});

test('under a supervisor that was killed, it ends', async () => {
  const supervisor = spawn(
    process.execPath,
    [
      '-e',
      `require('child_process').spawn(process.execPath, [${JSON.stringify(MAIN)}], {stdio: ['ignore', 'inherit', 'inherit']}); setInterval(() => {}, 1000)`,
    ],
    { env: environment({ CARDHOUR_SUPERVISED: '1' }), stdio: ['ignore', 'pipe', 'pipe'] },
  );
  started.push(supervisor);
  await untilAtHead();
  const closed = once(supervisor.stdout, 'end');
  supervisor.stdout.resume();
  supervisor.kill('SIGKILL');
  // The indexer holds the other end: it closes when the indexer ends.
  await closed;
});

function environment(extra: NodeJS.ProcessEnv | Record<string, string>): NodeJS.ProcessEnv {
  const own = { DATABASE_URL: url, RPC_URL: world.chain.rpcUrl, POLL_MS: '20' };
  return { ...process.env, ...own, DEPLOYMENT_FILE: join(dir, 'deployment.json'), ...extra };
}

function start(extra: Record<string, string> = {}): ChildProcess {
  const child = spawn(process.execPath, [MAIN], {
    env: environment(extra),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  started.push(child);
  return child;
}

async function firstLine(child: ChildProcess): Promise<string> {
  const [chunk] = (await once(child.stderr as NodeJS.ReadableStream, 'data')) as [Buffer];
  return chunk.toString();
}

async function exitOf(child: ChildProcess): Promise<{ code: number | null; errors: string }> {
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, errors };
}

async function untilAtHead(): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    for (;;) {
      const { hash } = await world.actors.client.getBlock();
      const { rowCount } = await client.query('SELECT 1 FROM block WHERE hash = $1', [hash]);
      if (rowCount === 1) return;
      await sleep(20);
    }
  } finally {
    await client.end();
  }
}
