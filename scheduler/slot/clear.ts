import type pg from 'pg';
import type { JsonRpcProvider } from 'ethers';
import type { Deployment } from '../../contracts/deployment.ts';
import { encodeManifest } from '../../domain/manifest.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { clearSlot } from '../../domain/slot.ts';
import { publishSlot } from '../publish-slot.ts';
import {
  isPassed,
  markAbandoned,
  markRetrying,
  openBefore,
  readSlotRun,
  revivedBefore,
  type UnfinishedSlot,
} from '../slot-run.ts';
import type { StepListener } from '../steps.ts';
import type { ReadInputs } from './inputs.ts';

/** Where a slot stands after the look at it. */
export type ClearResult =
  /** No order, nothing to commit. */
  | { state: 'empty' }
  | {
      state: 'committed' | 'abandoned';
      matched: number;
      unmatched: number;
      /** It ended before this look. */ before: boolean;
    }
  /** Its inputs and its result are stored. */
  | { state: 'published'; orders: number; asks: number; ms: { read: number; clear: number; publish: number } }
  /** An earlier slot comes first. */
  | { state: 'waiting'; on: UnfinishedSlot };

export interface ClearOptions {
  pool: pg.Pool;
  provider: JsonRpcProvider;
  deployment: Deployment;
  readInputs: ReadInputs;
  /** Slots before this one that may still change. */
  openSlots: bigint;
}

/** Any constant tells our advisory locks from other users' of the same database. */
const SLOT_LOCK = 0x434853;

/**
 * The first job of a slot: reads its inputs, clears it, publishes both. One slot at a time over all processes, in ascending order: its
 * book depends on all matches before it.
 */
export function createClear(options: ClearOptions) {
  const { pool, provider, deployment, readInputs, openSlots } = options;
  const { parameters, auction, chainId } = deployment;

  const exclusively = async <T>(body: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [SLOT_LOCK, auction]);
      return await body(client);
    } finally {
      await client
        .query('SELECT pg_advisory_unlock($1, hashtext($2))', [SLOT_LOCK, auction])
        .catch(() => undefined);
      client.release();
    }
  };

  /** Whether a slot has something to give up: an order that was promised it, or a run. */
  const hasPromise = async (client: pg.PoolClient, slot: bigint): Promise<boolean> => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM "order" WHERE slot = $1 UNION ALL SELECT 1 FROM slot_run WHERE slot = $1 LIMIT 1',
      [slot],
    );
    return rowCount === 1;
  };

  const giveUp = async (
    client: pg.PoolClient,
    slot: bigint,
    attempt: number,
    why: string,
  ): Promise<ClearResult> => {
    if (!(await hasPromise(client, slot))) return { state: 'empty' };
    await markAbandoned(pool, slot, attempt, why);
    return { state: 'abandoned', matched: 0, unmatched: 0, before: false };
  };

  const clear = async (client: pg.PoolClient, slot: bigint, onStep: StepListener): Promise<ClearResult> => {
    const started = performance.now();
    onStep('clearing', slot);
    const [run, block] = await Promise.all([readSlotRun(client, slot), provider.getBlock('latest')]);
    if (run?.state === 'published')
      return { state: 'published', orders: 0, asks: 0, ms: { read: 0, clear: 0, publish: 0 } };
    if (run?.state === 'committed' || run?.state === 'abandoned') {
      const { state, matched, unmatched } = run;
      return { state, matched, unmatched, before: true };
    }

    for (const revived of await revivedBefore(client, slot, openSlots))
      await markRetrying(client, revived.slot, revived.attempt, 'the chain has it after all');
    const earlier = await openBefore(client, slot, openSlots);
    // Asked again with the inputs; here it saves the wait for the indexer.
    if (earlier !== null) return { state: 'waiting', on: earlier };
    // Nothing was promised it; orders that it would have carried over are in the later slot.
    if (run === null && (await isPassed(client, slot)) && !(await hasPromise(client, slot)))
      return { state: 'empty' };
    const deadline = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
    if (BigInt(block?.timestamp ?? 0) > deadline)
      return giveUp(client, slot, run?.attempt ?? 1, run?.error ?? 'not run before its deadline');

    const inputs = await readInputs(client, slot);
    if (inputs === null) return giveUp(client, slot, 1, 'the chain began after it');
    if ('on' in inputs) return { state: 'waiting', on: inputs.on };
    const { closing, state, items, receipts } = inputs;
    onStep('read', slot);
    const read = performance.now();
    if (items.orders.length === 0)
      return run === null ? { state: 'empty' } : giveUp(client, slot, run.attempt, 'no order is left');
    const manifest = encodeManifest({ domain: { chainId, auction }, slot, ...items, receipts });
    const { seed, number: closeBlock } = closing;
    const cleared = clearSlot({ slot, seed, closeBlock, parameters, ...items, manifest }, state);
    onStep('cleared', slot);
    const done = performance.now();
    await publishSlot(client, slot, cleared);
    onStep('published', slot);
    const ms = { read: read - started, clear: done - read, publish: performance.now() - done };
    return { state: 'published', orders: items.orders.length, asks: items.asks.length, ms };
  };

  return (slot: bigint, onStep: StepListener): Promise<ClearResult> =>
    exclusively((client) => clear(client, slot, onStep));
}
