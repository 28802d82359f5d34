import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/**
 * A process under a shell that ends it when our end of a pipe closes: however we die, `kill -9` included, it is asked to end
 * (SIGTERM), and its whole group is killed when it has not after a while. The group is a session of its own: the terminal's
 * Ctrl-C stays away from it, and we end the parts in order.
 */
const KEEPER = `
exec 3<&0
grace=$1; shift
"$@" 3<&- </dev/null & part=$!
trap 'kill -TERM $part' TERM
(while read -r _ <&3; do :; done
 trap 'kill $nap; exit' TERM
 kill -TERM $part; sleep $grace & nap=$!
 wait $nap; kill -KILL 0) 2>/dev/null & watch=$!
wait $part; code=$?
while kill -0 $part 2>/dev/null; do wait $part; code=$?; done
kill $watch 2>/dev/null
exit $code`;

/** Beyond what the shell waits after the pipe has closed. */
const MARGIN_MS = 1_000;

export interface Kept {
  /** Leader of the process group. */
  pid: number;
  /** The exit code, when it is gone for whatever reason; 128 + n after signal n. */
  exited: Promise<number>;
  /** Asks it to end, and makes it when it has not after `graceSeconds`. */
  stop(): Promise<void>;
}

export interface KeepOptions {
  command: string;
  args: readonly string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  /** File that its output is added to; absent: dropped. */
  logFile?: string;
  /** Seconds between the request to end and the kill, 10 by default. */
  graceSeconds?: number;
}

/** Starts a process that can't outlive us by more than its grace. */
export function spawnKept(options: KeepOptions): Kept {
  const grace = options.graceSeconds ?? 10;
  const log = options.logFile === undefined ? 'ignore' : openSync(options.logFile, 'a');
  const child = spawn(
    '/bin/sh',
    ['-c', KEEPER, 'cardhour-keeper', String(grace), options.command, ...options.args],
    {
      detached: true,
      cwd: options.cwd,
      env: options.env ?? process.env,
      stdio: ['pipe', log, log],
    },
  );
  if (typeof log === 'number') closeSync(log);
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<number>((resolve) => {
    child.once('close', (code) => resolve(code ?? 137)).once('error', () => resolve(127));
  });
  return { pid: child.pid ?? 0, exited, stop: () => stop(child, exited, grace) };
}

async function stop(child: ChildProcess, exited: Promise<number>, graceSeconds: number): Promise<void> {
  child.stdin?.end();
  const late = sleep(graceSeconds * 1000 + MARGIN_MS, 'late' as const, { ref: false });
  if ((await Promise.race([exited, late])) !== 'late') return;
  killGroup(child.pid);
  await exited;
}

/** Kills a whole process group; one that is gone already is no error. */
export function killGroup(pid: number | undefined, signal: NodeJS.Signals = 'SIGKILL'): void {
  if (pid === undefined || pid <= 1) return;
  try {
    process.kill(-pid, signal);
  } catch {
    // Gone in the meantime.
  }
}
