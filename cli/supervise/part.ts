import { closeSync, fstatSync, openSync, readSync, renameSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { stripVTControlCharacters } from 'node:util';
import { spawnKept, type Kept } from './keeper.ts';

/** A part's log is begun anew at a start when it has grown beyond this. */
const LOG_LIMIT_BYTES = 20_000_000;
/** A part that lived so long starts its back-off from the beginning. */
const STEADY_MS = 60_000;
const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 30_000;
const READY_POLL_MS = 100;

export interface PartSpec {
  name: string;
  command: string;
  args: readonly string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
  logFile: string;
  /** Whether it works; asked until it says so. Absent: it works once it runs. */
  isReady?: () => Promise<boolean>;
  readyTimeoutMs?: number;
  /** Exit codes with which it says that a new start would not help; its last line says why. */
  finalCodes?: readonly number[];
}

export interface PartHooks {
  /** A process of it runs; `pid` leads its group. */
  onStart(pid: number): Promise<void>;
  onEnd(pid: number): Promise<void>;
  /** It died and is started again after `pauseMs`. */
  onRestart(code: number, pauseMs: number): void;
  /** It died for good. */
  onGone(sentence: string): void;
  /** Raised when everything is to end: a part that is not up yet gives up. */
  signal: AbortSignal;
}

export interface Part {
  name: string;
  stop(): Promise<void>;
}

/** A part that does not come up; the message is its own last line. */
export class PartFailed extends Error {
  constructor(name: string, sentence: string, logFile: string) {
    super(
      sentence === ''
        ? `${name} ended without a word: see ${logFile}.`
        : `${sentence} (${name}; see ${logFile})`,
    );
    this.name = 'PartFailed';
  }
}

/**
 * Starts a part and waits until it is ready. From then on it is started again, with growing pauses, whenever it dies.
 * @throws PartFailed when it ends, or is not ready in time, at its first start
 */
export async function startPart(spec: PartSpec, hooks: PartHooks): Promise<Part> {
  renewLog(spec.logFile);
  const stopping = new AbortController();
  let logFrom = 0;
  const launch = async (): Promise<Kept> => {
    logFrom = sizeOf(spec.logFile);
    const kept = spawnKept({
      command: spec.command,
      args: spec.args,
      env: { ...spec.env, CARDHOUR_SUPERVISED: '1' },
      cwd: spec.cwd,
      logFile: spec.logFile,
    });
    await hooks.onStart(kept.pid);
    void kept.exited.then(() => hooks.onEnd(kept.pid));
    return kept;
  };

  let kept = await launch();
  if (!(await becomesReady(spec, kept, hooks.signal))) {
    await kept.stop();
    throw new PartFailed(spec.name, lastSentence(spec.logFile, logFrom), spec.logFile);
  }

  const watch = async (): Promise<void> => {
    let pauseMs = FIRST_PAUSE_MS;
    let started = Date.now();
    for (;;) {
      const code = await kept.exited;
      if (stopping.signal.aborted) return;
      if (spec.finalCodes?.includes(code) === true) {
        return hooks.onGone(lastSentence(spec.logFile, logFrom));
      }
      pauseMs = Date.now() - started > STEADY_MS ? FIRST_PAUSE_MS : Math.min(LONGEST_PAUSE_MS, pauseMs * 2);
      hooks.onRestart(code, pauseMs);
      await sleep(pauseMs, undefined, { signal: stopping.signal }).catch(() => undefined);
      if (stopping.signal.aborted) return;
      started = Date.now();
      kept = await launch();
    }
  };
  const watching = watch();
  return {
    name: spec.name,
    async stop() {
      stopping.abort();
      await kept.stop();
      await watching;
    },
  };
}

async function becomesReady(spec: PartSpec, kept: Kept, signal: AbortSignal): Promise<boolean> {
  let alive = true;
  void kept.exited.then(() => (alive = false));
  const deadline = Date.now() + (spec.readyTimeoutMs ?? 60_000);
  while (alive && !signal.aborted && Date.now() < deadline) {
    if (spec.isReady === undefined || (await spec.isReady().catch(() => false))) return true;
    await Promise.race([kept.exited, sleep(READY_POLL_MS)]);
  }
  return false;
}

/** The last line a part wrote that is a sentence and not a stack's or a program's. */
export function lastSentence(logFile: string, from: number): string {
  const handle = openSync(logFile, 'r');
  try {
    const size = fstatSync(handle).size;
    const start = Math.max(Math.min(from, size), size - 8_000);
    const bytes = Buffer.alloc(size - start);
    readSync(handle, bytes, 0, bytes.length, start);
    const lines = bytes.toString('utf8').split('\n');
    const told = lines
      .map((line) => stripVTControlCharacters(line).trim())
      .filter((line) => line !== '' && !/^(at |Node\.js v|[{}\])^])/.test(line));
    return (
      told.findLast((line) => /error|refus|can't|cannot|must|in use/i.test(line)) ??
      told.at(-1) ??
      ''
    ).slice(0, 400);
  } finally {
    closeSync(handle);
  }
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}

function renewLog(file: string): void {
  if (sizeOf(file) > LOG_LIMIT_BYTES) renameSync(file, `${file}.old`);
}
