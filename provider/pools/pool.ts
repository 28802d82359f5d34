/**
 * One pool: keeps its plugin's process alive and knows its leases. Whatever the process does, callers see answers,
 * errors with a code, and statuses; a new process is asked for all its leases before anyone may use it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { PluginError } from '../plugin/errors.ts';
import {
  isOver,
  type Capabilities,
  type Inventory,
  type LeaseStatus,
  type Method,
  type Params,
} from '../plugin/protocol.ts';
import type { InstalledPlugin } from './manifest.ts';
import type { Pool, PoolState } from './north.ts';
import { startPluginProcess, type PluginProcess } from './plugin-process.ts';

export interface SupervisedPool extends Pool {
  /** Another manifest or other settings: taken up at once, or when its last lease is over if those die with the process. */
  upgrade(plugin: InstalledPlugin, settings: Record<string, unknown>): void;
  /** No new leases; its process ends with the last one. */
  remove(): void;
  /** Resolves when its process is gone: after `remove`, or after the signal. */
  stopped: Promise<void>;
}

export interface PoolOptions {
  name: string;
  plugin: InstalledPlugin;
  settings: Record<string, unknown>;
  folder: string;
  signal: AbortSignal;
  log: (line: string) => void;
  /** Waits for its turn to bring a process up. @returns ends the turn */
  turn: () => Promise<() => void>;
  /** Bounds other than the protocol's, for tests. */
  silenceMs?: number;
  callMs?: number;
  memoryBytes?: number;
}

const BACK_OFF_MS = { first: 250, most: 30_000 };
/** A process that lived so long starts its back-off anew. */
const GOOD_CONDUCT_MS = 60_000;
const RELIST_MS = 5_000;
const SHUTDOWN_MS = 10_000;

