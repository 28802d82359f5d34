/** A plugin as a real process, and requests to it as an agent sends them. */
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { errorOf } from '../../provider/plugin/errors.ts';
import { readLines } from '../../provider/plugin/lines.ts';
import {
  isOver,
  MANIFEST,
  type LeaseStatus,
  type Method,
  type Params,
  type PluginLease,
  type Result,
} from '../../provider/plugin/protocol.ts';
import { check } from '../../provider/plugin/shape.ts';

export interface PluginProcess {
  call<M extends Method>(method: M, params: Params<M>): Promise<Result<M>>;
  changes: LeaseStatus[];
  capabilities: Result<'initialize'>['capabilities'];
  /** All of a lease's output that is there by now. */
  log(id: string): Promise<string>;
  /** Waits until the lease is over. */
  over(id: string): Promise<LeaseStatus>;
  until(id: string, state: LeaseStatus['state']): Promise<LeaseStatus>;
  stderr(): string;
  /** As an agent that dies: nothing is said to the plugin. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  pid: number;
}

/** @param folder the pool's; give the same one to a plugin that is started again */
export async function startPlugin(
  name: string,
  settings: Record<string, unknown>,
  folder: string,
  pool = 'pool-1',
  env: Record<string, string> = {},
): Promise<PluginProcess> {
  const home = new URL(`../../provider/plugins/${name}/`, import.meta.url);
  const manifest = check(MANIFEST, JSON.parse(readFileSync(new URL('plugin.json', home), 'utf8')));
  const [program = '', ...args] = manifest.command;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: home,
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: folder,
      LANG: 'C.UTF-8',
      TMPDIR: tmpdir(),
      ...env,
    },
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  let said = '';
  child.stderr.on('data', (bytes: Buffer) => (said = (said + bytes.toString()).slice(-20_000)));
  const open = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>();
  const changes: LeaseStatus[] = [];
  let next = 1;
  readLines(
    child.stdout,
    (line) => {
      const message = JSON.parse(line) as {
        id?: number;
        method?: string;
        params?: LeaseStatus;
        result?: unknown;
        error?: { code: number; message: string };
      };
      if (message.method === 'changed' && message.params) changes.push(message.params);
      const waiting = open.get(message.id ?? 0);
      if (!waiting) return;
      open.delete(message.id ?? 0);
      if (message.error) waiting.reject(errorOf(message.error.code, message.error.message));
      else waiting.resolve(message.result);
    },
    () => undefined,
  );
  void gone.then(() => {
    for (const { reject } of open.values()) reject(new Error(`the plugin ended: ${said}`));
  });
  child.stdin.on('error', () => undefined);
  const call = <M extends Method>(method: M, params: Params<M>) =>
    new Promise<Result<M>>((resolve, reject) => {
      const id = next++;
      open.set(id, { resolve: resolve, reject });
      child.stdin.write(`${JSON.stringify({ jsonrpc: '2.0', id, method, params })}\n`);
    });
  const wait = async (id: string, done: (status: LeaseStatus) => boolean): Promise<LeaseStatus> => {
    for (;;) {
      const status = await call('status', { id });
      if (done(status)) return status;
      await sleep(50);
    }
  };
  const { capabilities } = await call('initialize', {
    protocols: ['1'],
    agent: 'test',
    pool,
    settings,
    folder,
  });
  const kill = async () => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    call,
    changes,
    capabilities,
    async log(id) {
      const parts: Buffer[] = [];
      for (let offset = 0; ;) {
        const { base64 } = await call('logs', { id, offset, limit: 65_536 });
        const bytes = Buffer.from(base64, 'base64');
        if (bytes.length === 0) return Buffer.concat(parts).toString();
        parts.push(bytes);
        offset += bytes.length;
      }
    },
    over: (id) => wait(id, ({ state }) => isOver(state)),
    until: (id, state) => wait(id, (status) => status.state === state || isOver(status.state)),
    stderr: () => said,
    kill,
    async stop() {
      child.stdin.end();
      await Promise.race([gone, sleep(10_000).then(kill)]);
    },
    pid: child.pid ?? 0,
  };
}

/** Asks until the answer is yes; a test's own time limit bounds it. */
export async function until(yes: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await yes())) await sleep(100);
}

/** A folder for a pool, and the way to be rid of it. */
export function poolFolder(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-pool-'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

let leases = 0;

/** A lease of one card for a minute, unless told otherwise. */
export function someLease(className: string, script: string, part: Partial<PluginLease> = {}): PluginLease {
  return {
    id: `${process.pid}-${++leases}`,
    node: { id: '0x01', class: className, cards: 4 },
    command: ['sh', '-c', script],
    env: {},
    ...part,
    limits: { cards: 1, seconds: 60, ...part.limits },
  };
}
