/** The machine's processes, as far as stopping a lease needs them: Linux from /proc, elsewhere from `ps`. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  pid: number;
  parent: number;
  group: number;
  /** Opaque; with the pid it names one process for ever, since pids come round again. */
  startedAt: string;
}

export function listProcesses(): ProcessEntry[] {
  return process.platform === 'linux' ? listProc() : listPs();
}

/** The start mark of a live process; null when there is none (a zombie counts as none). */
export function startMark(pid: number): string | null {
  if (process.platform === 'linux') return readStat(pid)?.startedAt ?? null;
  return listPs().find((entry) => entry.pid === pid)?.startedAt ?? null;
}

/** All that descends from `root`, itself left out. */
export function descendantsOf(root: number, table = listProcesses()): number[] {
  const children = Map.groupBy(table, (entry) => entry.parent);
  const found: number[] = [];
  const open = [root];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const { pid } of children.get(at) ?? []) {
      found.push(pid);
      open.push(pid);
    }
  }
  return found;
}

/** Processes whose environment carries `entry` ("NAME=value"): those that left their group keep it. Linux only. */
export function processesMarked(entry: string): number[] {
  if (process.platform !== 'linux') return [];
  return pids().filter(
    (pid) => readText(`/proc/${pid}/environ`).split('\0').includes(entry) && readStat(pid),
  );
}

function listProc(): ProcessEntry[] {
  return pids().flatMap((pid) => readStat(pid) ?? []);
}

function pids(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

/** proc(5): the second field is in brackets and may hold anything, so fields count from the last bracket. */
function readStat(pid: number): ProcessEntry | null {
  const stat = readText(`/proc/${pid}/stat`);
  const [state, parent, group, ...rest] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const startedAt = rest[16];
  if (startedAt === undefined || state === 'Z' || state === 'X') return null;
  return { pid, parent: Number(parent), group: Number(group), startedAt };
}

function listPs(): ProcessEntry[] {
  const lines = execFileSync('ps', ['-axo', 'pid=,ppid=,pgid=,stat=,lstart='], { encoding: 'utf8' }).split(
    '\n',
  );
  return lines.flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s+(\S+)\s+(.+?)\s*$/.exec(line);
    if (!match || match[4]?.startsWith('Z')) return [];
    return {
      pid: Number(match[1]),
      parent: Number(match[2]),
      group: Number(match[3]),
      startedAt: match[5] ?? '',
    };
  });
}

/** A file of /proc, empty when the process is gone or not ours to read. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
