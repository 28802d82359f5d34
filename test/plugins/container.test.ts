/** The container plugin against a real engine: Podman's service, through the Docker Engine API. */
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { PluginLease } from '../../provider/plugin/protocol.ts';
import { poolFolder, someLease, startPlugin, until, type PluginProcess } from '../support/plugin-client.ts';
import { PODMAN_NEEDS, startPodman, TEST_IMAGE, type Podman } from '../support/podman.ts';
import { missing, tryToStart } from '../support/tools.ts';

const CLASS = 'TEST-1G';
const MIB = 2 ** 20;
/** What the limits of this machine allow a container's processes. */
const ULIMITS = { nofile: 1_024, nproc: 4_096, core: 0 };

describe.skipIf(missing('container', PODMAN_NEEDS, true))('the container plugin', () => {
  let engine: Podman;
  let plugin: PluginProcess;
  const home = poolFolder();
  const settings = () => ({
    socket: engine.socket,
    image: TEST_IMAGE,
    pull: 'never',
    ulimits: ULIMITS,
    cards: { [CLASS]: ['card-0', 'card-1', 'card-2', 'card-3'] },
  });
  const start = (lease: PluginLease) => plugin.call('start', { lease });
  /** Runs to its end; its log and status, and nothing is left of it. */
  const run = async (script: string, part: Partial<PluginLease> = {}) => {
    const lease = someLease(CLASS, script, part);
    const first = await start(lease);
    expect(first.reason ?? '').toBe('');
    const status = await plugin.over(lease.id);
    const log = await whole(lease.id);
    await plugin.call('release', { id: lease.id });
    return { status, log };
  };
  const whole = async (id: string) => {
    while (!(await plugin.call('logs', { id, offset: 0, limit: 262_144 })).complete) await sleep(50);
    return plugin.log(id);
  };

  beforeAll(async () => {
    const started = await tryToStart('container', startPodman);
    if ('absent' in started) return;
    engine = started;
    plugin = await startPlugin('container', settings(), home.folder);
  });
  beforeEach(({ skip }) => skip(engine === undefined));
  afterAll(async () => {
    await plugin?.stop();
    await engine?.stop();
    home.remove();
  });

  it('runs a command with its files and environment, and tells output, exit code and usage', async () => {
    const lease = someLease(
      CLASS,
      'cat data/in.txt; echo $COLOUR; echo made > out; cat out; sleep 0.3; exit 7',
      {
        env: { COLOUR: 'blue' },
        files: [{ path: 'data/in.txt', base64: Buffer.from('from outside\n').toString('base64') }],
        limits: { cards: 2, seconds: 60 },
      },
    );
    const started = await start(lease);
    expect(started.state).toBe('running');
    expect(new Set(started.cards).size).toBe(2);
    const over = await plugin.over(lease.id);
    expect(over).toMatchObject({ state: 'exited', exitCode: 7 });
    expect(await whole(lease.id)).toBe('from outside\nblue\nmade\n');
    const tail = await plugin.call('logs', { id: lease.id, offset: 13, limit: 4 });
    expect(Buffer.from(tail.base64, 'base64').toString()).toBe('blue');
    const usage = await plugin.call('usage', { id: lease.id });
    const seconds = ((over.endedAt ?? 0) - (over.startedAt ?? 0)) / 1_000;
    expect(usage.cardMs).toBe(Math.round(2_000 * seconds));
    await until(() => plugin.changes.some(({ id, exitCode }) => id === lease.id && exitCode === 7));
    await plugin.call('release', { id: lease.id });
    expect((await plugin.call('list', {})).leases).toEqual([]);
    expect((await plugin.call('inventory', {})).cards[0]?.free).toBe(4);
    expect(await engine.podman('ps', '--all', '--quiet')).toBe('');
    expect(readdirSync(join(home.folder, 'leases'))).toEqual([]);
  });

  it('starts a lease once, however often and at once it is asked', async () => {
    const lease = someLease(CLASS, 'echo started; sleep 60');
    const answers = await Promise.all([start(lease), start(lease), start(lease)]);
    for (const answer of answers) expect(answer.cards).toEqual(answers[0]?.cards);
    expect((await plugin.call('inventory', {})).cards).toEqual([{ class: CLASS, count: 4, free: 3 }]);
    expect((await engine.podman('ps', '--quiet')).trim().split('\n')).toHaveLength(1);
    await expect(plugin.call('release', { id: lease.id })).rejects.toMatchObject({ kind: 'STILL_RUNNING' });
    await plugin.call('stop', { id: lease.id, graceMs: 0 });
    const over = await plugin.over(lease.id);
    expect(over).toMatchObject({ state: 'exited' });
    expect(over.exitCode).toBeUndefined();
    expect((await start(lease)).state).toBe('exited');
    expect(await whole(lease.id)).toBe('started\n');
    await plugin.call('release', { id: lease.id });
  });

  it('goes on with what runs after it was killed, and misses no output', async () => {
    const lease = someLease(CLASS, 'for i in $(seq 1 40); do echo line $i; sleep 0.1; done; exit 3');
    await start(lease);
    await until(async () => (await plugin.log(lease.id)).includes('line 3'));
    await plugin.kill();
    await sleep(500);
    plugin = await startPlugin('container', settings(), home.folder);
    const [found] = (await plugin.call('list', {})).leases;
    expect(found).toMatchObject({ id: lease.id, state: 'running', cards: ['card-0'] });
    expect((await plugin.call('inventory', {})).cards[0]?.free).toBe(3);
    expect(await plugin.over(lease.id)).toMatchObject({ exitCode: 3 });
    const lines = Array.from({ length: 40 }, (_, i) => `line ${i + 1}\n`);
    expect(await whole(lease.id)).toBe(lines.join(''));
    await plugin.call('release', { id: lease.id });
  });

  it('refuses an image that is absent and cards that it does not have', async () => {
    const absent = someLease(CLASS, 'true', { image: 'localhost/not-there:1' });
    await expect(start(absent)).rejects.toMatchObject({ kind: 'REFUSED' });
    await expect(start(absent)).rejects.toThrow('localhost/not-there:1 is not on this machine');
    const nameless = someLease(CLASS, 'true', { image: 'UPPER CASE' });
    await expect(start(nameless)).rejects.toMatchObject({ kind: 'REFUSED' });
    const five = someLease(CLASS, 'true', { limits: { cards: 5, seconds: 9 } });
    await expect(start(five)).rejects.toMatchObject({ kind: 'REFUSED' });
    const all = someLease(CLASS, 'sleep 60', { limits: { cards: 4, seconds: 60 } });
    await start(all);
    await expect(start(someLease(CLASS, 'true'))).rejects.toMatchObject({ kind: 'NO_CAPACITY' });
    await plugin.call('stop', { id: all.id, graceMs: 0 });
    await plugin.over(all.id);
    await plugin.call('release', { id: all.id });
    const broken = await start(someLease(CLASS, '', { command: ['/no/such/program'] }));
    expect(broken).toMatchObject({ state: 'failed' });
    expect(broken.reason).toContain('could not be started');
    await plugin.call('release', { id: broken.id });
    expect((await plugin.call('list', {})).leases).toEqual([]);
  });

  it('says of an image that no registry has why it can’t be pulled', async () => {
    const other = poolFolder();
    const pulls = await startPlugin('container', { ...settings(), pull: 'missing' }, other.folder, 'pulls');
    const lease = someLease(CLASS, 'true', { image: '127.0.0.1:1/nowhere:1' });
    const answer = await pulls.call('start', { lease }).catch((error: Error) => error);
    // Podman tries a registry that is away three times: then the answer comes later, as a failed lease.
    const said = answer instanceof Error ? answer.message : ((await pulls.over(lease.id)).reason ?? '');
    expect(said).toContain('127.0.0.1:1/nowhere:1 can’t be pulled'.replace('’', "'"));
    await pulls.stop();
    other.remove();
  });

  it('tells running out of memory from other ends', async () => {
    const { status } = await run('exec dd if=/dev/zero of=/dev/null bs=200M', {
      limits: { cards: 1, seconds: 60, memoryBytes: 48 * MIB },
    });
    expect(status).toMatchObject({ state: 'exited', exitCode: 137 });
    expect(status.reason).toMatch(/out of memory.*48 MiB/);
    const { status: other } = await run('kill -9 $$; exit 9');
    expect(other).toMatchObject({ exitCode: 9 });
    expect(other.reason).toBeUndefined();
  });

  it('ends a lease at its time', async () => {
    const { status } = await run('sleep 600', { limits: { cards: 1, seconds: 1 } });
    expect(status).toMatchObject({ state: 'exited', reason: 'its time was over' });
    expect(status.exitCode).toBeUndefined();
  });

  it('gives no way out: no mount, device, network, host file, setting or socket', async () => {
    const canary = join(home.folder, 'canary');
    const tries = [
      'mount -t tmpfs none /mnt',
      'mount -o remount,rw /',
      'touch /bin/x',
      'mknod /work/disk b 8 0',
      'echo 1 > /proc/sys/kernel/core_pattern',
      'echo b > /proc/sysrq-trigger',
      'echo 1 > /sys/fs/cgroup/memory/memory.limit_in_bytes',
      'ls /proc/1/root/home',
      `ls ${canary}`,
      `ls ${engine.socket}`,
      'ls /var/run/docker.sock',
      'test $(ls /sys/class/net | grep -v -c "^lo$") != 0',
      'kill -0 -1 2>/dev/null; test $(ps | grep -c .) -gt 12',
    ];
    const script = tries.map((one, i) => `(${one}) >/dev/null 2>&1 && echo "way out ${i}"`).join('; ');
    const { log } = await run(`${script}; grep -E "CapEff|NoNewPrivs" /proc/self/status; id -u; true`);
    expect(log).toBe('CapEff:\t0000000000000000\nNoNewPrivs:\t1\n65534\n');
  });

  it('holds a fork bomb and a writer that never stops, while another lease goes on', async () => {
    const other = someLease(CLASS, 'sleep 60; exit 3');
    await start(other);
    // A bomb that costs no time: what it forks sleeps.
    const bomb = await run('i=0; while [ $i -lt 300 ]; do sleep 60 & i=$((i+1)); done; echo forked $i', {
      limits: { cards: 1, seconds: 60, processes: 32 },
    });
    expect(bomb.log).toMatch(/fork/);
    expect(bomb.log).not.toContain('forked 300');
    const { log } = await run(
      'dd if=/dev/zero of=/work/fill bs=1M; dd if=/dev/zero of=/tmp/fill bs=1M; df -m /work',
      {
        limits: { cards: 1, seconds: 60, diskBytes: 8 * MIB, memoryBytes: 256 * MIB },
      },
    );
    expect(log.match(/No space left on device/g)).toHaveLength(2);
    expect((await plugin.call('status', { id: other.id })).state).toBe('running');
    await plugin.call('stop', { id: other.id, graceMs: 0 });
    await plugin.over(other.id);
    await plugin.call('release', { id: other.id });
    expect(await engine.podman('ps', '--all', '--quiet')).toBe('');
  });

  it('bounds what a flood of output takes on disk', async () => {
    const lease = someLease(CLASS, 'yes $(seq 1 200) | head -c 3000000; echo end');
    await start(lease);
    await plugin.over(lease.id);
    const log = await whole(lease.id);
    expect(log.length).toBeGreaterThan(MIB);
    expect(log.length).toBeLessThan(MIB + 200);
    expect(log).toContain('the log ends here');
    await plugin.call('release', { id: lease.id });
  });

  it('runs a command beside the lease’s own', async () => {
    const lease = someLease(CLASS, 'echo kept > /work/note; sleep 60');
    await start(lease);
    const beside = () =>
      plugin.call('exec', {
        id: lease.id,
        command: ['sh', '-c', 'cat /work/note; echo bad >&2; exit 4'],
        seconds: 60,
      });
    await until(async () => (await beside()).stdoutBase64 !== '');
    expect(await beside()).toEqual({
      exitCode: 4,
      stdoutBase64: Buffer.from('kept\n').toString('base64'),
      stderrBase64: Buffer.from('bad\n').toString('base64'),
    });
    await plugin.call('stop', { id: lease.id, graceMs: 0 });
    await plugin.over(lease.id);
    await plugin.call('release', { id: lease.id });
  });

  it('keeps /work on a volume when told so, and forgets it with the lease', async () => {
    const other = poolFolder();
    const disk = await startPlugin('container', { ...settings(), work: 'volume' }, other.folder, 'disks');
    expect(disk.capabilities.limits).not.toContain('disk');
    const lease = someLease(CLASS, 'cat run.sh && ./run.sh && echo more >> run.sh && ls', {
      files: [
        { path: 'run.sh', base64: Buffer.from('#!/bin/sh\necho ran\n').toString('base64'), executable: true },
      ],
    });
    expect((await disk.call('start', { lease })).reason).toBeUndefined();
    expect(await disk.over(lease.id)).toMatchObject({ exitCode: 0 });
    await until(
      async () =>
        (await disk.call('logs', { id: lease.id, offset: 0, limit: 9 })).complete ||
        (await disk.log(lease.id)).length > 30,
    );
    expect(await disk.log(lease.id)).toBe('#!/bin/sh\necho ran\nran\nrun.sh\n');
    expect(await engine.podman('volume', 'ls', '--quiet')).toContain(lease.id);
    await disk.call('release', { id: lease.id });
    expect(await engine.podman('volume', 'ls', '--quiet')).toBe('');
    await disk.stop();
    other.remove();
  });

  it('hands out device files, and no card that is broken', async () => {
    const other = poolFolder();
    const cards = ['card0', 'card1'].map((name) => join(other.folder, name));
    // Character device 1:3 is the null device: a card that everybody has.
    for (const path of cards) execFileSync('mknod', ['-m', '666', path, 'c', '1', '3']);
    const devices = { ...settings(), device: 'file', cards: { [CLASS]: cards } };
    const gpus = await startPlugin('container', devices, other.folder, 'gpus');
    const lease = someLease(CLASS, `test -c ${cards[0]} && ! test -e ${cards[1]} && echo mine > ${cards[0]}`);
    expect(await gpus.call('start', { lease })).toMatchObject({ cards: [cards[0]] });
    expect(await gpus.over(lease.id)).toMatchObject({ exitCode: 0 });
    rmSync(cards[0] as string);
    expect(await gpus.call('health', {})).toMatchObject({ ok: false, brokenCards: [cards[0]] });
    const next = someLease(CLASS, 'true');
    expect(await gpus.call('start', { lease: next })).toMatchObject({ cards: [cards[1]] });
    expect((await gpus.call('inventory', {})).notes?.join()).toContain('broken');
    await gpus.over(next.id);
    for (const id of [lease.id, next.id]) await gpus.call('release', { id });
    await gpus.stop();
    other.remove();
  });

  it('says that its engine is away, and goes on when it is back', async () => {
    const lease = someLease(CLASS, 'sleep 3; exit 5');
    await start(lease);
    const back = engine.restart();
    await back;
    await until(async () => (await plugin.call('health', {})).ok);
    expect(existsSync(engine.socket)).toBe(true);
    await until(async () => (await plugin.call('status', { id: lease.id })).exitCode === 5);
    await plugin.call('release', { id: lease.id });
    const nowhere = poolFolder();
    await expect(
      startPlugin('container', { ...settings(), socket: '/no/such.sock' }, nowhere.folder),
    ).rejects.toMatchObject({ kind: 'NOT_READY' });
    nowhere.remove();
  });

  it('refuses settings that it can’t use, by name', async () => {
    const other = poolFolder();
    await expect(
      startPlugin('container', { ...settings(), pull: 'sometimes' }, other.folder),
    ).rejects.toMatchObject({
      kind: 'BAD_SETTINGS',
      message: expect.stringContaining('settings.pull') as string,
    });
    other.remove();
  });
});
