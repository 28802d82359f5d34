import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, test } from 'vitest';
import { spawnKept } from '../../cli/supervise/keeper.ts';
import { startPart, type PartSpec } from '../../cli/supervise/part.ts';
import { claimPort } from '../../cli/supervise/ports.ts';
import { checkVersion, emptyFolder, takeFolder } from '../../cli/supervise/processes.ts';
import { startOf } from '../../prisma/embedded/process.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

test('kept_endsWhenAsked_andIsKilledWhenItIgnoresThat', async () => {
  const { run } = await setup();
  const polite = run(`process.on('SIGTERM', () => process.exit(7)); tell();`);
  await polite.up;
  await polite.kept.stop();
  expect(await polite.kept.exited).toBe(7);
  const deaf = run(`process.on('SIGTERM', () => {}); tell();`);
  await deaf.up;
  await deaf.kept.stop();
  // Killed with its group, but the shell that we waited for may be gone a moment earlier.
  const pid = await deaf.pid();
  await until(() => startOf(pid) === undefined);
});

test('kept_endsWhenItsStarterIsKilled', async () => {
  const { dir } = await setup();
  const file = join(dir, 'pid');
  const keeper = fileURLToPath(new URL('../../cli/supervise/keeper.ts', import.meta.url));
  const kept = `require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid)); setInterval(() => {}, 1000);`;
  const starter = spawn(process.execPath, [
    '-e',
    `import(${JSON.stringify(keeper)}).then(({ spawnKept }) => {
      spawnKept({ command: process.execPath, args: ['-e', ${JSON.stringify(kept)}] });
      setInterval(() => {}, 1000);
    });`,
  ]);
  await until(() => existsSync(file));
  await sleep(100);
  const pid = Number(await readFile(file, 'utf8'));
  expect(startOf(pid)).toBeDefined();
  starter.kill('SIGKILL');
  await until(() => startOf(pid) === undefined);
});

test('part_isStartedAgainWhenItDies_andNotAfterItsStop', async () => {
  const { spec, hooks, told } = await setup();
  const part = await startPart({ ...spec, args: ['-e', 'setInterval(() => {}, 1000)'] }, hooks);
  const [first] = told.started;
  process.kill(-Number(first), 'SIGKILL');
  await until(() => told.started.length === 2);
  expect(told.restarts).toBe(1);
  await part.stop();
  await sleep(50);
  expect(told.started).toHaveLength(2);
  expect(told.ended).toEqual(told.started);
});

test('part_thatCannotStart_saysItsOwnLastSentence', async () => {
  const { spec, hooks } = await setup();
  const code = `console.error('\\u001b[31mThe thing it needs is in use.\\u001b[0m\\n    at x (y:1)'); process.exit(1)`;
  const failing = { ...spec, args: ['-e', code], isReady: () => Promise.resolve(false) };
  await expect(startPart(failing, hooks)).rejects.toThrow('The thing it needs is in use. (part; see ');
});

test('part_thatGivesUpForGood_isNotStartedAgain', async () => {
  const { spec, hooks, told } = await setup();
  const code = `setTimeout(() => { console.error('It must not go on.'); process.exit(3); }, 200)`;
  const part = await startPart({ ...spec, args: ['-e', code], finalCodes: [3] }, hooks);
  await until(() => told.gone.length === 1);
  expect(told.gone).toEqual(['It must not go on.']);
  expect(told.restarts).toBe(0);
  await part.stop();
});

test('folder_ofARunningSupervisorIsRefused', async () => {
  const { dir } = await setup();
  const folder = join(dir, 'data');
  const book = await takeFolder(folder);
  const other = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  cleanups.push(() => other.kill('SIGKILL'));
  const pid = other.pid ?? 0;
  const entry = { name: 'supervisor', pid, started: startOf(pid) };
  await writeFile(join(folder, 'processes.json'), JSON.stringify([entry]));
  await expect(takeFolder(folder)).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  await book.close();
});

