import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import type { Indexer } from './indexer.ts';

/** Longest wait after a failure, milliseconds. */
const LONGEST_WAIT_MS = 5_000;

export interface FollowOptions {
  pollMs: number;
  /** Milliseconds between comparisons of rows with the contracts, and of nodes with one another; 0: none. */
  checkEveryMs: number;
  signal: AbortSignal;
  onProgress(block: bigint): void;
  onTrouble(error: Refusal): void;
}

/**
 * Keeps the tables at the chain's head until `signal` says stop. Waits out a chain or a database that is away.
 *
 * @throws Refusal CHAIN_REPLACED and whatever else time does not mend
 */
export async function follow(indexer: Indexer, options: FollowOptions): Promise<void> {
  const { pollMs, checkEveryMs, signal } = options;
  let failures = 0;
  let checkAt = performance.now() + checkEveryMs;
  while (!signal.aborted) {
    let wait = pollMs;
    try {
      options.onProgress(await indexer.syncTo());
      failures = 0;
      if (checkEveryMs > 0 && performance.now() >= checkAt) {
        await indexer.check();
        checkAt = performance.now() + checkEveryMs;
      }
    } catch (error) {
      if (!(error instanceof Refusal) || !error.retryable || error.code === 'CHAIN_REPLACED') throw error;
      options.onTrouble(error);
      wait = Math.min(pollMs * 2 ** failures++, LONGEST_WAIT_MS);
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
