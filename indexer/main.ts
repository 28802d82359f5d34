/**
 * The indexer: blocks of the chain to rows of the database, for as long as it runs. Exit codes: 0 asked to stop,
 * 3 the chain was replaced, 1 anything else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import { endSignal } from './end-signal.ts';
import { readEnvironment } from './environment.ts';
import type { Environment } from './environment.ts';
import { follow } from './follow.ts';
import { serveHealth } from './health.ts';
import type { Health } from './health.ts';
import { createIndexer } from './indexer.ts';
import type { Indexer } from './indexer.ts';

const CHAIN_REPLACED_EXIT = 3;

async function main(): Promise<void> {
  const environment = readEnvironment(process.env);
  const signal = endSignal(environment.supervised);
  const health: Health = { block: null, blockTime: null, trouble: 'starting', failures: 0, status: null };
  const server =
    environment.metricsPort === undefined ? null : await serveHealth(environment.metricsPort, () => health);
  try {
    await index(environment, health, signal);
  } finally {
    await server?.close();
  }
}

async function index(environment: Environment, health: Health, signal: AbortSignal): Promise<void> {
  const onTrouble = (error: Refusal): void => {
    if (health.trouble !== error.sentence) console.error(`${error.sentence} ${error.fix}`);
    health.trouble = error.sentence;
    health.failures++;
  };
  const indexer = await openPatiently(environment, onTrouble, signal);
  if (indexer === null) return;
  health.status = indexer.status();
  try {
    await follow(indexer, {
      pollMs: environment.pollMs,
      checkEveryMs: environment.checkEveryMs,
      signal,
      onTrouble,
      onProgress(block) {
        if (health.trouble !== null) console.log(`Indexing from block ${block}.`);
        health.block = block;
        health.blockTime = indexer.position()?.timestamp ?? null;
        health.trouble = null;
        health.status = indexer.status();
      },
    });
  } finally {
    await indexer.close();
  }
}

/** Opens the indexer once chain and database are there; null when asked to stop before. */
async function openPatiently(
  environment: Environment,
  onTrouble: (error: Refusal) => void,
  signal: AbortSignal,
): Promise<Indexer | null> {
  // What it says of nodes and rows is for whoever watches the log.
  const onNotice = (sentence: string): void => console.error(sentence);
  while (!signal.aborted) {
    try {
      return await createIndexer({ ...environment, onNotice });
    } catch (error) {
      if (!(error instanceof Refusal) || !error.retryable || error.code === 'CHAIN_REPLACED') throw error;
      onTrouble(error);
      await sleep(environment.pollMs, undefined, { signal }).catch(() => undefined);
    }
  }
  return null;
}

try {
  await main();
  process.exitCode = 0;
} catch (error) {
  const refused = error instanceof Refusal;
  console.error(refused ? `${error.sentence} ${error.fix}` : error);
  process.exitCode = refused && error.code === 'CHAIN_REPLACED' ? CHAIN_REPLACED_EXIT : 1;
}
