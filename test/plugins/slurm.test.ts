/** The Slurm plugin against a real cluster of one node: slurmctld, slurmd and munge on loopback. */
import { chmodSync, existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PluginLease } from '../../provider/plugin/protocol.ts';
import { cardNames, parseFields, parseGres } from '../../provider/plugins/slurm/parse.ts';
import { poolFolder, someLease, startPlugin, until, type PluginProcess } from '../support/plugin-client.ts';
import { SLURM_NEEDS, startSlurm, type SlurmCluster } from '../support/slurm.ts';
import { missing, tryToStart } from '../support/tools.ts';

const CLASS = 'H100-SXM-80G';
const MIB = 2 ** 20;
const FORKS = 'i=0; while [ $i -lt 300 ]; do sleep 5 & i=$((i+1)); done; echo forked $i';

describe.skipIf(missing('slurm', SLURM_NEEDS, true))('the slurm plugin', () => {
  let cluster: SlurmCluster;
  let plugin: PluginProcess;
  const home = poolFolder();
  // The jobs' user must be able to walk through it.
  chmodSync(home.folder, 0o711);
  const settings = () => ({
    config: cluster.config,
    user: cluster.user,
    diskBytes: 64 * MIB,
    classes: { [CLASS]: { gres: 'gpu:h100', memoryBytes: 64 * MIB }, 'CPU-1': {} },
  });
  const start = (lease: PluginLease) => plugin.call('start', { lease });
  const end = async ({ id }: { id: string }) => {
    await plugin.call('stop', { id, graceMs: 0 });
    const status = await plugin.over(id);
    await plugin.call('release', { id });
    return status;
  };
  const run = async (script: string, part: Partial<PluginLease> = {}) => {
    const lease = someLease(CLASS, script, part);
    await start(lease);
    const status = await plugin.over(lease.id);
    const log = await plugin.log(lease.id);
    const usage = await plugin.call('usage', { id: lease.id });
    await plugin.call('release', { id: lease.id });
    return { status, log, usage };
  };

  beforeAll(async () => {
    const started = await tryToStart('slurm', startSlurm);
    if ('absent' in started) return;
    cluster = started;
    plugin = await startPlugin('slurm', settings(), home.folder);
  });
  beforeEach(({ skip }) => skip(cluster === undefined));
  afterAll(async () => {
    await plugin?.stop();
    await cluster?.stop();
    home.remove();
  });

  it('runs a command with its files and environment, and tells output, exit code, cards and usage', async () => {
    const quoted = `it's "$HOME" \\ \n two lines`;
    const { status, log, usage } = await run(
      './data/run.sh; printf %s "$TEXT"; echo made > out; cat out; id -u; exit 7',
      {
        env: { TEXT: quoted },
        limits: { cards: 2, seconds: 60 },
        files: [
          {
            path: 'data/run.sh',
            base64: Buffer.from('#!/bin/sh\necho ran\n').toString('base64'),
            executable: true,
          },
        ],
      },
    );
    expect(status).toMatchObject({ state: 'exited', exitCode: 7 });
    expect(new Set(status.cards).size).toBe(2);
    expect(log).toBe(`ran\n${quoted}made\n${cluster.user}\n`);
    expect(usage.cardMs).toBe(2 * ((status.endedAt ?? 0) - (status.startedAt ?? 0)));
    await until(() => plugin.changes.some(({ exitCode }) => exitCode === 7));
    expect((await plugin.call('list', {})).leases).toEqual([]);
    expect(readdirSync(join(home.folder, 'leases'))).toEqual([]);
    const killed = await run('kill -9 $$');
    expect(killed.status).toMatchObject({ state: 'exited', exitCode: 137 });
  });

  it('gives each lease cards of its own, and says why one has to wait', async () => {
    const first = someLease(CLASS, 'sleep 60', { limits: { cards: 3, seconds: 60 } });
    const second = someLease(CLASS, 'echo second ran; sleep 60', { limits: { cards: 2, seconds: 60 } });
    await start(first);
    const { cards = [] } = await plugin.until(first.id, 'running');
    expect(cards.sort()).toEqual(['node0/gpu0', 'node0/gpu1', 'node0/gpu2']);
    expect((await plugin.call('inventory', {})).cards[0]).toEqual({ class: CLASS, count: 4, free: 1 });
    expect((await start(second)).state).toBe('pending');
    await until(async () => /Resources/.test((await plugin.call('status', { id: second.id })).reason ?? ''));
    const stopped = await end(first);
    expect(stopped).toMatchObject({ state: 'exited', cards });
    expect(stopped.exitCode).toBeUndefined();
    await plugin.until(second.id, 'running');
    await until(() => plugin.changes.some(({ id, state }) => id === second.id && state === 'running'));
    await end(second);
    const waiting = someLease(CLASS, 'true', { limits: { cards: 4, seconds: 60 } });
    const holder = someLease(CLASS, 'sleep 60');
    await start(holder);
    await plugin.until(holder.id, 'running');
    await start(waiting);
    expect(await end(waiting)).toMatchObject({ state: 'exited' });
    await end(holder);
  });

  it('starts a lease once, however often it is asked, and finds the job of a submission that nobody noted', async () => {
    const lease = someLease(CLASS, 'sleep 60');
    await Promise.all([start(lease), start(lease)]);
    await plugin.kill();
    // As if the plugin had been killed between sbatch and its note.
    const record = join(home.folder, 'leases', lease.id, 'record.json');
    const { writeState, readState } = await import('../../provider/files.ts');
    const { job, ...rest } = readState<Record<string, unknown>>(record) ?? {};
    expect(job).toBeGreaterThan(0);
    writeState(record, rest);
    plugin = await startPlugin('slurm', settings(), home.folder);
    await start(lease);
    const jobs = await cluster.command(
      'squeue',
      '--noheader',
      '--states=all',
      `--name=cardhour-pool-1-${lease.id}`,
    );
    expect(jobs.trim().split('\n')).toHaveLength(1);
    await end(lease);
  });

  it('goes on with what ran while it was away, and tells how it ended', async () => {
    const lease = someLease(CLASS, 'for i in $(seq 1 20); do echo line $i; sleep 0.1; done; exit 3');
    await start(lease);
    await plugin.kill();
    await sleep(1_000);
    plugin = await startPlugin('slurm', settings(), home.folder);
    expect((await plugin.call('list', {})).leases.map(({ id }) => id)).toEqual([lease.id]);
    expect(await plugin.over(lease.id)).toMatchObject({ state: 'exited', exitCode: 3 });
    expect((await plugin.log(lease.id)).split('\n')).toHaveLength(21);
    await plugin.call('release', { id: lease.id });
  });

  it('refuses what this cluster can never run, with Slurm’s own reason', async () => {
    const lease = someLease(CLASS, 'true', { limits: { cards: 5, seconds: 60 } });
    await expect(start(lease)).rejects.toMatchObject({ kind: 'REFUSED' });
    await expect(start(lease)).rejects.toThrow('node configuration is not available');
    await expect(start(someLease('A100', 'true'))).rejects.toMatchObject({ kind: 'REFUSED' });
    const image = someLease(CLASS, 'true', { image: 'localhost/x:1' });
    await expect(start(image)).rejects.toMatchObject({ kind: 'REFUSED' });
    expect((await plugin.call('list', {})).leases).toEqual([]);
    const { status, log } = await run('', { command: ['/no/such/program'] });
    expect(status).toMatchObject({ state: 'exited', exitCode: 1 });
    expect(log).toContain('/no/such/program');
  });

  it('ends a lease at its time', async () => {
    const { status } = await run('sleep 600', { limits: { cards: 1, seconds: 1 } });
    expect(status).toMatchObject({ state: 'exited', reason: 'its time was over' });
    expect(status.exitCode).toBeUndefined();
  });

  it('gives no way out: no mount, network, host file, other process or Slurm of the host', async () => {
    expect(plugin.capabilities.isolation).toBe('bubblewrap');
    const tries = [
      'mount -t tmpfs none /tmp',
      'touch /usr/x',
      'mknod /work/disk b 8 0',
      'echo 1 > /proc/sys/kernel/core_pattern',
      `ls ${home.folder}`,
      `ls ${cluster.config}`,
      'cat /etc/shadow',
      'scancel --user=root',
      'sbatch --wrap=true',
      'test $(ls /proc | grep -c "^[0-9]") -gt 12',
      'test $(tail -n +3 /proc/net/dev | grep -v -c " lo:") != 0',
    ];
    const script = tries.map((one, i) => `(${one}) >/dev/null 2>&1 && echo "way out ${i}"`).join('; ');
    const { log } = await run(`${script}; grep CapEff /proc/self/status; true`);
    expect(log).toBe('CapEff:\t0000000000000000\n');
  });

  it('holds a fork bomb, a flood of output and a writer that never stops', async () => {
    // A bomb that costs no time: what it forks sleeps.
    const bomb = await run(FORKS, { limits: { cards: 1, seconds: 60, processes: 64 } });
    expect(bomb.log).toMatch(/fork/);
    expect(bomb.log).not.toContain('forked 300');
    const flood = await run('yes $(seq 1 200) | head -c 3000000; echo end');
    expect(flood.status).toMatchObject({ exitCode: 0 });
    expect(flood.log.length).toBeLessThan(MIB + 200);
    expect(flood.log).toContain('the log ends here');
    const writer = await run(
      'i=0; while dd if=/dev/zero of=f$i bs=1M count=16 2>/dev/null; do i=$((i+1)); sleep 0.2; done',
    );
    expect(writer.status).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('disk') as string,
    });
  });

  it('offers no card of a node that is drained, and says so', async () => {
    await cluster.command(
      'scontrol',
      'update',
      'NodeName=node0',
      'State=DRAIN',
      'Reason=card 2 fell off the bus',
    );
    const health = await plugin.call('health', {});
    expect(health).toMatchObject({ ok: false });
    expect(health.notes?.[0]).toContain('card 2 fell off the bus');
    expect((await plugin.call('inventory', {})).cards[0]).toMatchObject({ free: 0 });
    const lease = someLease(CLASS, 'true');
    await start(lease);
    await until(async () =>
      /DOWN|DRAIN|not available/i.test((await plugin.call('status', { id: lease.id })).reason ?? ''),
    );
    await cluster.command('scontrol', 'update', 'NodeName=node0', 'State=RESUME');
    expect(await plugin.over(lease.id)).toMatchObject({ exitCode: 0 });
    await plugin.call('release', { id: lease.id });
  });

  it('outlives its controller, and loses nothing of a job that it forgot', async () => {
    const lease = someLease(CLASS, 'sleep 2; exit 4');
    await start(lease);
    await plugin.until(lease.id, 'running');
    await cluster.restartController();
    expect(await plugin.over(lease.id)).toMatchObject({ exitCode: 4 });
    expect(existsSync(join(home.folder, 'leases', lease.id))).toBe(true);
    await plugin.call('release', { id: lease.id });
    const other = poolFolder();
    const nowhere = join(other.folder, 'slurm.conf');
    await expect(startPlugin('slurm', { ...settings(), config: nowhere }, other.folder)).rejects.toThrow();
    await expect(
      startPlugin('slurm', { classes: { X: { gres: 'a b' } } }, other.folder),
    ).rejects.toMatchObject({
      kind: 'BAD_SETTINGS',
    });
    rmSync(other.folder, { recursive: true, force: true });
  });
});

