/**
 * All pools of an agent. Plugins and `pools.json` are looked at every two seconds: what was added starts, what changed is
 * taken up, what is gone ends with its last lease, all while the rest goes on.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../../domain/refusal.ts';
import { isOver } from '../plugin/protocol.ts';
import { flag, anyObject, check, listOf, record, text, type Shaped } from '../plugin/shape.ts';
import { completeSettings, installedPlugins, type InstalledPlugin } from './manifest.ts';
import type { Pool } from './north.ts';
import { startPool, type SupervisedPool } from './pool.ts';

const POOL = record(
  { name: text(64, /^[a-z0-9][a-z0-9-]*$/, 'a name of a-z, 0-9 and -'), plugin: text(64) },
  {
    settings: anyObject,
    /** Ids of the on-chain nodes that it serves; without: all that no other pool names. */
    nodes: listOf(text(66, /^0x[0-9a-f]{64}$/, 'a node id'), 10_000),
    /** Its nodes are not offered any more; what was sold before still runs. */
    drain: flag,
  },
);
const POOLS = record({ pools: listOf(POOL, 1_000, 1) });
export type PoolConfig = Shaped<typeof POOL>;

export interface Pools {
  all(): Pool[];
  byName(name: string): Pool | undefined;
  /** The pool that serves a node; undefined while none does. */
  ofNode(node: string): Pool | undefined;
  /** Whether a node's cards may be sold: its pool was up once, and is not drained. */
  sells(node: string): boolean;
  /** Stops and releases whatever a pool holds that is claimed by no lease of ours. */
  sweep(isClaimed: (pool: string, id: string) => boolean): void;
  stopped(): Promise<void>;
}

export interface PoolsOptions {
  /** Folders of plugin folders; of two plugins with one name the later counts. */
  pluginRoots: string[];
  /** `pools.json`; while it is missing, `preset` holds. */
  configPath: string;
  preset: PoolConfig[];
  /** Parent of the pools' own folders. */
  folder: string;
  signal: AbortSignal;
  log: (line: string) => void;
  /** Bounds other than the protocol's, for tests. */
  silenceMs?: number;
  callMs?: number;
  memoryBytes?: number;
}

const LOOK_MS = 2_000;
/** Processes that come up at once; a hundred would keep one another from answering in time. */
const STARTS_AT_ONCE = 8;
/** Whoever takes longer to come up loses its place, so that plugins that hang stop nobody. */
const TURN_MS = 5_000;
const ORPHAN_GRACE_MS = 5_000;
const ORPHAN_AGAIN_MS = 10_000;

