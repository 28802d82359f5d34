/** The scheduler's side of the placements: closed slots come by number, are read, cleared and published. */
import pg from 'pg';
import { parentPort, workerData } from 'node:worker_threads';
import { slotEnd } from '../../domain/parameters.ts';
import { createSeal } from '../../domain/seal.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import { createBook } from '../../scheduler/book/book.ts';
import { READ_AHEAD } from '../../scheduler/book/shelf.ts';
import { readReceipts } from '../../scheduler/book/receipts.ts';
import { publishSlot } from '../../scheduler/publish-slot.ts';
import type { Placed, Placing, SchedulerTask, Stage } from './placing.ts';
import { clearItems, DOMAIN, GATEWAY_KEY, PARAMETERS } from './world.ts';

const { databaseUrl, state, seed, ordersPerSlot } = workerData as SchedulerTask;
const client = new pg.Client({ connectionString: databaseUrl });
const reader = new pg.Client({ connectionString: databaseUrl });
await Promise.all([client.connect(), reader.connect()]);
const book = createBook({ domain: DOMAIN, seal: createSeal(GATEWAY_KEY) }, 8n);

parentPort!.on('message', (placing: Placing | null) => {
  if (placing === null) void Promise.all([client.end(), reader.end()]);
  else
    // An error that nobody catches ends the thread, and the bench with it.
    void placeAll(placing).then((placed) => {
      parentPort!.postMessage(placed);
    });
});

async function placeAll({ slots, ahead }: Placing): Promise<Placed> {
  const stages: Placed['stages'] = { read: 0, items: 0, receipts: 0, clear: 0, publish: 0 };
  const timed = async <T>(stage: Stage, work: () => Promise<T> | T): Promise<T> => {
    const from = performance.now();
    const done = await work();
    stages[stage] += performance.now() - from;
    return done;
  };
  const read = (): Promise<void> => timed('read', readAll);
  const started = performance.now();
  const cpu = process.threadCpuUsage();
  let matched = 0;
  for (const [index, slot] of slots.entries()) {
    if (!ahead || index === 0) await read();
    const moment = { slot, slotEnd: slotEnd(slot, PARAMETERS), state, parameters: PARAMETERS };
    const items = await timed('items', () => book.itemsOf(client, moment, state));
    const receipts = await timed('receipts', () => readReceipts(client, slot));
    const cleared: ClearedSlot = await timed('clear', () =>
      clearItems({ seed, state }, slot, items, receipts),
    );
    await Promise.all([
      timed('publish', () => publishSlot(client, slot, cleared)),
      ahead && index + 1 < slots.length ? read() : null,
    ]);
    matched += cleared.matches.length;
  }
  const { user, system } = process.threadCpuUsage(cpu);
  return { matched, ms: performance.now() - started, stages, cpuMs: (user + system) / 1000 };
}

/** Reads a slot's rows, no more: those of the slots after it wait in PostgreSQL. */
async function readAll(): Promise<void> {
  for (let rows = 0; rows < ordersPerSlot; rows += READ_AHEAD) await book.readAhead(reader);
}
