/** A plugin under test: started as an agent starts it, with helpers that wait for what the protocol promises. */
import { spawn } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PluginError } from '../plugin/errors.ts';
import {
  isOver,
  type Capabilities,
  type ErrorName,
  type LeaseStatus,
  type PluginLease,
  type Usage,
} from '../plugin/protocol.ts';
import type { InstalledPlugin } from '../pools/manifest.ts';
import { startPluginProcess, type PluginProcess } from '../pools/plugin-process.ts';

/** What the suite is told of a plugin, by `conformance.json` or by whoever prepares its platform. */
export interface Subject {
  plugin: InstalledPlugin;
  settings: Record<string, unknown>;
  /** Of the pool; empty at first. */
  folder: string;
  image?: string;
  /** Factor for all waiting. */
  patience: number;
  byHand: boolean;
}

export interface Session {
  process: PluginProcess;
  capabilities: Capabilities;
  subject: Subject;
  /** All notifications so far. */
  changes: LeaseStatus[];
  /** A class with two free cards or more, and how many there are. */
  supply(): Promise<{ class: string; count: number; free: number }>;
  lease(script: string, change?: Partial<PluginLease> & { cards?: number; seconds?: number }): PluginLease;
  /** @throws Error when the status does not come in time */
  until(id: string, fits: (status: LeaseStatus) => boolean, what: string, ms?: number): Promise<LeaseStatus>;
  /** Starts it and waits until it runs or is over. */
  run(lease: PluginLease): Promise<LeaseStatus>;
  over(id: string, ms?: number): Promise<LeaseStatus>;
  log(id: string): Promise<string>;
  usage(id: string): Promise<Usage>;
  /** Stops and releases. */
  clear(...ids: string[]): Promise<void>;
  end(): Promise<void>;
}

let leases = 0;
const RUN = process.pid.toString(36);

export async function open(subject: Subject): Promise<Session> {
  const changes: LeaseStatus[] = [];
  const process = await startPluginProcess({
    ...subject,
    pool: 'conformance',
    onChanged: (status) => void changes.push(status),
    log: () => undefined,
  });
  const { call } = process;
  const { capabilities } = process.hello;
  const patient = (ms: number) => ms * subject.patience;
  let supply: { class: string; count: number; free: number } | undefined;

  const session: Session = {
    process,
    capabilities,
    subject,
    changes,
    async supply() {
      const { cards } = await call('inventory', {});
      supply = cards.find((entry) => entry.class === supply?.class) ?? cards.find(({ free }) => free >= 2);
      if (!supply)
        throw new Error('no class has two free cards: name settings with cards in conformance.json');
      return supply;
    },
    lease(script, { cards = 1, seconds = 300, ...change } = {}) {
      const image = capabilities.workloads.includes('command') ? {} : { image: subject.image ?? '' };
      return {
        id: `test-${RUN}-${++leases}`,
        node: { id: 'conformance-node', class: supply?.class ?? '', cards: supply?.count ?? 0 },
        command: ['sh', '-c', script],
        env: {},
        limits: { cards, seconds },
        ...image,
        ...change,
      };
    },
    async until(id, fits, what, ms = 30_000) {
      const deadline = performance.now() + patient(ms);
      for (;;) {
        const status = await call('status', { id });
        if (fits(status)) return status;
        if (performance.now() > deadline)
          throw new Error(`the lease is ${status.state} after ${patient(ms)} ms and not ${what}`);
        await sleep(50);
      }
    },
    async run(lease) {
      if (!supply) throw new Error('ask for the supply first');
      await call('start', { lease });
      return session.until(lease.id, ({ state }) => state === 'running' || isOver(state), 'running', 60_000);
    },
    over: (id, ms) => session.until(id, ({ state }) => isOver(state), 'over', ms),
    async log(id) {
      let bytes = Buffer.alloc(0);
      for (let tries = 0; tries < 200; tries++) {
        const { base64, complete } = await call('logs', { id, offset: bytes.length, limit: 65_536 });
        bytes = Buffer.concat([bytes, Buffer.from(base64, 'base64')]);
        if (complete) return bytes.toString('latin1');
        await sleep(100);
      }
      throw new Error('the log of a lease that is over never says that it is complete');
    },
    usage: (id) => call('usage', { id }),
    async clear(...ids) {
      for (const id of ids) {
        const status = await call('status', { id }).catch(() => null);
        if (!status) continue;
        if (!isOver(status.state)) await call('stop', { id, graceMs: 0 });
        await session.over(id);
        await call('release', { id });
      }
    },
    end: () => process.shutdown(10_000),
  };
  return session;
}

/** @throws Error unless it is refused with this very error */
export async function refused(what: string, call: Promise<unknown>, ...kinds: ErrorName[]): Promise<void> {
  const outcome = await call.then(
    () => 'was accepted',
    (error: unknown) =>
      error instanceof PluginError && kinds.includes(error.kind)
        ? null
        : `answered ${error instanceof PluginError ? `${error.kind} (${error.message})` : String(error)}`,
  );
  if (outcome !== null) throw new Error(`${what} ${outcome} instead of ${kinds.join(' or ')}`);
}

/** Hands a fresh process these lines and gives what it answers until `enough`, or until `ms` passed. */
export async function exchange(
  subject: Subject,
  lines: string[],
  enough: (answers: Record<string, unknown>[]) => boolean,
  ms: number,
): Promise<Record<string, unknown>[]> {
  const [program = '', ...args] = subject.plugin.manifest.command;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: subject.plugin.folder,
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const answers: Record<string, unknown>[] = [];
  let text = '';
  child.stdin.on('error', () => undefined);
  child.stdout.setEncoding('utf8').on('data', (part: string) => {
    const parts = (text + part).split('\n');
    text = (parts.pop() ?? '').slice(-1_048_576);
    for (const line of parts) {
      try {
        answers.push(JSON.parse(line) as Record<string, unknown>);
      } catch {
        answers.push({ garbage: line.slice(0, 80) });
      }
    }
  });
  const deadline = performance.now() + ms * subject.patience;
  const [first = '', ...others] = lines;
  child.stdin.write(`${first}\n`);
  // Other requests come when `initialize` was answered.
  while (!answers.some(({ id }) => id === 1) && performance.now() < deadline) await sleep(20);
  for (const line of others) child.stdin.write(`${line}\n`);
  while (!enough(answers) && performance.now() < deadline && child.exitCode === null) await sleep(20);
  child.kill('SIGKILL');
  return answers;
}
