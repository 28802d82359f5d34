import pg from 'pg';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../contracts/deployment.ts';
import { auctionAbi, leaseBookAbi, providerRegistryAbi, vaultAbi } from '../contracts/generated/abi.ts';
import { decodeManifest, encodeManifest, type SlotReceipts } from '../domain/manifest.ts';
import type { MarketState } from '../domain/market-state.ts';
import { slotEnd } from '../domain/parameters.ts';
import { clearSlot, type ClearedSlot } from '../domain/slot.ts';
import type { Hex } from '../domain/types.ts';
import { BOOK_LOCK } from '../prisma/locks.ts';
import { createBook, type SlotItems } from './book/book.ts';
import { readReceipts } from './book/receipts.ts';
import { closingBlock, createChainState, withEarlierSlots, type Closing } from './chain-state.ts';
import { commitSlot } from './commit/commit-slot.ts';
import { headerEffect } from './commit/slot-calls.ts';
import { createTransactionManager } from './commit/transaction-manager.ts';
import { createSettlement } from './settle.ts';
import { openProvider } from './provider.ts';
import {
  committedBefore,
  markAbandoned,
  markCommitted,
  openBefore,
  publishSlot,
  readSlotRun,
  type SkippedMatch,
  type SlotRun,
} from './slot-run.ts';

export interface PipelineOptions {
  databaseUrl: string;
  rpcUrl: string;
  deployment: Deployment;
  /** Hex private key of the account that commits. */
  schedulerKey: Hex;
  /** Called after each broadcast: a replay mines its block here. */
  onBroadcast?: () => Promise<void>;
  /** Ends the wait for the indexer early. */
  signal?: AbortSignal;
  /** Milliseconds to wait for the indexer to reach the end of the slot. */
  indexerWaitMs?: number;
  /** Milliseconds between looks for a receipt. */
  pollMs?: number;
  /** Milliseconds after which a missing receipt gives up for now. */
  timeoutMs?: number;
  /** Least seconds of chain time between two payments of a running lease; 0 pays at its end alone. */
  streamSeconds?: number;
}

export interface SlotReport {
  slot: bigint;
  /** `empty`: no order, nothing to commit. */
  state: 'empty' | 'committed' | 'abandoned';
  orders: number;
  asks: number;
  matched: number;
  unmatched: number;
  /** Matches that the contract refused. */
  skipped: SkippedMatch[];
  /** Of the header and of all pages; 0 when another run paid. */
  gas: { header: bigint; pages: bigint };
  /** Milliseconds of this run, by step. */
  ms: { read: number; clear: number; publish: number; commit: number };
}

/** The slot's end is not in the database yet; the job tries again. */
export class IndexerBehind extends Error {
  readonly retryable = true;
  constructor(slot: bigint) {
    super(`the indexer has no block after the end of slot ${slot} yet`);
  }
}

export interface Pipeline {
  /** Takes a closed slot to its end. Running it again at any point gives the same bytes and no second commit. */
  runSlot(slot: bigint): Promise<SlotReport>;
  /** Pays what is due to the providers; returns how many leases were settled. */
  settleDue(): Promise<number>;
  /** Takes up what was cut off and gives up what is past its deadline; at the start and now and then. */
  recover(): Promise<{ resent: number; abandoned: number }>;
  close(): Promise<void>;
}

/** Any constant tells our advisory locks from other users' of the same database. */
const SLOT_LOCK = 0x434853;

interface Inputs {
  closing: Closing;
  state: MarketState;
  items: SlotItems;
  receipts: SlotReceipts;
}