export function startPool(options: PoolOptions): SupervisedPool {
  const { name, signal, log } = options;
  let { plugin, settings } = options;
  let pending: { plugin: InstalledPlugin; settings: Record<string, unknown> } | null = null;
  let current: PluginProcess | null = null;
  let capabilities: Capabilities | null = null;
  let machine: Inventory | null = null;
  let removed = false;
  let restarts = -1;
  let lastEnd: string | null = null;
  const leases = new Map<string, { status: LeaseStatus; at: number }>();
  /** When a lease was released: a list that was asked for before may still name it. */
  const released = new Map<string, number>();
  const listeners = new Set<(status: LeaseStatus) => void>();
  const waiters = new Set<() => void>();
  /** Ends the wait between two starts, and the supervision when the pool is done. */
  let wake = new AbortController();

  const tell = (status: LeaseStatus) => {
    for (const listener of listeners) listener(status);
  };
  const learn = (status: LeaseStatus): LeaseStatus => {
    const before = leases.get(status.id)?.status;
    leases.set(status.id, { status, at: performance.now() });
    // A word that came late does not call back what is over.
    if (before && isOver(before.state) && !isOver(status.state)) leases.get(status.id)!.status = before;
    const now = leases.get(status.id)!.status;
    if (before?.state !== now.state) tell(now);
    return now;
  };

  const call = <M extends Method>(method: M, params: Params<M>, deadlineMs?: number) =>
    current
      ? current.call(method, params, deadlineMs)
      : Promise.reject(
          new PluginError('NOT_READY', `Pool ${name} is not up${lastEnd ? `: ${lastEnd}` : ''}.`),
        );

  /** Asks for all leases; those that it does not name any more, though they were there before, are lost. */
  const relist = async (process: PluginProcess): Promise<void> => {
    const asked = performance.now();
    const seen = new Set<string>();
    for (let after: string | undefined, page = 0; page < 1_000; page++) {
      const answer = await process.call('list', after === undefined ? {} : { after });
      for (const status of answer.leases) {
        seen.add(status.id);
        const told = leases.get(status.id)?.at ?? released.get(status.id) ?? 0;
        if (told <= asked) learn(status);
      }
      if (answer.next === undefined) break;
      after = answer.next;
    }
    for (const [id, at] of released) if (at < asked) released.delete(id);
    for (const [id, { status, at }] of leases) {
      if (seen.has(id) || at > asked) continue;
      leases.delete(id);
      if (!isOver(status.state)) tell({ id, state: 'lost' });
    }
  };

  /** Whether a process may be swapped for another now. */
  const idle = () =>
    capabilities?.survives === true || [...leases.values()].every(({ status }) => isOver(status.state));

  const generation = async (): Promise<void> => {
    const endTurn = await options.turn();
    if (signal.aborted) return endTurn();
    restarts += 1;
    const process = await startPluginProcess({
      ...options,
      plugin,
      settings,
      pool: name,
      onChanged: (status) => void learn(status),
      log,
    }).finally(endTurn);
    try {
      await relist(process);
      current = process;
      capabilities = process.hello.capabilities;
      log(`pool ${name}: ${plugin.manifest.name} ${plugin.manifest.version} is up (process ${process.pid})`);
      for (const waiter of [...waiters]) waiter();
      // Nobody waits for it: a platform may take its time to count.
      void process.call('inventory', {}).then(
        (inventory) => (machine = inventory),
        () => undefined,
      );
      let why: string | null = null;
      void process.ended.then((how) => (why = how));
      while (why === null && !signal.aborted) {
        await Promise.race([process.ended, rest(RELIST_MS)]);
        if (why !== null || signal.aborted) break;
        if ((pending || removed) && idle()) break;
        // A list that fails is told by the calls' own bounds: silence, or calls in a row without an answer.
        await relist(process).catch(() => undefined);
      }
      lastEnd = why;
      if (why !== null) throw new Error(why);
    } finally {
      current = null;
      await process.shutdown(signal.aborted ? SHUTDOWN_MS / 2 : SHUTDOWN_MS);
    }
  };

  /** Rests; an upgrade, a removal or the agent's end cuts it short. */
  const rest = async (ms: number): Promise<void> => {
    await sleep(ms, undefined, { signal: wake.signal }).catch(() => undefined);
    if (wake.signal.aborted && !signal.aborted) wake = new AbortController();
  };
  const onAbort = () => wake.abort();
  signal.addEventListener('abort', onAbort);

  const supervise = async (): Promise<void> => {
    let wait = BACK_OFF_MS.first;
    while (!signal.aborted && !(removed && idle())) {
      if (pending) ({ plugin, settings } = pending);
      pending = null;
      const began = performance.now();
      try {
        await generation();
        wait = BACK_OFF_MS.first;
      } catch (error) {
        if (signal.aborted) break;
        lastEnd = (error as Error).message;
        if (performance.now() - began > GOOD_CONDUCT_MS) wait = BACK_OFF_MS.first;
        log(`pool ${name}: ${lastEnd}; it is started again in ${wait} ms`);
        await rest(wait);
        wait = Math.min(BACK_OFF_MS.most, wait * 2);
      }
    }
    signal.removeEventListener('abort', onAbort);
  };

  const state = (): PoolState => ({
    name,
    plugin: plugin.manifest.name,
    version: plugin.manifest.version,
    state: removed ? 'removed' : current ? 'up' : 'starting',
    pid: current?.pid ?? null,
    restarts: Math.max(0, restarts),
    lastEnd,
    isolation: capabilities?.isolation ?? null,
    leases: leases.size,
  });

  return {
    name,
    state,
    capabilities: () => capabilities,
    ready: (until) =>
      new Promise((resolve, reject) => {
        if (current) return resolve();
        if (until.aborted) return reject(new Error('aborted'));
        const done = (settle: () => void) => {
          waiters.delete(up);
          until.removeEventListener('abort', down);
          settle();
        };
        const up = () => done(resolve);
        const down = () => done(() => reject(new Error('aborted')));
        waiters.add(up);
        until.addEventListener('abort', down);
      }),
    inventory: () => call('inventory', {}),
    machine: () => machine,
    provision: async (lease) => learn(await call('provision', { lease })),
    start: async (lease) => {
      if (removed) throw new PluginError('REFUSED', `Pool ${name} is being removed.`);
      return learn(await call('start', { lease }));
    },
    stop: async (id, graceMs) => learn(await call('stop', { id, graceMs }, graceMs + 30_000)),
    status: async (id) => learn(await call('status', { id })),
    logs: async (id, offset, limit) => {
      const { base64, complete } = await call('logs', { id, offset, limit });
      return { bytes: Buffer.from(base64, 'base64'), complete };
    },
    usage: (id) => call('usage', { id }),
    release: async (id) => {
      await call('release', { id });
      leases.delete(id);
      released.set(id, performance.now());
    },
    health: () => call('health', {}),
    exec: (id, command, seconds) => call('exec', { id, command, seconds }, (seconds + 30) * 1000),
    known: (id) => leases.get(id)?.status,
    list: () => [...leases.values()].map(({ status }) => status),
    watch(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    upgrade(next, nextSettings) {
      pending = { plugin: next, settings: nextSettings };
      wake.abort();
    },
    remove() {
      removed = true;
      wake.abort();
    },
    stopped: supervise(),
  };
}