/** @throws Refusal MALFORMED when the first configuration can't be used */
export function startPools(options: PoolsOptions): Pools {
  const { signal, log } = options;
  const running = new Map<string, { pool: SupervisedPool; config: PoolConfig; key: string }>();
  const gone: Promise<void>[] = [];
  /** Orphans that were dealt with, and when they are looked at again. */
  const swept = new Map<string, number>();
  const said = new Set<string>();
  const sayOnce = (line: string) => {
    if (!said.has(line)) log(line);
    said.add(line);
  };

  const turn = createTurns(STARTS_AT_ONCE, TURN_MS);

  /** Everything that is to run now. @throws Refusal MALFORMED */
  const wanted = () => {
    const plugins = installedPlugins(options.pluginRoots, sayOnce);
    return readPools(options).map((config) => {
      const plugin = plugins.get(config.plugin);
      if (!plugin)
        throw new Refusal(
          'MALFORMED',
          `Pool ${config.name} needs the plugin ${config.plugin}, which is not installed.`,
          `Put its folder into ${options.pluginRoots.at(-1)}.`,
        );
      return { config, plugin, settings: completeSettings(plugin.manifest, config.settings ?? {}) };
    });
  };

  const begin = (config: PoolConfig, plugin: InstalledPlugin, settings: Record<string, unknown>) => {
    const pool = startPool({
      ...options,
      turn,
      name: config.name,
      plugin,
      settings,
      folder: join(options.folder, config.name),
    });
    void pool.stopped.then(() => {
      if (running.get(config.name)?.pool === pool && pool.state().state === 'removed')
        running.delete(config.name);
    });
    return pool;
  };

  const look = () => {
    const now = wanted();
    for (const { config, plugin, settings } of now) {
      const key = JSON.stringify([plugin.folder, plugin.text, settings]);
      const there = running.get(config.name);
      if (there && there.pool.state().state === 'removed') continue;
      if (!there) running.set(config.name, { pool: begin(config, plugin, settings), config, key });
      else {
        if (there.key !== key) there.pool.upgrade(plugin, settings);
        running.set(config.name, { ...there, config, key });
      }
    }
    for (const [name, { pool }] of running) {
      if (now.some(({ config }) => config.name === name) || pool.state().state === 'removed') continue;
      log(`pool ${name}: removed; it ends with its last lease`);
      pool.remove();
      gone.push(pool.stopped);
    }
  };
  look();

  const looking = (async () => {
    while (!signal.aborted) {
      await sleep(LOOK_MS, undefined, { signal }).catch(() => undefined);
      try {
        if (!signal.aborted) look();
      } catch (error) {
        // What runs goes on as it was until the files are right again.
        sayOnce((error as Error).message);
      }
    }
  })();

  const entries = () => [...running.values()];
  const serving = (node: string) => {
    const there = entries().filter(({ pool }) => pool.state().state !== 'removed');
    return (
      there.find(({ config }) => config.nodes?.includes(node)) ??
      there.find(({ config }) => config.nodes === undefined)
    );
  };

  return {
    all: () => entries().map(({ pool }) => pool),
    byName: (name) => running.get(name)?.pool,
    ofNode: (node) => serving(node)?.pool,
    sells(node) {
      const found = serving(node);
      return found !== undefined && found.config.drain !== true && found.pool.capabilities() !== null;
    },
    sweep(isClaimed) {
      const now = performance.now();
      for (const [key, again] of swept) if (again < now) swept.delete(key);
      for (const { pool } of running.values()) {
        if (pool.state().pid === null) continue;
        for (const { id, state } of pool.list()) {
          const key = `${pool.name} ${id} ${isOver(state)}`;
          if (isClaimed(pool.name, id) || swept.has(key)) continue;
          swept.set(key, now + ORPHAN_AGAIN_MS);
          if (!isOver(state)) log(`pool ${pool.name}: ${id} runs for no lease; it is stopped`);
          const step = isOver(state) ? pool.release(id) : pool.stop(id, ORPHAN_GRACE_MS);
          // A plugin that calls it over and yet running is told to stop it.
          void step.catch(() => pool.stop(id, 0)).catch(() => undefined);
        }
      }
    },
    stopped: async () => {
      await looking;
      await Promise.all([...gone, ...entries().map(({ pool }) => pool.stopped)]);
    },
  };
}

function readPools({ configPath, preset }: PoolsOptions): PoolConfig[] {
  if (!existsSync(configPath)) return preset;
  try {
    const { pools } = check(POOLS, JSON.parse(readFileSync(configPath, 'utf8')), 'pools.json');
    const names = pools.map(({ name }) => name);
    const twice = names.find((name, index) => names.indexOf(name) !== index);
    if (twice !== undefined) throw new Error(`pools.json names the pool ${twice} twice`);
    return pools;
  } catch (error) {
    throw new Refusal(
      'MALFORMED',
      `${configPath} can't be used: ${(error as Error).message}.`,
      'Write {"pools": [{"name": "rack-1", "plugin": "slurm", "settings": {}}]}; see provider/README.md.',
    );
  }
}

function createTurns(places: number, turnMs: number): () => Promise<() => void> {
  let free = places;
  const line: (() => void)[] = [];
  return async () => {
    if (free > 0) free -= 1;
    else await new Promise<void>((resolve) => void line.push(resolve));
    let over = false;
    const end = () => {
      if (over) return;
      over = true;
      clearTimeout(timer);
      const next = line.shift();
      if (next) next();
      else free += 1;
    };
    const timer = setTimeout(end, turnMs);
    return end;
  };
}
