/** What the agent keeps of a lease on disk: `<leases>/<id>/` with `state.json` and `log`. */
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { keccak } from '../../domain/hash.ts';
import type { ReportState } from '../../domain/report.ts';
import type { Hex } from '../../domain/types.ts';
import { readState, writeState } from '../files.ts';
import type { Usage } from '../plugin/protocol.ts';
import { LOG_LIMIT_BYTES, TRUNCATION_LINE } from '../sandbox/bounded-log.ts';
import type { LogSpan } from './log-pieces.ts';

export interface LeaseState {
  /** Which lease this is: after a reorganisation the same id may name another. */
  identity: string;
  state: ReportState;
  exitCode?: number;
  /** The pool that runs it, and its name there; null before a pool was chosen. */
  pool: string | null;
  key: string;
  /** The pool was asked to start it and has not forgotten it since; written before the start. */
  started: boolean;
  /** Size of our log when the pool was asked: what the pool gives is appended from there on. */
  logBase: number;
  /** What the pool measured of this start, and of the earlier ones together. */
  usage: Usage;
  usedBefore: Usage;
  /** Processors that its cards come with; absent before its pool said so. */
  cpus?: number;
  /** How often the command was started: more than once after the agent itself was restarted. */
  starts: number;
  /** What the gateway has of the log: the next piece's number and place. */
  sent: { seq: number; offset: number };
  /** Pieces on their way; they are sent again as they are until the gateway confirms them. */
  pending: LogSpan[];
  /** The lease is over and the gateway has its last word. */
  done: boolean;
  /** keccak256 of the whole log, from then on. */
  logHash?: Hex;
}

export interface LeaseFiles {
  load(): LeaseState | null;
  /** @param durable also when the machine itself fails */
  save(state: LeaseState, durable?: boolean): void;
  /** Bytes of the log. */
  logSize(): number;
  /** Appends up to the bound of a log, and says so at the bound. @returns false when the log is full */
  appendLog(bytes: Uint8Array): boolean;
  /** Appends a line of the agent's own. */
  note(line: string): void;
  logHash(): Hex;
  /** Up to `length` bytes of the log from `offset`. */
  readLog(offset: number, length: number): Uint8Array;
  removeLog(): void;
}

export function leaseFiles(root: string, leaseId: bigint): LeaseFiles {
  const folder = join(root, leaseId.toString());
  const [statePath, logPath] = [join(folder, 'state.json'), join(folder, 'log')];
  const logSize = () => statSync(logPath, { throwIfNoEntry: false })?.size ?? 0;
  const appendLog = (bytes: Uint8Array): boolean => {
    const size = logSize();
    if (size >= LOG_LIMIT_BYTES) return false;
    const room = LOG_LIMIT_BYTES - size;
    const file = openSync(logPath, 'a', 0o600);
    try {
      writeSync(file, bytes.subarray(0, room));
      if (bytes.length >= room) writeSync(file, TRUNCATION_LINE);
    } finally {
      closeSync(file);
    }
    return bytes.length < room;
  };
  return {
    load: () => readState<LeaseState>(statePath),
    save: (state, durable = false) => writeState(statePath, state, { durable }),
    logSize,
    appendLog,
    note: (line) => void appendLog(Buffer.from(`[cardhour] ${line}\n`)),
    logHash: () => keccak(existsSync(logPath) ? readFileSync(logPath) : new Uint8Array()),
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

export function removeLease(root: string, id: bigint): void {
  rmSync(join(root, id.toString()), { recursive: true, force: true });
}
