import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { processesMarked, startMark } from '../../provider/sandbox/process-table.ts';
import { setup as setUpAll, shell, until, type Setup } from './setup.ts';

const open: Setup[] = [];

afterEach(async () => {
  for (const test of open.splice(0)) {
    await test.teardown();
    expect(test.gateway.errors).toEqual([]);
  }
});

describe('a lease', () => {
  it('runs what the consumer bought, and stops at the end by the chain clock', async () => {
    const test = await setup();
    const lease = await test.buy(
      shell('echo lease $CARDHOUR_LEASE_ID cards $CARDHOUR_CARDS class $CARDHOUR_CLASS; sleep 300'),
    );
    await until(() => test.gateway.logOf(lease).includes('\n'), 'a log line');
    expect(test.gateway.logOf(lease)).toBe(`lease ${lease} cards 2 class H100-SXM-80G\n`);
    expect(test.gateway.lastOf(lease)?.state).toBe('running');
    const { process } = test.stateOf(lease);
    await test.pass(59);
    await test.pass(2);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.gateway.lastOf(lease)).toMatchObject({ state: 'exited' });
    expect(test.gateway.lastOf(lease)?.exitCode).toBeUndefined();
    expect(startMark(process?.pid ?? 0)).toBeNull();
    expect(processesMarked(process?.mark ?? '')).toEqual([]);
    expect(existsSync(join(test.agentFolder, 'leases', String(lease), 'work'))).toBe(false);
  });

  it('goes on when its command exits early: the exit code is reported until the end', async () => {
    const test = await setup();
    const lease = await test.buy(shell('echo bad >&2; exit 3'));
    await until(() => test.gateway.lastOf(lease)?.exitCode === 3, 'the exit code');
    const before = test.gateway.reports.length;
    await until(() => test.gateway.reports.length > before + 2, 'further heartbeats');
    expect(test.gateway.lastOf(lease)).toMatchObject({ state: 'exited', exitCode: 3 });
    expect(test.gateway.logOf(lease)).toBe('bad\n');
    await test.pass(61);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.gateway.lastOf(lease)).toMatchObject({ state: 'exited', exitCode: 3 });
    expect(test.stateOf(lease).starts).toBe(1);
  });

  it('fails, with the reason in its log, when the workload is not the one on the chain', async () => {
    const test = await setup();
    const lease = await test.buy(shell('echo wanted'), 1, 60, shell('echo forged'));
    await until(() => test.gateway.lastOf(lease)?.state === 'failed', 'the failure');
    await test.pass(61);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.gateway.logOf(lease)).toMatch(/not the one that the lease names/);
  });

  it('stops when its consumer closes it', async () => {
    const test = await setup();
    const lease = await test.buy(shell('sleep 300'));
    await until(() => test.gateway.lastOf(lease)?.state === 'running', 'running');
    await test.pass(20);
    await test.close(lease);
    await until(() => test.stateOf(lease).done, 'the last report');
    expect(test.gateway.lastOf(lease)?.state).toBe('exited');
  });

  it('stops when a reorganisation takes it off the chain', async () => {
    const test = await setup();
    const snapshot = await test.chain.rpc<string>('evm_snapshot');
    const lease = await test.buy(shell('sleep 300'));
    await until(() => test.gateway.lastOf(lease)?.state === 'running', 'running');
    const { process } = test.stateOf(lease);
    await test.chain.rpc('evm_revert', [snapshot]);
    await test.pass(2);
    await until(() => startMark(process?.pid ?? 0) === null, 'the command to end');

    const { identity } = test.stateOf(lease);
    await test.pass(2);
    test.forgetLeases();
    expect(await test.buy(shell('echo another; sleep 300'))).toBe(lease);
    await until(
      () => test.stateOf(lease).process !== null && test.stateOf(lease).identity !== identity,
      'the lease that took its id',
    );
    await until(() => test.gateway.logOf(lease) === 'another\n', 'its log');
  });
});

describe('reports', () => {
  it('lose no log line while the gateway is away or its answers are lost', async () => {
    const test = await setup();
    const lease = await test.buy(shell('for i in $(seq 1 4000); do echo line $i; done; sleep 1; echo end'));
    await until(() => test.gateway.reports.length > 0, 'a report');
    test.gateway.mode = 'deaf';
    await until(() => test.gateway.logOf(lease).length > 0, 'a part of the log');
    test.gateway.mode = 'down';
    await until(() => test.stateOf(lease).state === 'exited', 'the exit');
    test.gateway.mode = 'answers';
    await until(() => test.gateway.logOf(lease).endsWith('end\n'), 'the whole log');
    const lines = Array.from({ length: 4000 }, (_, i) => `line ${i + 1}\n`).join('');
    expect(test.gateway.logOf(lease)).toBe(`${lines}end\n`);
  });

  it('name the sandbox, plain where there is no bubblewrap', async () => {
    const test = await setup({ BWRAP_PATH: '/nowhere/bwrap' });
    const lease = await test.buy(shell('echo hello; sleep 300'));
    await until(() => test.gateway.logOf(lease) !== '', 'the log');
    expect(test.gateway.lastOf(lease)?.sandbox).toBe('plain');
    expect(test.lines.join('\n')).toMatch(/WARNING: bubblewrap does not work/);
  });
});

async function setup(env: Record<string, string> = {}): Promise<Setup> {
  const test = await setUpAll(env);
  open.push(test);
  await test.startAgent();
  await until(() => test.gateway.listings.size === 1, 'a listing');
  return test;
}