test('folder_leftoversOfAKilledSupervisorAreEnded_andReusedNumbersAreNot', async () => {
  const { dir } = await setup();
  const folder = join(dir, 'data');
  await (await takeFolder(folder)).close();
  const sleeper = (): number => {
    const child = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
    cleanups.push(() => child.kill('SIGKILL'));
    return child.pid ?? 0;
  };
  const [left, stranger] = [sleeper(), sleeper()];
  const entries = [
    { name: 'supervisor', pid: 999_999, started: '1' },
    { name: 'chain', pid: left, started: startOf(left) },
    { name: 'web', pid: stranger, started: '1' },
  ];
  await writeFile(join(folder, 'processes.json'), JSON.stringify(entries));
  const book = await takeFolder(folder);
  expect(startOf(left)).toBeUndefined();
  expect(startOf(stranger)).toBeDefined();
  await book.close();
});

test('folder_ofSomebodyElseIsNeitherTakenNorEmptied', async () => {
  const { dir } = await setup();
  await writeFile(join(dir, 'precious'), 'x');
  await expect(takeFolder(dir)).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  await expect(emptyFolder(dir)).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  expect(await readdir(dir)).toEqual(['precious']);
});

test('folder_ofAnotherVersionIsRefusedUntilItIsEmptied', async () => {
  const { dir } = await setup();
  const folder = join(dir, 'data');
  await mkdir(folder);
  await writeFile(join(folder, 'cardhour.json'), JSON.stringify({ version: 1 }));
  await writeFile(join(folder, 'deployment.json'), '{}');
  await (await takeFolder(folder)).close();
  await expect(checkVersion(folder)).rejects.toMatchObject({ code: 'DATA_BROKEN' });
  expect(await readdir(folder)).toContain('deployment.json');
  await emptyFolder(folder);
  await (await takeFolder(folder)).close();
  await checkVersion(folder);
  expect(await readdir(folder)).toEqual(['cardhour.json']);
});

test('port_inUseIsNamed', async () => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanups.push(() => server.close());
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  await expect(claimPort(port, 'the web app', 'PORT')).rejects.toMatchObject({
    code: 'PORT_IN_USE',
    sentence: `Port ${port}, which the web app needs, is in use.`,
  });
});

async function until(holds: () => boolean): Promise<void> {
  for (let wait = 0; wait < 1_000; wait++) {
    if (holds()) return;
    await sleep(20);
  }
  throw new Error('it did not come to that');
}

async function setup() {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-supervise-'));
  cleanups.push(() => rm(dir, { recursive: true, force: true }));
  const told = { started: [] as number[], ended: [] as number[], restarts: 0, gone: [] as string[] };
  const hooks = {
    onStart: (pid: number) => Promise.resolve(void told.started.push(pid)),
    onEnd: (pid: number) => Promise.resolve(void told.ended.push(pid)),
    onRestart: () => void told.restarts++,
    onGone: (sentence: string) => void told.gone.push(sentence),
    signal: new AbortController().signal,
  };
  const spec: PartSpec = {
    name: 'part',
    command: process.execPath,
    args: [],
    env: process.env,
    cwd: dir,
    logFile: join(dir, 'part.log'),
  };
  let runs = 0;
  const run = (body: string) => {
    const file = join(dir, `run-${runs++}`);
    const tell = `const tell = () => require('fs').writeFileSync(${JSON.stringify(file)}, String(process.pid));`;
    const kept = spawnKept({
      command: process.execPath,
      args: ['-e', `${tell} setInterval(() => {}, 1000); ${body}`],
      graceSeconds: 1,
    });
    cleanups.push(() => kept.stop());
    const up = until(() => existsSync(file)).then(() => sleep(100));
    return { kept, up, pid: async () => Number(await readFile(file, 'utf8')) };
  };
  return { dir, told, hooks, spec, run };
}