export function createPipeline(options: PipelineOptions): Pipeline {
  const { deployment } = options;
  const { parameters } = deployment;
  const slotSeconds = BigInt(parameters.slotSeconds);
  const deadlineSeconds = BigInt(parameters.commitDeadlineSeconds);
  /** After so many slots an earlier one is either on the chain or given up. */
  const openSlots = deadlineSeconds / slotSeconds + 2n;
  const domain = { chainId: deployment.chainId, auction: deployment.auction };

  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: 6 });
  // A connection that breaks while idle is replaced by the pool; the next query tells.
  pool.on('error', () => undefined);
  const provider = openProvider(options.rpcUrl, deployment.chainId);
  const transactions = createTransactionManager({
    pool,
    provider,
    chainId: deployment.chainId,
    key: options.schedulerKey,
    errorAbis: [auctionAbi, leaseBookAbi, vaultAbi, providerRegistryAbi],
    onBroadcast: options.onBroadcast,
    ...(options.pollMs === undefined ? {} : { pollMs: options.pollMs }),
    ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  });
  const chainState = createChainState({ treasury: deployment.treasury, feeBps: parameters.feeBps });
  const book = createBook(domain, openSlots);
  const settlement = createSettlement({
    pool,
    provider,
    transactions,
    deployment,
    streamSeconds: options.streamSeconds ?? 300,
  });

  const slotEndOf = (slot: bigint): bigint => slotEnd(slot, parameters);

  const chainTime = async (): Promise<bigint> => BigInt((await provider.getBlock('latest'))?.timestamp ?? 0);

  /** One slot at a time over all processes: the next slot's book depends on this one's matches. */
  const exclusively = async <T>(body: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect();
    try {
      await client.query('SELECT pg_advisory_lock($1, hashtext($2))', [SLOT_LOCK, deployment.auction]);
      return await body(client);
    } finally {
      await client
        .query('SELECT pg_advisory_unlock($1, hashtext($2))', [SLOT_LOCK, deployment.auction])
        .catch(() => undefined);
      client.release();
    }
  };

  /** Reads in one snapshot of the database: a reorganisation can't come between the block and its events. */
  const inSnapshot = async <T>(client: pg.PoolClient, body: () => Promise<T>): Promise<T> => {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    try {
      return await body();
    } finally {
      await client.query('COMMIT');
    }
  };

  const itemsOf = async (
    client: pg.PoolClient,
    slot: bigint,
    run: SlotRun | null,
    state: MarketState,
  ): Promise<Pick<Inputs, 'items' | 'receipts'>> => {
    if (run !== null) {
      const { orders, asks, receipts } = decodeManifest(run.manifest);
      const ids = (list: readonly { id: Hex }[]): Hex[] => list.map(({ id }) => id);
      return { items: await book.byIds(client, ids(orders), ids(asks)), receipts };
    }
    await book.load(client, slot, slotEndOf(slot));
    const items = book.itemsOf({ slot, slotEnd: slotEndOf(slot), state, parameters });
    return { items, receipts: await readReceipts(client, slot) };
  };

  /** What the slot is made of and judged by. */
  const readInputs = async (
    client: pg.PoolClient,
    slot: bigint,
    run: SlotRun | null,
  ): Promise<Inputs | 'behind' | 'none'> => {
    const ended = await closingBlock(client, slotEndOf(slot));
    if (typeof ended === 'string') return ended;
    // Whoever holds it now may be storing a message of this slot; who takes it later reads a later clock.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [BOOK_LOCK.space, BOOK_LOCK.key]);
    return inSnapshot(client, async () => {
      const closing = await closingBlock(client, slotEndOf(slot));
      if (typeof closing === 'string') return closing;
      const { state: atClose, rebuilt } = await chainState.at(client, closing);
      // What was over on the other branch may stand on this one.
      if (rebuilt) book.clear();
      const state = await withEarlierSlots(client, atClose, closing, slot);
      const earlier = await committedBefore(client, slot, openSlots);
      if (!earlier.every((other) => isWhole(state, other))) return 'behind';
      return { closing, state, ...(await itemsOf(client, slot, run, state)) };
    });
  };

  /** Null when the chain began after the slot. */
  const awaitInputs = async (
    client: pg.PoolClient,
    slot: bigint,
    run: SlotRun | null,
  ): Promise<Inputs | null> => {
    const until = Date.now() + (options.indexerWaitMs ?? 10_000);
    for (;;) {
      const inputs = await readInputs(client, slot, run);
      if (inputs === 'none') return null;
      if (inputs !== 'behind') return inputs;
      if (Date.now() > until || options.signal?.aborted === true) throw new IndexerBehind(slot);
      await sleep(50);
    }
  };

  const isWhole = (state: MarketState, slot: bigint): boolean => {
    const committed = state.slots.get(slot);
    return committed !== undefined && committed.pages.length === committed.header.pageCount;
  };

  /** A slot that ran before keeps the bytes that it published. */
  const clear = (
    slot: bigint,
    { closing, items, receipts, state }: Inputs,
    run: SlotRun | null,
  ): ClearedSlot => {
    const { number: closeBlock, seed } = closing;
    const manifest = run?.manifest ?? encodeManifest({ domain, slot, ...items, receipts });
    return clearSlot({ slot, seed, closeBlock, parameters, ...items, manifest }, state);
  };

  const reportOf = (
    slot: bigint,
    state: SlotReport['state'],
    ms: SlotReport['ms'],
    run: SlotRun | null,
  ): SlotReport => ({
    slot,
    state,
    orders: 0,
    asks: 0,
    matched: run?.matched ?? 0,
    unmatched: run?.unmatched ?? 0,
    skipped: [],
    gas: { header: 0n, pages: 0n },
    ms,
  });

  const abandon = async (slot: bigint, ms: SlotReport['ms'], why: string): Promise<SlotReport> => {
    await markAbandoned(pool, slot, why);
    return reportOf(slot, 'abandoned', ms, null);
  };

  /** Whether a slot has something to give up: an order that was promised it, or a run. */
  const hasPromise = async (client: pg.PoolClient, slot: bigint): Promise<boolean> => {
    const { rowCount } = await client.query(
      'SELECT 1 FROM "order" WHERE slot = $1 UNION ALL SELECT 1 FROM slot_run WHERE slot = $1 LIMIT 1',
      [slot],
    );
    return rowCount === 1;
  };

  const runLocked = async (client: pg.PoolClient, slot: bigint): Promise<SlotReport> => {
    const ms = { read: 0, clear: 0, publish: 0, commit: 0 };
    let lap = performance.now();
    const took = (step: keyof SlotReport['ms']): void => {
      const now = performance.now();
      ms[step] = now - lap;
      lap = now;
    };

    const [run, now] = await Promise.all([readSlotRun(client, slot), chainTime()]);
    if (run !== null && run.state !== 'published') return reportOf(slot, run.state, ms, run);
    if (now > slotEndOf(slot) + deadlineSeconds && !(await transactions.has(headerEffect(slot)))) {
      const why = run === null ? 'not run before its deadline' : 'not sent before its deadline';
      return (await hasPromise(client, slot)) ? abandon(slot, ms, why) : reportOf(slot, 'empty', ms, null);
    }

    const inputs = await awaitInputs(client, slot, run);
    took('read');
    if (inputs === null || inputs.items.orders.length === 0) return reportOf(slot, 'empty', ms, null);
    const { items } = inputs;
    const cleared = clear(slot, inputs, run);
    took('clear');
    const published = run ?? (await publishSlot(client, slot, cleared));
    took('publish');
    const commit = await commitSlot({ provider, transactions, auction: deployment.auction, cleared });
    took('commit');

    if (commit.state === 'abandoned') return abandon(slot, ms, commit.note);
    await markCommitted(pool, slot, commit.skipped, commit.note);
    return {
      ...reportOf(slot, 'committed', ms, published),
      orders: items.orders.length,
      asks: items.asks.length,
      skipped: commit.skipped,
      gas: commit.gas,
    };
  };

  return {
    runSlot: (slot) =>
      exclusively(async (client) => {
        // Slots are cleared on the results of all before them, and the chain takes them in ascending order.
        for (const earlier of await openBefore(client, slot, openSlots)) await runLocked(client, earlier);
        return runLocked(client, slot);
      }),

    settleDue: () => settlement.settleDue(),

    async recover() {
      const resent = await transactions.resume();
      const latest = ((await chainTime()) - deadlineSeconds) / slotSeconds - 1n;
      const { rows } = await pool.query<{ slot: string }>(
        `SELECT slot FROM slot_run WHERE state = 'published'
         UNION SELECT DISTINCT o.slot FROM "order" o LEFT JOIN slot_run r ON r.slot = o.slot WHERE r.slot IS NULL AND o.slot < $1
         ORDER BY slot`,
        [latest],
      );
      let abandoned = 0;
      const failures: unknown[] = [];
      for (const row of rows) {
        try {
          if ((await this.runSlot(BigInt(row.slot))).state === 'abandoned') abandoned += 1;
        } catch (error) {
          // One slot that can't be taken up must not keep the others waiting.
          failures.push(error);
        }
      }
      if (failures.length > 0)
        throw new AggregateError(failures, `recovery failed: ${failures.map(String).join('; ')}`);
      return { resent, abandoned };
    },

    async close() {
      provider.destroy();
      await pool.end();
    },
  };
}
