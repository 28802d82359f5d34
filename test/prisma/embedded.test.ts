import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import type { RunningPostgres } from '../../prisma/embedded.ts';

let dir: string;
let running: RunningPostgres[] = [];

beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), 'cardhour-embedded-'));
});
afterEach(async () => {
  for (const server of running) await server.stop();
  running = [];
  await rm(dir, { recursive: true, force: true });
});

test('what was committed is there after a stop and a start', async () => {
  const first = await start();
  const url = await createDatabase(first.url, 'market');
  await run(url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await first.stop();
  const second = await start();
  expect(await run(await createDatabase(second.url, 'market'), 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test('what was committed is there after the server was killed', async () => {
  const first = await start(undefined, true);
  await run(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
  process.kill(await serverPid(), 'SIGKILL');
  await first.exited;
  const second = await start();
  expect(await run(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test('a killed owner leaves no server behind, and the next start finds everything', async () => {
  const script = `
    import { startPostgres } from '${new URL('../../prisma/embedded.ts', import.meta.url).href}';
    const server = await startPostgres({ dir: ${JSON.stringify(dir)}, durable: false });
    process.send(server.url);
    setInterval(() => undefined, 1000);`;
  const owner = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
  });
  const [url] = (await once(owner, 'message')) as [string];
  await run(url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await expect(start()).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  owner.kill('SIGKILL');
  await once(owner, 'exit');
  const next = await start();
  expect(await run(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
});

test("a pid file that names another program's process does not stop the start", async () => {
  await (await start()).stop();
  await writeFile(
    join(dir, 'data', 'postmaster.pid'),
    `${process.pid}\n${join(dir, 'data')}\n0\n1\n\n\n0\nready\n`,
  );
  const server = await start();
  expect(await run(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
});

test('an interrupted creation is begun anew', async () => {
  await mkdir(join(dir, 'data.new'));
  await writeFile(join(dir, 'data.new', 'PG_VERSION'), '18');
  const server = await start();
  expect(await run(server.url, 'SELECT 1 AS n')).toEqual([{ n: 1 }]);
});

test('a port in use is refused in one sentence', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  const { port } = holder.address() as { port: number };
  await expect(start(port)).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    sentence: expect.stringContaining(String(port)) as string,
  });
  holder.close();
});

test('a folder that holds something else is refused and left alone', async () => {
  await mkdir(join(dir, 'data'));
  await writeFile(join(dir, 'data', 'thesis.txt'), 'mine');
  await expect(start()).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  expect(await readFile(join(dir, 'data', 'thesis.txt'), 'utf8')).toBe('mine');
});

test('damaged data is refused with the reason of the server', async () => {
  await (await start()).stop();
  await writeFile(join(dir, 'data', 'global', 'pg_control'), 'rubbish');
  await expect(start()).rejects.toMatchObject({
    code: 'DATA_BROKEN',
    sentence: expect.stringContaining('pg_control') as string,
  });
});

async function start(port?: number, durable = false): Promise<RunningPostgres> {
  const server = await startPostgres({ dir, port, durable });
  running.push(server);
  return server;
}

async function serverPid(): Promise<number> {
  return Number((await readFile(join(dir, 'data', 'postmaster.pid'), 'utf8')).split('\n')[0]);
}

async function run(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(sql)).rows;
  } finally {
    await client.end();
  }
}
