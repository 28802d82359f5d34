/** What the agent keeps of a lease on disk: `<leases>/<id>/` with `state.json`, `log` and the command's `work` folder. */
import { closeSync, existsSync, mkdirSync, openSync, readdirSync, readSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportState } from '../../domain/report.ts';
import { readState, writeState } from '../files.ts';
import type { ProcessRecord } from '../sandbox/process.ts';
import type { LogSpan } from './log-pieces.ts';

export interface LeaseState {
  /** Which lease this is: after a reorganisation the same id may name another. */
  identity: string;
  state: ReportState;
  exitCode?: number;
  /** What may still run; written before the start. */
  process: ProcessRecord | null;
  /** How often the command was started: more than once after the agent itself was restarted. */
  starts: number;
  /** What the gateway has of the log: the next piece's number and place. */
  sent: { seq: number; offset: number };
  /** Pieces on their way; they are sent again as they are until the gateway confirms them. */
  pending: LogSpan[];
  /** The lease is over and the gateway has its last word. */
  done: boolean;
}

export interface LeaseFiles {
  logPath: string;
  workFolder: string;
  load(): LeaseState | null;
  save(state: LeaseState): void;
  /** Up to `length` bytes of the log from `offset`. */
  readLog(offset: number, length: number): Uint8Array;
  /** Makes an empty work folder; what an earlier start left in it goes. */
  freshWork(): void;
  removeWork(): void;
  removeLog(): void;
}

/** Leases whose log is kept after their end. */
const KEPT_LEASES = 100;

export function leaseFiles(root: string, leaseId: bigint): LeaseFiles {
  const folder = join(root, leaseId.toString());
  const [statePath, logPath, workFolder] = ['state.json', 'log', 'work'].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const removeWork = () => rmSync(workFolder, { recursive: true, force: true });
  return {
    logPath,
    workFolder,
    load: () => readState<LeaseState>(statePath),
    save: (state) => writeState(statePath, state),
    readLog(offset, length) {
      if (!existsSync(logPath)) return new Uint8Array();
      const file = openSync(logPath, 'r');
      try {
        const bytes = new Uint8Array(length);
        return bytes.subarray(0, readSync(file, bytes, 0, length, offset));
      } finally {
        closeSync(file);
      }
    },
    freshWork() {
      removeWork();
      mkdirSync(workFolder, { recursive: true, mode: 0o700 });
    },
    removeWork,
    removeLog: () => rmSync(logPath, { force: true }),
  };
}

/** Ids of the leases on disk, ascending. */
export function storedLeases(root: string): bigint[] {
  if (!existsSync(root)) return [];
  return readdirSync(root)
    .filter((name) => /^\d+$/.test(name))
    .map(BigInt)
    .sort((a, b) => (a < b ? -1 : 1));
}

/** Deletes the oldest leases that are done, beyond those kept. */
export function pruneLeases(root: string): void {
  const done = storedLeases(root).filter((id) => leaseFiles(root, id).load()?.done === true);
  for (const id of done.slice(0, Math.max(0, done.length - KEPT_LEASES))) removeLease(root, id);
}

export function removeLease(root: string, id: bigint): void {
  rmSync(join(root, id.toString()), { recursive: true, force: true });
}
