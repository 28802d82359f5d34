/** One slot from the book to signed transactions, as the scheduler takes it; then stored. */
import type { PoolClient } from 'pg';
import { keccakText } from '../../domain/hash.ts';
import { NO_RECEIPTS } from '../../domain/manifest.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { createSeal } from '../../domain/seal.ts';
import type { ClearedSlot } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import { createBook, type Book } from '../../scheduler/book/book.ts';
import { readReceipts } from '../../scheduler/book/receipts.ts';
import type { Moment } from '../../scheduler/book/standing.ts';
import { signTransaction } from '../../scheduler/commit/raw-transaction.ts';
import { headerCall, pageCalls, planOf } from '../../scheduler/commit/slot-calls.ts';
import { publishSlot } from '../../scheduler/publish-slot.ts';
import { median } from '../bench.ts';
import { asSent, type Ground } from './ground.ts';
import { clearItems, DOMAIN, GATEWAY_KEY, PARAMETERS, SLOT, type World } from './world.ts';

const ROUNDS = 7;
const KEY = keccakText('bench scheduler');
const FEES = { maxFeePerGas: 3_000_000_000n, maxPriorityFeePerGas: 1_000_000_000n };
const LATE_SLOTS = 8n;

export interface SlotFigures {
  matched: number;
  transactions: number;
  bytes: number;
  /** Of the median round, and of the first, which compiles. */
  seconds: number;
  firstSeconds: number;
  /** What the processor spent on the median round. */
  cpuSeconds: number;
  /** Milliseconds of the median round. */
  parts: Record<Part, number>;
  /** What a scheduler does once a row, as rows come: read, parse, hash, check the seal. */
  bookLoadSeconds: number;
  publishSeconds: number;
}

type Part = 'book' | 'clear' | 'pages' | 'sign';

export async function measureSlot(
  world: World,
  ground: Ground,
): Promise<{ figures: SlotFigures; cleared: ClearedSlot }> {
  const end = slotEnd(SLOT, PARAMETERS);
  ground.setNow(end - 5n);
  await accept('acceptAsks', world.asks, ground);
  await accept('acceptOrders', world.orders, ground);
  const client = await ground.pool.connect();
  try {
    const book = createBook({ domain: DOMAIN, seal: createSeal(GATEWAY_KEY) }, LATE_SLOTS);
    const loading = performance.now();
    await book.itemsOf(client, momentOf(world), world.state);
    const bookLoadSeconds = (performance.now() - loading) / 1000;
    const rounds: Awaited<ReturnType<typeof takeSlot>>[] = [];
    for (let round = 0; round < ROUNDS; round++) rounds.push(await takeSlot(world, client, book));
    const sorted = rounds.toSorted((a, b) => a.seconds - b.seconds);
    const middle = sorted[ROUNDS >> 1]!;
    return {
      figures: {
        matched: middle.cleared.matches.length,
        transactions: middle.transactions.length,
        bytes: middle.transactions.reduce((sum, { raw }) => sum + (raw.length - 2) / 2, 0),
        seconds: middle.seconds,
        firstSeconds: rounds[0]!.seconds,
        cpuSeconds: middle.cpuSeconds,
        parts: middle.parts,
        bookLoadSeconds,
        publishSeconds: await publish(client, middle.cleared),
      },
      cleared: middle.cleared,
    };
  } finally {
    client.release();
  }
}

/** The same slot without a database: its items as they are. Milliseconds from them to the cleared slot. */
export function clearOnly(world: World): { cleared: ClearedSlot; ms: number } {
  const times: number[] = [];
  let cleared: ClearedSlot | undefined;
  const items = { orders: byId(world.orders), asks: byId(world.asks) };
  for (let round = 0; round < ROUNDS; round++) {
    const started = performance.now();
    cleared = clearItems(world, SLOT, items, NO_RECEIPTS);
    times.push(performance.now() - started);
  }
  return { cleared: cleared!, ms: median(times) };
}

async function takeSlot(world: World, client: PoolClient, book: Book) {
  const laps: number[] = [];
  const cpu = process.cpuUsage();
  let last = performance.now();
  const lap = (): void => {
    const now = performance.now();
    laps.push(now - last);
    last = now;
  };
  const items = await book.itemsOf(client, momentOf(world), world.state);
  const receipts = await readReceipts(client, SLOT);
  lap();
  const cleared = clearItems(world, SLOT, items, receipts);
  lap();
  const plan = planOf(cleared);
  const calls = [headerCall(DOMAIN.auction, plan, 1), ...pageCalls(DOMAIN.auction, plan, 1, 0, 1)];
  lap();
  const transactions = calls.map(({ to, data, gasLimit }, nonce) =>
    signTransaction(KEY, { chainId: DOMAIN.chainId, nonce, to, data, gasLimit, ...FEES }),
  );
  lap();
  const [bookMs, clearMs, pages, sign] = laps.map((ms) => Math.round(ms)) as [number, number, number, number];
  const seconds = laps.reduce((sum, ms) => sum + ms, 0) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  const cpuSeconds = (user + system) / 1e6;
  return { cleared, transactions, seconds, cpuSeconds, parts: { book: bookMs, clear: clearMs, pages, sign } };
}

function momentOf({ state }: World): Moment {
  return { slot: SLOT, slotEnd: slotEnd(SLOT, PARAMETERS), state, parameters: PARAMETERS };
}

function byId<T extends { id: Hex }>(items: readonly T[]): T[] {
  return items.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

async function publish(client: PoolClient, cleared: ClearedSlot): Promise<number> {
  const started = performance.now();
  await publishSlot(client, SLOT, cleared);
  return (performance.now() - started) / 1000;
}

async function accept(
  method: 'acceptAsks' | 'acceptOrders',
  items: readonly { id: Hex; signed: Parameters<typeof asSent>[0] }[],
  ground: Ground,
): Promise<void> {
  const answers = await ground.intake[method](items.map(({ signed }) => asSent(signed)));
  const refused = answers.find((answer) => !answer.ok);
  if (refused) throw refused.refusal;
}
