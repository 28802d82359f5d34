import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { open, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { serverEnv } from './cluster.ts';
import type { Cluster } from './cluster.ts';
import { isProgram, waitForExit } from './process.ts';
import { spawnOwner } from './user.ts';
import type { ServerUser } from './user.ts';

/** PostgreSQL writes its state as the 8th line of `postmaster.pid`; its own `pg_ctl -w` reads it there. */
const STATUS_LINE = 7;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * Starts the server under a shell that stops it when our end of a pipe closes: however we die, the server ends with a
 * clean shutdown. Its own session keeps the terminal's Ctrl-C away from it, for others to finish their writes first.
 */
const KEEPER = `
exec 3<&0
"$@" 3<&- </dev/null & server=$!
(while read -r _ <&3; do :; done; kill -INT $server) & watch=$!
wait $server; code=$?
kill $watch 2>/dev/null
exit $code`;

export interface Server {
  /** Resolves when it is gone, for whatever reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

export async function launchServer(
  postgres: string,
  cluster: Cluster,
  user: ServerUser,
  settings: Record<string, string>,
): Promise<Server> {
  const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
  const log = await open(cluster.log, 'a');
  const command = [...user.prefix, postgres, '-D', cluster.data, ...flags];
  const child = spawn('/bin/sh', ['-c', KEEPER, 'cardhour-postgres', ...command], {
    ...spawnOwner(user),
    cwd: '/',
    detached: true,
    env: serverEnv(),
    stdio: ['pipe', log.fd, log.fd],
  });
  await log.close();
  child.stdin?.on('error', () => undefined);
  const exited = new Promise<void>((resolve) =>
    child.once('close', () => resolve()).once('error', () => resolve()),
  );
  await untilReady(cluster, child, exited);
  // An idle server keeps no process alive; whoever wants to stay has reasons of its own.
  child.unref();
  (child.stdin as unknown as { unref?: () => void } | null)?.unref?.();
  return { exited, stop: () => stopChild(cluster, child, exited) };
}

async function untilReady(cluster: Cluster, child: ChildProcess, exited: Promise<void>): Promise<void> {
  let gone = false;
  void exited.then(() => (gone = true));
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!gone && Date.now() < deadline) {
    const lines = await pidLines(cluster);
    if (lines[STATUS_LINE]?.trim() === 'ready') return;
    await sleep(20);
  }
  child.stdin?.end();
  throw new Error(await lastComplaint(cluster));
}

async function stopChild(cluster: Cluster, child: ChildProcess, exited: Promise<void>): Promise<void> {
  const pid = await serverPid(cluster);
  child.ref();
  child.stdin?.end();
  const late = sleep(STOP_TIMEOUT_MS, 'late', { ref: false });
  if ((await Promise.race([exited, late])) !== 'late') return;
  if (pid !== undefined) signal(pid, 'SIGQUIT');
  await exited;
}

/**
 * Ends a server that a dead process left behind, and removes a pid file that names no server of ours (after a power cut
 * its number may by then be another program's, and PostgreSQL would wait for that one).
 */
export async function endLeftover(cluster: Cluster): Promise<void> {
  const pid = await serverPid(cluster);
  if (pid === undefined) return;
  if (isProgram(pid, 'postgres') && signal(pid, 'SIGINT')) {
    if (await waitForExit(pid, STOP_TIMEOUT_MS)) return;
    signal(pid, 'SIGQUIT');
    await waitForExit(pid, STOP_TIMEOUT_MS);
  }
  await rm(join(cluster.data, 'postmaster.pid'), { force: true });
}

async function serverPid(cluster: Cluster): Promise<number | undefined> {
  const pid = Number((await pidLines(cluster))[0]);
  return Number.isInteger(pid) && pid > 1 ? pid : undefined;
}

async function pidLines(cluster: Cluster): Promise<string[]> {
  const text = await readFile(join(cluster.data, 'postmaster.pid'), 'utf8').catch(() => '');
  return text.split('\n');
}

function signal(pid: number, name: NodeJS.Signals): boolean {
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** The server's own words on why it ended. */
async function lastComplaint(cluster: Cluster): Promise<string> {
  const lines = (await readFile(cluster.log, 'utf8').catch(() => '')).trimEnd().split('\n').slice(-40);
  const fatal = lines.findLast((line) => /\b(FATAL|PANIC|could not|cannot)\b/.test(line));
  return (fatal ?? lines.at(-1) ?? 'it said nothing').replace(/^.*?(FATAL|PANIC|LOG|HINT):\s*/, '');
}
