import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { drainPools } from '../../cli/provider/drain.ts';
import type { PluginLease } from '../../provider/plugin/protocol.ts';
import type { Pool } from '../../provider/pools/north.ts';
import { startPools, type PoolConfig } from '../../provider/pools/pools.ts';
import { startMark } from '../../provider/sandbox/process-table.ts';
import { hasPython, TOY, wrong } from './plugins/folders.ts';
import { until } from './setup.ts';

const open: { stop(): Promise<void> }[] = [];

afterEach(async () => {
  for (const test of open.splice(0)) await test.stop();
});

describe.runIf(hasPython)('a pool', () => {
  it('comes up again when its plugin is killed, and tells which leases were lost', async () => {
    const test = setup();
    const pool = await test.up('one');
    expect((await pool.start(lease('a', 'sleep 100'))).state).toBe('running');
    const told: string[] = [];
    pool.watch(({ id, state }) => void told.push(`${id} ${state}`));
    const { pid } = pool.state();
    process.kill(pid ?? 0, 'SIGKILL');
    await until(() => told.includes('a lost'), 'the loss');
    await until(() => pool.state().pid !== null && pool.state().pid !== pid, 'a new process');
    expect(pool.state()).toMatchObject({ state: 'up', restarts: 1, lastEnd: 'SIGKILL ended it' });
    await pool.start(lease('a', 'exit 3'));
    await until(() => pool.known('a')?.state === 'exited', 'the end');
    expect(pool.known('a')?.exitCode).toBe(3);
  });

  it.each([
    ['floods', /more than 200 notifications a second/],
    ['garbage', /5 messages that can't be read/],
    ['long-line', /a line of more than 1048576 bytes/],
    ['falls-silent', /left 3 calls in a row without an answer|said nothing for/],
    ['eats-memory', /bytes of memory, more than/],
  ])('is restarted when its plugin %s, and its neighbour notices nothing', async (defect, why) => {
    const test = setup([defect]);
    const neighbour = await test.up('one');
    const bad = test.pool(defect);
    await until(() => why.test(bad.state().lastEnd ?? ''), `${defect} to be noticed`, 120);
    expect(neighbour.state().restarts).toBe(0);
    expect((await neighbour.start(lease('b', 'sleep 100'))).state).toBe('running');
  });

  it('whose plugin never answers is not waited for', async () => {
    const test = setup(['hangs']);
    const bad = test.pool('hangs');
    await expect(bad.start(lease('c', 'exit 0'))).rejects.toMatchObject({ kind: 'NOT_READY' });
    const neighbour = await test.up('one');
    expect((await neighbour.start(lease('c', 'sleep 100'))).state).toBe('running');
  });

  it('refuses what its plugin has no room for, and starts a lease once', async () => {
    const test = setup();
    const pool = await test.up('one');
    await pool.start(lease('d', 'sleep 100', 3));
    await expect(pool.start(lease('e', 'sleep 100', 2))).rejects.toMatchObject({ kind: 'NO_CAPACITY' });
    const again = await pool.start(lease('d', 'sleep 100', 3));
    expect(again.cards).toHaveLength(3);
    expect(pool.list()).toHaveLength(1);
  });

  it('that is drained sells no more, and still serves what was sold', async () => {
    const test = setup();
    const pool = await test.up('one');
    expect(test.pools.sells('0x01')).toBe(true);
    const lines: string[] = [];
    drainPools({ data: test.folder, pool: 'one' }, (line) => void lines.push(line));
    await until(() => !test.pools.sells('0x01'), 'the drain');
    expect(test.pools.ofNode('0x01')).toBe(pool);
    expect((await pool.start(lease('s', 'sleep 100'))).state).toBe('running');
    drainPools({ data: test.folder, undo: true }, (line) => void lines.push(line));
    await until(() => test.pools.sells('0x01'), 'the end of the drain');
    expect(pool.state().restarts).toBe(0);
    expect(lines.join()).toMatch(/pool one is drained.*pool one is offered again/);
    expect(() => drainPools({ data: test.folder, pool: 'two' }, () => undefined)).toThrow(/no pool two/);
  });

  it('stops and forgets what runs for no lease', async () => {
    const test = setup();
    const pool = await test.up('one');
    await pool.start(lease('f', 'sleep 100'));
    await pool.start(lease('g', 'sleep 100'));
    await until(() => {
      test.pools.sweep((name, id) => name === 'one' && id === 'g');
      return pool.known('f') === undefined;
    }, 'the orphan to be swept');
    expect(pool.known('g')?.state).toBe('running');
  });
});

describe.runIf(hasPython)('the pools', () => {
  it('start, change and end while the others go on', async () => {
    const test = setup();
    const one = await test.up('one');
    const first = one.state().pid;
    test.write([CONFIG, { name: 'two', plugin: 'toy', settings: { class: 'B' } }]);
    await until(() => test.pools.byName('two')?.state().state === 'up', 'the new pool');
    const two = test.pool('two');
    expect((await two.inventory()).cards).toMatchObject([{ class: 'B', free: 4 }]);

    test.write([CONFIG, { name: 'two', plugin: 'toy', settings: { class: 'C' } }]);
    await until(() => two.state().restarts === 1 && two.state().state === 'up', 'the change');
    expect((await two.inventory()).cards[0]?.class).toBe('C');

    await two.start(lease('h', 'sleep 3'));
    test.write([CONFIG]);
    await until(() => test.pools.byName('two')?.state().state !== 'up', 'the removal');
    await expect(two.start(lease('i', 'exit 0'))).rejects.toMatchObject({ kind: 'REFUSED' });
    await until(() => test.pools.byName('two') === undefined, 'the end of its last lease');
    expect(one.state()).toMatchObject({ pid: first, restarts: 0 });
  });

  it('take another version of a plugin up when its leases are over', async () => {
    const test = setup();
    const pool = await test.up('one');
    await pool.start(lease('j', 'sleep 2; exit 6'));
    const manifest = JSON.parse(readFileSync(join(TOY, 'plugin.json'), 'utf8')) as object;
    mkdirSync(join(test.plugins, 'toy'));
    writeFileSync(
      join(test.plugins, 'toy', 'plugin.json'),
      JSON.stringify({ ...manifest, version: '1.1.0', command: ['python3', join(TOY, 'toy.py')] }),
    );
    await until(() => pool.known('j')?.state === 'exited' || pool.state().version === '1.1.0', 'an end');
    await until(() => pool.state().version === '1.1.0' && pool.state().state === 'up', 'the upgrade');
    expect(pool.state().lastEnd).toBeNull();
  });

  it('refuse what is written wrong, and say what', async () => {
    const test = setup();
    await test.up('one');
    writeFileSync(test.config, '{"pools": [{"name": "one"}]}');
    await until(() => test.lines.some((line) => /pools\[0\]\.plugin must be/.test(line)), 'the complaint');
    expect(test.pool('one').state().state).toBe('up');
    test.write([CONFIG, { name: 'three', plugin: 'nowhere' }]);
    await until(() => test.lines.some((line) => /nowhere, which is not installed/.test(line)), 'the other');
  });

  it('leave no process behind', async () => {
    const test = setup();
    const pool = await test.up('one');
    const { pid } = pool.state();
    await pool.start(lease('k', 'sleep 100'));
    await test.stop();
    expect(startMark(pid ?? 0)).toBeNull();
  });
});

const CONFIG: PoolConfig = { name: 'one', plugin: 'toy', settings: { class: 'A' } };

/** A pool `one` of toys, and one of each wrong plugin. */
function setup(defects: string[] = []) {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-pools-'));
  const [plugins, config] = [join(folder, 'plugins'), join(folder, 'pools.json')];
  mkdirSync(plugins);
  for (const defect of defects) wrong(defect, plugins);
  const write = (pools: PoolConfig[]) => writeFileSync(config, JSON.stringify({ pools }));
  write([CONFIG, ...defects.map((defect) => ({ name: defect, plugin: defect }))]);
  const stopping = new AbortController();
  const lines: string[] = [];
  const pools = startPools({
    pluginRoots: [join(TOY, '..'), plugins],
    configPath: config,
    preset: [],
    folder: join(folder, 'pools'),
    signal: stopping.signal,
    log: (line) => void lines.push(line),
    callMs: 3_000,
    memoryBytes: 150_000_000,
  });
  const pool = (name: string): Pool => {
    const found = pools.byName(name);
    if (!found) throw new Error(`no pool ${name}`);
    return found;
  };
  const test = {
    pools,
    folder,
    plugins,
    config,
    lines,
    write,
    pool,
    async up(name: string): Promise<Pool> {
      await until(() => pools.byName(name)?.state().state === 'up', `pool ${name}`);
      return pool(name);
    },
    async stop() {
      stopping.abort();
      await pools.stopped();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  open.push(test);
  return test;
}

function lease(id: string, script: string, cards = 1): PluginLease {
  return {
    id,
    node: { id: 'node', class: 'A', cards: 4 },
    command: ['sh', '-c', script],
    env: {},
    limits: { cards, seconds: 300 },
  };
}
