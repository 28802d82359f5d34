/** Tells the gateway of a lease: heartbeats with its state and the new part of its log, none of which is lost. */
import { reportDigest, type LeaseReport } from '../../domain/report.ts';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import { GatewayError, type Gateway } from '../gateway.ts';
import type { LeaseFiles, LeaseState } from './lease-files.ts';
import { usedOf } from './used.ts';
import { cutLog, pieceText, REPORT_BYTES } from './log-pieces.ts';

export interface ReporterOptions {
  leaseId: bigint;
  files: LeaseFiles;
  /** Shared with the run, which changes it; `save` writes it. */
  state: LeaseState;
  /** What keeps the lease from the host, in a word. */
  isolation: () => string;
  /** Takes what the pool has more of the log, and what was used, before a report. */
  refresh: () => Promise<void>;
  domain: SigningDomain;
  /** Signs the 32 bytes of a digest as a message (EIP-191). */
  sign: (digest: Hex) => Hex;
  gateway: Gateway;
  /** Between two reports without news. */
  heartbeatMs: () => number;
  chainNow: () => bigint;
  log: (line: string) => void;
}

export interface Reporter {
  /** Reports until the lease's last word is confirmed (`finish`) or the agent stops (`signal`). Never rejects. */
  run(signal: AbortSignal): Promise<void>;
  /** Something changed: report now. */
  wake(): void;
  /** The lease is over and nothing of it runs: what is left to say is said, then `run` ends. */
  finish(): void;
}

const BACKLOG_PAUSE_MS = 100;
const RETRY_MS = { first: 1_000, most: 60_000 };
/** After so many refusals in a row of a lease that is over, nobody is left who would take its last word. */
const LAST_WORD_TRIES = 50;

export function createReporter(options: ReporterOptions): Reporter {
  const { leaseId, files, state, gateway, domain, log } = options;
  let over = false;
  let wakeUp: () => void = () => undefined;
  /** Something changed since the last report began. */
  let news = false;

  /** One report. @returns whether more of the log waits */
  const report = async (): Promise<boolean> => {
    const final = over;
    news = false;
    await options.refresh();
    if (state.pending.length === 0) {
      const bytes = files.readLog(state.sent.offset, REPORT_BYTES);
      state.pending = cutLog(bytes, state.sent.offset, state.sent.seq, final);
      // Kept before it is sent: should the answer get lost, the same pieces go out again.
      if (state.pending.length > 0) files.save(state);
    }
    const pieces = state.pending.map(({ seq, from, to }) => ({
      seq,
      text: pieceText(files.readLog(from, to - from)),
    }));
    const used = usedOf(state);
    const body: LeaseReport = {
      state: state.state,
      ...(state.exitCode === undefined ? {} : { exitCode: state.exitCode }),
      sandbox: options.isolation(),
      ...(pieces.length === 0 ? {} : { log: pieces }),
      at: options.chainNow().toString(),
      ...(used ? { used } : {}),
    };
    await gateway.postReport(leaseId, body, options.sign(reportDigest(domain, leaseId, body)));

    const last = state.pending.at(-1);
    if (last) state.sent = { seq: last.seq + 1, offset: last.to };
    state.pending = [];
    const more = files.readLog(state.sent.offset, 1).length > 0;
    if (final && !more) state.done = true;
    if (last || state.done) files.save(state);
    return last !== undefined && more;
  };

  /** Rests; news or the agent's end cut it short. */
  const pause = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      if (news || signal.aborted) return resolve();
      const end = () => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, ms);
      signal.addEventListener('abort', end);
      wakeUp = end;
    });

  const wake = () => {
    news = true;
    wakeUp();
  };

  return {
    async run(signal) {
      let failures = 0;
      // A lease that was opened this moment is not indexed yet: the gateway would only refuse to know it.
      if (state.state === 'starting') await pause(options.heartbeatMs(), signal);
      while (!state.done && !signal.aborted) {
        try {
          const more = await report();
          failures = 0;
          if (!state.done) await pause(more || over ? BACKLOG_PAUSE_MS : options.heartbeatMs(), signal);
        } catch (error) {
          failures += 1;
          const gone = error instanceof GatewayError && error.code === 'NOT_FOUND' && over;
          const refused = gone || !(error instanceof GatewayError && error.retryable);
          if (failures === 1 && refused)
            log(`report of lease ${leaseId} refused: ${(error as Error).message}`);
          if (over && refused && failures >= LAST_WORD_TRIES) {
            log(
              `lease ${leaseId}: its last report was refused ${failures} times and is given up; the log stays on disk`,
            );
            state.done = true;
            files.save(state);
            return;
          }
          await pause(Math.min(RETRY_MS.most, RETRY_MS.first * 2 ** Math.min(failures - 1, 10)), signal);
        }
      }
    },
    wake,
    finish() {
      over = true;
      wake();
    },
  };
}
