/** The scheduler's side of the placements: closed slots come by number, are loaded, cleared and published. */
import pg from 'pg';
import { parentPort, workerData } from 'node:worker_threads';
import type { MarketState } from '../../domain/market-state.ts';
import { slotEnd } from '../../domain/parameters.ts';
import type { Hex } from '../../domain/types.ts';
import { createBook } from '../../scheduler/book/book.ts';
import { readReceipts } from '../../scheduler/book/receipts.ts';
import { publishSlot } from '../../scheduler/publish-slot.ts';
import { clearItems, DOMAIN, PARAMETERS } from './world.ts';

export interface SchedulerTask {
  databaseUrl: string;
  state: MarketState;
  seed: Hex;
}

/** What became of a slot; milliseconds of each step, the last two with the database's part. */
export interface PlacedSlot {
  slot: bigint;
  matched: number;
  ms: { load: number; clear: number; publish: number };
}

const { databaseUrl, state, seed } = workerData as SchedulerTask;
const client = new pg.Client({ connectionString: databaseUrl });
await client.connect();
const book = createBook(DOMAIN, 8n);

parentPort!.on('message', (slot: bigint | null) => {
  if (slot === null) void client.end();
  else
    // An error that nobody catches ends the thread, and the bench with it.
    void place(slot).then((placed) => {
      parentPort!.postMessage(placed);
    });
});

async function place(slot: bigint): Promise<PlacedSlot> {
  const end = slotEnd(slot, PARAMETERS);
  const started = performance.now();
  await book.load(client, slot, end);
  const items = book.itemsOf({ slot, slotEnd: end, state, parameters: PARAMETERS }, state);
  const receipts = await readReceipts(client, slot);
  const loaded = performance.now();
  const cleared = clearItems({ seed, state }, slot, items, receipts);
  const done = performance.now();
  await publishSlot(client, slot, cleared);
  const ms = { load: loaded - started, clear: done - loaded, publish: performance.now() - done };
  return { slot, matched: cleared.matches.length, ms };
}
