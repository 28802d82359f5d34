/**
 * Runs a lease's command as a process of its own: in bubblewrap where that works, else as a plain process under
 * limits. Plain keeps honest workloads in bounds; it is no wall against a hostile one, and every report says so.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { constants } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { openLog } from './bounded-log.ts';
import { bubblewrapArguments, bubblewrapWorks, SANDBOX_WORK } from './bubblewrap.ts';
import { createDeathWatch, type DeathWatch } from './death-watch.ts';
import { descendantsOf, listProcesses, processesMarked, startMark } from './process-table.ts';
import { only } from './environment.ts';

export interface Job {
  /** Host name inside the sandbox. */
  name: string;
  command: string[];
  env: Record<string, string>;
  /** Exists; the command's working and home folder. */
  workFolder: string;
  logPath: string;
  /** From `newMark`; kept by the caller before the start, so that no crash loses sight of the process. */
  mark: string;
  /** Device files that it may use besides the harmless ones. */
  deviceFiles?: string[];
  /** The host's network; none without. */
  network?: boolean;
}

/** What finds the process again after the agent was restarted. */
export interface ProcessRecord {
  /** An entry of the environment that all of the lease's processes carry. */
  mark: string;
  pid?: number;
  startedAt?: string;
}

export interface RunningJob {
  record: Required<ProcessRecord>;
  /** 0 to 255; 128 and the signal's number when a signal ended it. Never rejects. */
  exited: Promise<number>;
  /** SIGTERM to all of its processes, SIGKILL after the grace. Resolves when none is left. */
  stop(graceMs: number): Promise<void>;
}

export interface Sandbox {
  kind: 'bubblewrap' | 'plain';
  /** @throws Error when the process could not be made. */
  start(job: Job): Promise<RunningJob>;
}

/** Core files none; 4,096 open files and processes; 16 GiB of data a process; files of 4 GiB (8 where blocks are 1 KiB). */
const LIMITED =
  'ulimit -c 0; ulimit -n 4096; ulimit -u 4096 2>/dev/null || ulimit -p 4096; ulimit -d 16777216; ulimit -f 8388608; exec "$@"';
const PATH = '/usr/local/bin:/usr/bin:/bin';
const MARK = 'CARDHOUR_RUN';
const POLL_MS = 50;

/** @param scratchFolder an existing folder, for the probe of bubblewrap */
export async function createSandbox(options: {
  mode: 'auto' | 'bubblewrap' | 'plain';
  bubblewrapPath: string;
  scratchFolder: string;
}): Promise<Sandbox | null> {
  const { mode, bubblewrapPath, scratchFolder } = options;
  const deathWatch = createDeathWatch();
  if (mode !== 'plain' && (await bubblewrapWorks(bubblewrapPath, scratchFolder)))
    return { kind: 'bubblewrap', start: (job) => startBubblewrap(bubblewrapPath, deathWatch, job) };
  if (mode === 'bubblewrap') return null;
  return { kind: 'plain', start: (job) => startPlain(deathWatch, job) };
}

/** A new value for `Job.mark`. */
export function newMark(): string {
  return `${MARK}=${randomUUID()}`;
}

async function startBubblewrap(path: string, deathWatch: DeathWatch, job: Job): Promise<RunningJob> {
  const args = bubblewrapArguments(job.workFolder, job.name, job);
  const child = await launch(path, [...args, ...limited(job.command)], job, SANDBOX_WORK);
  const { pid, mark } = child.record;
  // --die-with-parent has a gap of milliseconds while bwrap sets up; the watch closes it.
  deathWatch.watch(pid, mark);
  const exited = child.exited.finally(() => deathWatch.forget(pid, mark));
  return {
    record: child.record,
    exited,
    // bwrap itself gets no SIGTERM: it would die at once and take the rest with it, grace or not.
    stop: (graceMs) => stopAll(() => descendantsOf(pid), [pid], exited, graceMs),
  };
}

async function startPlain(deathWatch: DeathWatch, job: Job): Promise<RunningJob> {
  const [shell, ...args] = limited(job.command);
  const child = await launch(shell, args, job, job.workFolder);
  const { pid, mark } = child.record;
  deathWatch.watch(pid, mark);
  const exited = child.exited.then((code) => {
    for (const left of plainMembers(pid, mark)) kill(left, 'SIGKILL');
    deathWatch.forget(pid, mark);
    return code;
  });
  return {
    record: child.record,
    exited,
    stop: (graceMs) => stopAll(() => plainMembers(pid, mark), [], exited, graceMs),
  };
}

/** Ends what an earlier agent started and could not stop. */
export async function endLeftover({ pid, startedAt, mark }: ProcessRecord): Promise<void> {
  const members = () =>
    pid !== undefined && startMark(pid) === startedAt
      ? [pid, ...plainMembers(pid, mark)]
      : processesMarked(mark);
  await killAll(members, []);
}

function limited(command: string[]): [string, ...string[]] {
  return ['/bin/sh', '-c', LIMITED, 'sh', ...command];
}

async function launch(program: string, args: string[], job: Job, home: string) {
  const child = spawn(program, args, {
    cwd: job.workFolder,
    // A session and a process group of its own: signals reach the whole of it, and no terminal is inherited.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: only({ PATH, HOME: home, LANG: 'C.UTF-8', ...job.env, [MARK]: job.mark.slice(MARK.length + 1) }),
  });
  const exited = exitOf(child);
  const drained = Promise.all([closed(child.stdout), closed(child.stderr)]);
  await spawned(child);
  const pid = child.pid ?? 0;
  const log = openLog(job.logPath);
  log.drain(child.stdout);
  log.drain(child.stderr);
  return {
    record: { pid, startedAt: startMark(pid) ?? 'gone', mark: job.mark },
    exited: exited.then(async (code) => {
      // Output may still be in the pipes; a process that left the group may hold them open, so the wait is bounded.
      await Promise.race([drained, sleep(500)]);
      log.close();
      return code;
    }),
  };
}

function spawned(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', reject);
  });
}

function exitOf(child: ChildProcess): Promise<number> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal ? constants.signals[signal] : 0)));
  });
}

function closed(stream: NodeJS.ReadableStream): Promise<void> {
  return new Promise((resolve) => stream.once('close', resolve));
}

function plainMembers(group: number, mark: string): number[] {
  const table = listProcesses();
  const grouped = table.filter((entry) => entry.group === group).map((entry) => entry.pid);
  return [...new Set([...grouped, ...descendantsOf(group, table), ...processesMarked(mark)])];
}

async function stopAll(
  members: () => number[],
  keepers: number[],
  exited: Promise<number>,
  graceMs: number,
): Promise<void> {
  for (const pid of members()) kill(pid, 'SIGTERM');
  const deadline = Date.now() + graceMs;
  while (Date.now() < deadline && members().length > 0) await sleep(POLL_MS);
  await killAll(members, keepers);
  await exited;
}

/** Until none is left; a fork may slip through one round. What is still there after 10 s can't be killed by us. */
async function killAll(members: () => number[], keepers: number[]): Promise<void> {
  const deadline = Date.now() + 10_000;
  for (let left = members(); left.length > 0 && Date.now() < deadline; left = members()) {
    for (const pid of [...keepers, ...left]) kill(pid, 'SIGKILL');
    await sleep(POLL_MS);
  }
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // Gone already, or it became another user's, which only root could end.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
