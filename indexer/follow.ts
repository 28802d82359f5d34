import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import type { Indexer } from './indexer.ts';

/** Longest wait after a failure, milliseconds. */
const LONGEST_WAIT_MS = 5_000;

export interface FollowOptions {
  pollMs: number;
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
  const { pollMs, signal } = options;
  let failures = 0;
  while (!signal.aborted) {
    let wait = pollMs;
    try {
      options.onProgress(await indexer.syncTo());
      failures = 0;
    } catch (error) {
      if (!(error instanceof Refusal) || !error.retryable || error.code === 'CHAIN_REPLACED') throw error;
      options.onTrouble(error);
      wait = Math.min(pollMs * 2 ** failures++, LONGEST_WAIT_MS);
    }
    await sleep(wait, undefined, { signal }).catch(() => undefined);
  }
}
