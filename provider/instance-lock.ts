/** One agent per data folder: two would run every lease twice and sell every card twice. */
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import { readState, writeState } from './files.ts';
import { startMark } from './sandbox/process-table.ts';

/** How long an earlier agent may take to stop, before the folder counts as in use. */
const PATIENCE_MS = 15_000;

/** @throws Refusal DATA_BROKEN when another agent keeps the folder */
export async function lockFolder(folder: string, patienceMs = PATIENCE_MS): Promise<void> {
  const path = join(folder, 'agent.json');
  const deadline = Date.now() + patienceMs;
  for (;;) {
    const holder = readState<{ pid: number; startedAt: string }>(path);
    if (!holder || holder.pid === process.pid || startMark(holder.pid) !== holder.startedAt) break;
    if (Date.now() > deadline) {
      throw new Refusal(
        'DATA_BROKEN',
        `Another agent (process ${holder.pid}) works in ${folder}.`,
        'Stop it first, or set DATA_DIR to a folder of its own.',
      );
    }
    await sleep(200);
  }
  writeState(path, { pid: process.pid, startedAt: startMark(process.pid) });
}
