import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import type { SlotReceipts } from '../../domain/manifest.ts';
import type { MarketState } from '../../domain/market-state.ts';
import { clusterAsks } from '../../domain/cluster-asks.ts';
import { slotEnd, type Parameters } from '../../domain/parameters.ts';
import { BOOK_LOCK } from '../../prisma/locks.ts';
import type { Book, SlotItems } from '../book/book.ts';
import { readReceipts } from '../book/receipts.ts';
import type { BookAsk } from '../book/rows.ts';
import { closingBlock, withEarlierSlots, type ChainState, type Closing } from '../chain-state.ts';
import { committedBefore, openBefore, type UnfinishedSlot } from '../slot-run.ts';

/** What a slot is made of and judged by. */
export interface Inputs {
  closing: Closing;
  state: MarketState;
  items: SlotItems;
  /** What the gateway promised to be in it. */
  receipts: SlotReceipts;
}

/** The slot's end is not in the database yet; the job tries again. */
export class IndexerBehind extends Error {
  readonly retryable = true;
  constructor(slot: bigint) {
    super(`the indexer has no block after the end of slot ${slot} yet`);
  }
}

export interface InputsOptions {
  parameters: Parameters;
  chainState: ChainState;
  book: Book;
  /** Slots before this one that may still change. */
  openSlots: bigint;
  /** Milliseconds to wait for the indexer to reach the end of the slot. */
  waitMs: number;
  /** Ends the wait early. */
  signal?: AbortSignal | undefined;
}

/** Null when the chain began after the slot; an earlier slot when that one comes first. @throws IndexerBehind */
export type ReadInputs = (
  client: PoolClient,
  slot: bigint,
) => Promise<Inputs | { on: UnfinishedSlot } | null>;

/** Reads in one snapshot of the database: a reorganisation can't come between the block and its events. */
async function inSnapshot<T>(client: PoolClient, body: () => Promise<T>): Promise<T> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    return await body();
  } finally {
    await client.query('COMMIT');
  }
}

/** Nobody sends the asks of clusters: the chain holds them. */
function withClusterAsks(asks: readonly BookAsk[], state: MarketState, slot: bigint, end: bigint): BookAsk[] {
  const made = clusterAsks(state, end).map((ask) => ({ ...ask, seq: 0n, slot }));
  return [...asks, ...made].sort((a, b) => (a.id < b.id ? -1 : 1));
}

function isWhole(state: MarketState, slot: bigint): boolean {
  const committed = state.slots.get(slot);
  return committed !== undefined && committed.pages.length === committed.header.pageCount;
}

/** Reads a closed slot once everything that it depends on is in the database. */
export function createInputs(options: InputsOptions): ReadInputs {
  const { parameters, chainState, book, openSlots } = options;

  const look = async (
    client: PoolClient,
    slot: bigint,
  ): Promise<Inputs | { on: UnfinishedSlot } | 'behind' | 'none'> => {
    const end = slotEnd(slot, parameters);
    const ended = await closingBlock(client, end);
    if (typeof ended === 'string') return ended;
    // Whoever holds it now may be storing a message of this slot; who takes it later reads a later clock.
    await client.query('SELECT pg_advisory_xact_lock($1, $2)', [BOOK_LOCK.space, BOOK_LOCK.key]);
    return inSnapshot(client, async () => {
      // In the same snapshot as the chain's events: an earlier slot may just have been found lost.
      const on = await openBefore(client, slot, openSlots);
      if (on !== null) return { on };
      const closing = await closingBlock(client, end);
      if (typeof closing === 'string') return closing;
      const { state: atClose, rebuilt } = await chainState.at(client, closing);
      // What was over on the other branch may stand on this one.
      if (rebuilt) book.clear();
      const state = await withEarlierSlots(client, atClose, closing, slot);
      const earlier = await committedBefore(client, slot, openSlots);
      if (!earlier.every((other) => isWhole(state, other))) return 'behind';
      const stored = await book.itemsOf(client, { slot, slotEnd: end, state, parameters }, atClose);
      const items = { ...stored, asks: withClusterAsks(stored.asks, state, slot, end) };
      return { closing, state, items, receipts: await readReceipts(client, slot) };
    });
  };

  return async (client, slot) => {
    const until = Date.now() + options.waitMs;
    for (;;) {
      const inputs = await look(client, slot);
      if (inputs === 'none') return null;
      if (inputs !== 'behind') return inputs;
      if (Date.now() > until || options.signal?.aborted === true) throw new IndexerBehind(slot);
      await sleep(50);
    }
  };
}
