/** One run of a plugin: the process, the pipe to it, its bounds, and its end. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { PROTOCOL_VERSIONS, type LeaseStatus, type Result } from '../plugin/protocol.ts';
import { PluginError } from '../plugin/errors.ts';
import { createDeathWatch } from '../sandbox/death-watch.ts';
import { only } from '../sandbox/environment.ts';
import { connect, type Connection } from './connection.ts';
import type { InstalledPlugin } from './manifest.ts';

export interface PluginProcess {
  pid: number;
  hello: Result<'initialize'>;
  call: Connection['call'];
  /** Resolves, when the process is gone, with why it went. */
  ended: Promise<string>;
  /** Ends it at once. */
  kill(why: string): void;
  /** What an agent's death does to it. */
  endInput(): void;
  /** Asks it to end; kills it after the grace. */
  shutdown(graceMs: number): Promise<void>;
}

export interface PluginProcessOptions {
  plugin: InstalledPlugin;
  pool: string;
  settings: Record<string, unknown>;
  /** The pool's own; made when it is missing. */
  folder: string;
  onChanged: (status: LeaseStatus) => void;
  log: (line: string) => void;
  silenceMs?: number;
  callMs?: number;
  memoryBytes?: number;
}

/** Resident memory beyond which a plugin's process is ended. */
const MEMORY_BYTES = 512 * 2 ** 20;
/** A plugin may look at its platform before it answers `initialize`. */
const HELLO_MS = 30_000;
const MEMORY_LOOK_MS = 2_000;
/** Lines of its standard error a minute that reach the agent's log. */
const STDERR_LINES = 20;
const ALWAYS = ['PATH', 'HOME', 'LANG', 'TMPDIR', 'NODE_COMPILE_CACHE'];
/** Whatever a manifest asks for, the agent's own secrets are not handed on. */
const SECRET = /KEY|SECRET|PASSWORD|TOKEN|MNEMONIC/;

const deathWatch = createDeathWatch();

/** @throws PluginError when it does not come up: VERSION, BAD_SETTINGS, NOT_READY */
export async function startPluginProcess(options: PluginProcessOptions): Promise<PluginProcess> {
  const { plugin, pool, folder, log } = options;
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const [program = '', ...args] = plugin.manifest.command;
  const child = spawn(program === 'node' ? process.execPath : program, args, {
    cwd: plugin.folder,
    // A group of its own: a terminal's Ctrl-C is the agent's business, and the whole group can be ended.
    detached: true,
    stdio: ['pipe', 'pipe', 'pipe'],
    env: environmentOf(plugin),
  });
  const exited = exitOf(child);
  relayErrors(child, pool, log);
  // Carried by nothing: the watch ends the group alone, since what a plugin started elsewhere may outlive it.
  const mark = randomUUID();
  if (child.pid !== undefined) deathWatch.watch(child.pid, mark);

  let why: string | null = null;
  const kill = (reason: string) => {
    why ??= reason;
    connection.close(why);
    killGroup(child);
  };
  const connection = connect({
    input: child.stdin,
    output: child.stdout,
    onChanged: options.onChanged,
    onBroken: kill,
    silenceMs: options.silenceMs,
    callMs: options.callMs,
  });
  const memory = setInterval(() => {
    const used = residentBytes(child.pid);
    const limit = options.memoryBytes ?? MEMORY_BYTES;
    if (used > limit) kill(`it uses ${used} bytes of memory, more than ${limit}`);
  }, MEMORY_LOOK_MS);
  const ended = exited.then((how) => {
    clearInterval(memory);
    if (child.pid !== undefined) deathWatch.forget(child.pid, mark);
    // What it left in its group goes with it.
    killGroup(child);
    connection.close(why ?? how);
    return why ?? how;
  });

  try {
    const hello = await connection.call(
      'initialize',
      {
        protocols: [...PROTOCOL_VERSIONS],
        agent: 'cardhour 0.1.0',
        pool,
        settings: options.settings,
        folder,
      },
      HELLO_MS,
    );
    if (!PROTOCOL_VERSIONS.some((version) => version === hello.protocol))
      throw new PluginError('VERSION', `The plugin chose protocol ${hello.protocol}, which was not offered.`);
    return {
      pid: child.pid ?? 0,
      hello,
      call: connection.call,
      ended,
      kill,
      endInput: () => void child.stdin.end(),
      async shutdown(graceMs) {
        why ??= 'the agent asked it to end';
        await connection.call('shutdown', {}, graceMs).catch(() => undefined);
        child.stdin.end();
        await Promise.race([ended, sleep(2_000)]);
        kill(why);
        await ended;
      },
    };
  } catch (error) {
    kill((error as Error).message);
    await ended;
    throw error;
  }
}

function environmentOf({ manifest }: InstalledPlugin): NodeJS.ProcessEnv {
  const asked = (manifest.environment ?? []).filter((name) => !SECRET.test(name));
  const names = [...ALWAYS, ...asked].filter((name) => process.env[name] !== undefined);
  return only(Object.fromEntries(names.map((name) => [name, process.env[name] ?? ''])));
}

function exitOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('error', (error) => resolve(`it could not be started: ${error.message}`));
    child.once('exit', (code, signal) =>
      resolve(signal === null ? `it ended with ${code}` : `${signal} ended it`),
    );
  });
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, 'SIGKILL');
  } catch {
    // No such group any more.
  }
}

/** Its standard error, so many lines a minute of at most 500 characters. */
function relayErrors(child: ChildProcess, pool: string, log: (line: string) => void): void {
  let [minute, lines] = [0, 0];
  let rest = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    const all = (rest + text).slice(-65_536).split('\n');
    rest = all.pop() ?? '';
    const now = Math.floor(performance.now() / 60_000);
    if (now !== minute) [minute, lines] = [now, 0];
    for (const line of all) {
      lines += 1;
      if (lines <= STDERR_LINES) log(`pool ${pool}: ${line.slice(0, 500)}`);
      if (lines === STDERR_LINES) log(`pool ${pool}: further lines of this minute are left out`);
    }
  });
  child.stderr?.on('error', () => undefined);
}

/** Linux only; elsewhere 0. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1] ?? 0) * 4_096;
  } catch {
    return 0;
  }
}
