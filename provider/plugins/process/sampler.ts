/** Meters running leases and notices those beyond their bounds, by looking at their processes once a second. */
import { readFileSync } from 'node:fs';
import { opendir, lstat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Usage } from '../../plugin/protocol.ts';
import { descendantsOf, listProcesses } from '../../sandbox/process-table.ts';

export interface Sampled {
  pid: number;
  workFolder: string;
  bounds: { memoryBytes?: number; diskBytes?: number; processes?: number };
  usage: Usage;
  /** The lease is beyond a bound: what to say of it. */
  exceeded(why: string): void;
}

const EVERY_MS = 1_000;
/** Folders are walked every so many looks. */
const DISK_EVERY = 3;
const MIB = 2 ** 20;
/** Linux counts process times in hundredths of a second everywhere that Node runs. */
const TICK_MS = 10;
const PAGE_BYTES = 4_096;
/** Files of one lease that are counted, at most: beyond them it counts as full. */
const MAX_FILES = 200_000;

/** Looks at what `running` gives while there is any. */
export function startSampler(running: () => Sampled[]): void {
  let looks = 0;
  let at = performance.now();
  const timer = setInterval(() => {
    const now = performance.now();
    const [seconds, due] = [(now - at) / 1000, running()];
    at = now;
    if (due.length === 0) return;
    looks += 1;
    const table = listProcesses();
    for (const lease of due) lookAt(lease, [lease.pid, ...descendantsOf(lease.pid, table)], seconds);
    if (looks % DISK_EVERY === 0) void measureDisks(due);
  }, EVERY_MS);
  timer.unref();
}

function lookAt({ bounds, usage, exceeded }: Sampled, pids: number[], seconds: number): void {
  let [cpuMs, memory] = [0, 0];
  for (const pid of pids) {
    const { ticks, pages } = countersOf(pid);
    cpuMs += ticks * TICK_MS;
    memory += pages * PAGE_BYTES;
  }
  // Processes that nobody waited for take their time along: the total never falls.
  usage.cpuMs = Math.max(usage.cpuMs ?? 0, cpuMs);
  usage.memoryPeakBytes = Math.max(usage.memoryPeakBytes ?? 0, memory);
  usage.memoryMibSeconds = (usage.memoryMibSeconds ?? 0) + Math.round((memory / MIB) * seconds);
  if (bounds.processes !== undefined && pids.length > bounds.processes)
    exceeded(`It ran ${pids.length} processes, more than ${bounds.processes}.`);
  if (bounds.memoryBytes !== undefined && memory > bounds.memoryBytes)
    exceeded(`It used ${memory} bytes of memory, more than ${bounds.memoryBytes}.`);
}

/** Own time and that of children that were waited for; resident pages without what is shared. */
function countersOf(pid: number): { ticks: number; pages: number } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [, resident, shared] = readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ').map(Number);
    const ticks = [11, 12, 13, 14].reduce((sum, index) => sum + Number(fields[index] ?? 0), 0);
    return { ticks, pages: (resident ?? 0) - (shared ?? 0) };
  } catch {
    return { ticks: 0, pages: 0 };
  }
}

let measuring = false;

async function measureDisks(leases: Sampled[]): Promise<void> {
  if (measuring) return;
  measuring = true;
  for (const { workFolder, bounds, usage, exceeded } of leases) {
    const bytes = await bytesBelow(workFolder, { files: MAX_FILES });
    usage.diskBytes = Math.max(usage.diskBytes ?? 0, bytes);
    if (bounds.diskBytes !== undefined && bytes > bounds.diskBytes)
      exceeded(`It wrote ${bytes} bytes into its folder, more than ${bounds.diskBytes}.`);
  }
  measuring = false;
}

/** What the files of a folder take on disk; links are not followed. */
async function bytesBelow(folder: string, left: { files: number }): Promise<number> {
  let sum = 0;
  try {
    for await (const entry of await opendir(folder)) {
      left.files -= 1;
      if (left.files < 0) return Number.MAX_SAFE_INTEGER;
      const path = join(folder, entry.name);
      const { blocks } = await lstat(path);
      sum += blocks * 512;
      if (entry.isDirectory()) sum += await bytesBelow(path, left);
    }
  } catch {
    // It went away, or is not ours to read.
  }
  return Math.min(sum, Number.MAX_SAFE_INTEGER);
}