describe('what Slurm prints', () => {
  it('is read whatever its values hold', () => {
    const line =
      'JobId=7 JobName=cardhour-a Reason=Nodes required for job are DOWN, DRAINED ExitCode=0:9 Comment=a=b JobState=x' +
      ' ReqB:S:C:T=0:0:*:* Socks/Node=* Command=/tmp/my job.sh';
    expect(parseFields(line)).toMatchObject({
      JobId: '7',
      Reason: 'Nodes required for job are DOWN, DRAINED',
      ExitCode: '0:9',
      Comment: 'a=b',
      'Socks/Node': '*',
      Command: '/tmp/my job.sh',
    });
    expect(parseFields('')).toEqual({});
  });

  it('counts generic resources of a type and of all types', () => {
    const text = 'gpu:h100:4(S:0-1),gpu:a100:2(IDX:0,1),nic:1';
    expect(parseGres(text, 'gpu:h100')).toBe(4);
    expect(parseGres(text, 'gpu')).toBe(6);
    expect(parseGres(text, 'nic')).toBe(1);
    expect(parseGres('(null)', 'gpu')).toBe(0);
    expect(parseGres('gpu:h1000:4', 'gpu:h100')).toBe(0);
  });

  it('names the cards of jobs on one node and on several', () => {
    expect(cardNames('x JOB_GRES=gpu:2 Nodes=n1 CPU_IDs=0-1 Mem=0 GRES=gpu:h100:2(IDX:1,3) y')).toEqual([
      'n1/gpu1',
      'n1/gpu3',
    ]);
    expect(cardNames('x Nodes=n[08-09] CPU_IDs=0 Mem=0 GRES=gpu:1(IDX:0) y')).toEqual([
      'n08/gpu0',
      'n09/gpu0',
    ]);
    expect(cardNames('x Nodes=n1 CPU_IDs=0 Mem=0 GRES= y')).toEqual([]);
  });
});
