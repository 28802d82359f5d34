/** A lease in its pool: starting, following, taking the log, ending; whatever becomes of the pool's plugin meanwhile. */
import { setTimeout as sleep } from 'node:timers/promises';
import { PluginError } from '../plugin/errors.ts';
import { isOver, MAX_LOG_BYTES, type LeaseStatus, type PluginLease, type Usage } from '../plugin/protocol.ts';
import type { Pool } from '../pools/north.ts';
import type { LeaseFiles, LeaseState } from './lease-files.ts';

export interface PoolRun {
  /** Asks for the start until it is accepted; null once `stop` is aborted. @throws PluginError that no repetition mends */
  start(lease: PluginLease, stop: AbortSignal): Promise<LeaseStatus | null>;
  /** Its status once it runs no more; null when `stop` is aborted first. Waits for a pool that is away. */
  over(stop: AbortSignal): Promise<LeaseStatus | null>;
  /** Ends it and waits until it is over; gives up when `limitMs` passed, and leaves the rest to the next look. */
  end(graceMs: number, limitMs: number): Promise<void>;
  /** What the log has more by now, and what was used; nothing while the pool is away. */
  take(): Promise<void>;
  /** Takes the rest and lets the pool forget it. */
  release(): Promise<void>;
}

/** How long a report waits for what the pool has to say. */
const TAKE_MS = 2_000;
const RETRY_MS = { first: 250, most: 5_000 };

export function poolRun(
  pool: Pool,
  files: LeaseFiles,
  state: LeaseState,
  onPending: (why: string) => void,
): PoolRun {
  const { key } = state;
  let taking: Promise<boolean> = Promise.resolve(false);

  /** @returns whether all there will ever be was taken */
  const takeLog = async (): Promise<boolean> => {
    for (;;) {
      const offset = files.logSize() - state.logBase;
      const { bytes, complete } = await pool.logs(key, offset, MAX_LOG_BYTES);
      if (bytes.length > 0 && !files.appendLog(bytes)) return true;
      if (bytes.length < MAX_LOG_BYTES) return complete;
    }
  };
  /** One at a time: two would append the same bytes. */
  const take = (): Promise<boolean> => (taking = taking.catch(() => false).then(takeLog));

  const measure = async (): Promise<void> => {
    state.usage = keepLarger(state.usage, await pool.usage(key));
  };

  /** A lease that was started and that the pool does not know any more is lost. */
  const known = (): LeaseStatus | null => {
    const status = pool.known(key) ?? { id: key, state: 'lost' };
    return isOver(status.state) ? status : null;
  };

  const wait = (stop: AbortSignal): Promise<LeaseStatus | null> =>
    new Promise((resolve) => {
      const there = known();
      if (there || stop.aborted) return resolve(there);
      const done = (status: LeaseStatus | null) => {
        unwatch();
        stop.removeEventListener('abort', aborted);
        resolve(status);
      };
      const aborted = () => done(null);
      const unwatch = pool.watch((status) => {
        if (status.id === key && isOver(status.state)) done(status);
      });
      stop.addEventListener('abort', aborted);
    });

  return {
    async start(lease, stop) {
      for (let pause = RETRY_MS.first; !stop.aborted; pause = Math.min(pause * 2, RETRY_MS.most)) {
        try {
          await pool.ready(stop);
          return await pool.start(lease);
        } catch (error) {
          if (stop.aborted) return null;
          if (!(error instanceof PluginError) || !error.retryable) throw error;
          onPending(error.message);
          await sleep(pause, undefined, { signal: stop }).catch(() => undefined);
        }
      }
      return null;
    },
    over: wait,
    async end(graceMs, limitMs) {
      const limit = AbortSignal.timeout(limitMs);
      while (!limit.aborted && !known()) {
        try {
          await pool.ready(limit);
          if (known()) return;
          await pool.stop(key, graceMs);
          await wait(limit);
        } catch {
          await sleep(RETRY_MS.first, undefined, { signal: limit }).catch(() => undefined);
        }
      }
    },
    async take() {
      try {
        if (!pool.known(key)) return;
        await Promise.race([Promise.all([take(), measure()]), sleep(TAKE_MS, undefined, { ref: false })]);
      } catch {
        // The pool is away, or it has nothing more: the next look asks again.
      }
    },
    async release() {
      if (!pool.known(key)) return;
      try {
        while (!(await take())) await sleep(RETRY_MS.first);
        await measure();
      } catch {
        // What it can't give any more is lost with it.
      }
      // A pool that does not answer is asked again by the sweep.
      await pool.release(key).catch(() => undefined);
    },
  };
}

export function addUsage(a: Usage, b: Usage): Usage {
  return combine(a, b, (x, y) => x + y);
}

/** Totals never fall, whatever a plugin says. */
function keepLarger(a: Usage, b: Usage): Usage {
  return combine(a, b, Math.max);
}

function combine(a: Usage, b: Usage, join: (x: number, y: number) => number): Usage {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof Usage>;
  const peaks = new Set<keyof Usage>(['memoryPeakBytes', 'diskBytes']);
  return Object.fromEntries(
    [...names].map((name) => {
      const pair = [a[name] ?? 0, b[name] ?? 0] as const;
      return [name, peaks.has(name) ? Math.max(...pair) : join(...pair)];
    }),
  );
}
