import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { writeState } from '../../provider/files.ts';
import { lockFolder } from '../../provider/instance-lock.ts';
import { processesMarked, startMark } from '../../provider/sandbox/process-table.ts';
import { startChain, deployMarket } from '../support/chain.ts';
import { setup as setUpAll, shell, until, type Setup } from './setup.ts';

const MAIN = join(import.meta.dirname, '../../provider/main.ts');
const open: Setup[] = [];
const children: ChildProcess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const test of open.splice(0)) {
    await test.teardown();
    expect(test.gateway.errors).toEqual([]);
  }
});

/** Says how often it was started; the work folder starts empty, so only the log tells. */
const COUNTING = shell('echo hello; sleep 300');

describe.each(['auto', 'plain'])('an agent (sandbox %s)', (sandbox) => {
  it('starts the command of a running lease again, once, after it was killed, and leaves nothing behind', async () => {
    const test = await setup({ SANDBOX: sandbox });
    const first = startProcess(test);
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(COUNTING);
    await until(() => test.gateway.logOf(lease) !== '', 'the log');
    const before = test.stateOf(lease).process;
    first.kill('SIGKILL');
    await until(
      () => startMark(before?.pid ?? 0) === null && processesMarked(before?.mark ?? '').length === 0,
      'nothing left',
    );

    startProcess(test);
    await until(() => test.gateway.logOf(lease).split('hello').length === 3, 'the second start');
    expect(test.gateway.logOf(lease)).toBe(
      'hello\n[cardhour] the agent was restarted: the command starts again\nhello\n',
    );
    await test.pass(61);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.stateOf(lease).starts).toBe(2);
  });

  it('ends, when it is restarted, what ended meanwhile', async () => {
    const test = await setup({ SANDBOX: sandbox });
    const first = startProcess(test);
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(COUNTING);
    await until(() => test.gateway.lastOf(lease)?.state === 'running', 'running');
    first.kill('SIGKILL');
    await exited(first);
    await test.pass(61);
    startProcess(test);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.gateway.lastOf(lease)?.state).toBe('exited');
    expect(test.stateOf(lease).starts).toBe(1);
  });
});

describe('an agent', () => {
  it('stops its commands on SIGTERM and exits with 0', async () => {
    const test = await setup();
    const agent = startProcess(test);
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(shell('trap "" TERM; echo started; while :; do sleep 1; done'));
    await until(() => test.gateway.logOf(lease) !== '', 'the log');
    const { process } = test.stateOf(lease);
    agent.kill('SIGTERM');
    expect(await exited(agent)).toBe(0);
    expect(startMark(process?.pid ?? 0)).toBeNull();
    expect(processesMarked(process?.mark ?? '')).toEqual([]);
  });

  it('does not start a finished command again', async () => {
    const test = await setup();
    const first = await test.startAgent();
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(shell('echo once; exit 4'));
    await until(() => test.gateway.lastOf(lease)?.exitCode === 4, 'the exit');
    await first.stop();
    const reports = test.gateway.reports.length;
    await test.startAgent();
    await until(() => test.gateway.reports.length > reports + 2, 'heartbeats');
    expect(test.gateway.lastOf(lease)).toMatchObject({ state: 'exited', exitCode: 4 });
    expect(test.gateway.logOf(lease)).toBe('once\n');
  });

  it('exits when its supervisor dies', async () => {
    const test = await setup({ CARDHOUR_SUPERVISED: '1' });
    const script = `require('node:child_process').spawn(process.execPath, [${JSON.stringify(MAIN)}], { stdio: 'inherit' }).on('spawn', function () { console.log('pid ' + this.pid); }); setInterval(() => {}, 1000);`;
    const supervisor = spawn(process.execPath, ['-e', script], {
      env: { ...process.env, ...test.environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(supervisor);
    let text = '';
    supervisor.stdout.on('data', (bytes: Buffer) => (text += bytes.toString()));
    await until(() => /pid \d+/.test(text), 'the agent');
    const pid = Number(/pid (\d+)/.exec(text)?.[1]);
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(COUNTING);
    await until(() => test.gateway.logOf(lease) !== '', 'the log');
    const { process: running } = test.stateOf(lease);
    supervisor.kill('SIGKILL');
    await until(() => startMark(pid) === null, 'the agent to exit');
    expect(processesMarked(running?.mark ?? '')).toEqual([]);
  });

  it('refuses a data folder that another agent works in', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'cardhour-lock-'));
    writeState(join(folder, 'agent.json'), { pid: process.ppid, startedAt: startMark(process.ppid) });
    await expect(lockFolder(folder, 100)).rejects.toThrow(/Another agent \(process \d+\) works in/);
    writeState(join(folder, 'agent.json'), { pid: process.ppid, startedAt: 'another process with this pid' });
    await lockFolder(folder, 100);
    rmSync(folder, { recursive: true });
  });

  it('forgets leases and offers of a chain that was replaced', async () => {
    const test = await setup();
    await test.startAgent();
    await until(() => test.gateway.listings.size === 1, 'a listing');
    const lease = await test.buy(COUNTING);
    await until(() => test.gateway.logOf(lease) !== '', 'the log');
    const { process: running } = test.stateOf(lease);
    await test.chain.stop();
    const chain = await startChain({ port: test.chain.port, timestamp: 2_000_000_000 });
    await deployMarket(chain.rpcUrl, { minLeaseSeconds: 10 });
    await until(() => test.lines.some((line) => line.includes('the chain was replaced')), 'the notice');
    await until(() => startMark(running?.pid ?? 0) === null, 'the command to end');
    await chain.stop();
  });
});

describe('the environment', () => {
  it('is refused with the name of what is missing and the fix', async () => {
    const test = await setup({ PROVIDER_KEY: 'none' });
    const agent = startProcess(test, 'pipe');
    let text = '';
    agent.stderr?.on('data', (bytes: Buffer) => (text += bytes.toString()));
    expect(await exited(agent)).toBe(1);
    expect(text).toBe(
      'The environment variable PROVIDER_KEY is missing or unreadable. Set it to a private key, 0x and 64 hex digits.\n',
    );
  });
});

async function setup(env: Record<string, string> = {}): Promise<Setup> {
  const test = await setUpAll(env);
  open.push(test);
  return test;
}

function startProcess(test: Setup, stderr: 'inherit' | 'pipe' = 'inherit'): ChildProcess {
  const child = spawn(process.execPath, [MAIN], {
    env: { ...process.env, ...test.environment },
    stdio: ['ignore', 'ignore', stderr],
  });
  children.push(child);
  return child;
}

function exited(child: ChildProcess): Promise<number | null> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve(child.exitCode);
  return new Promise((resolve) => child.once('exit', resolve));
}
