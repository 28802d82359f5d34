import { afterAll, beforeAll, expect, test } from 'vitest';
import { decodeLogs } from '../../contracts/events.ts';
import { allRows, takeBack } from '../../indexer/fold/history.ts';
import { emptyLedger, foldBlock, type Ledger, type LedgerEvent } from '../../indexer/fold/ledger.ts';
import type { Changes } from '../../indexer/fold/rows.ts';
import { tradeOneDay } from './day.ts';
import { setup } from './setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
let blocks: LedgerEvent[][];

beforeAll(async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
  const events = decodeLogs(world.deployment, await world.actors.client.getLogs({ fromBlock: 0n }));
  const ledgerEvents = events.map((event): LedgerEvent => ({
    ...event,
    blockHash: `0x${event.blockNumber}`,
    txHash: '0x',
  }));
  blocks = [...Map.groupBy(ledgerEvents, (event) => event.blockNumber).values()];
});
afterAll(() => world.teardown());

function fold(count: number, undoable: boolean): Ledger {
  const { treasury, parameters } = world.deployment;
  const ledger = emptyLedger({ treasury, feeBps: parameters.feeBps });
  for (const events of blocks.slice(0, count)) go(ledger, events, undoable);
  return ledger;
}

function go(ledger: Ledger, events: LedgerEvent[], undoable = true): void {
  foldBlock(ledger, { number: events[0]!.blockNumber, hash: events[0]!.blockHash }, events, undoable);
}

/** Everything that a ledger holds, in an order of its own; who shares an object shows when it is changed afterwards. */
function content({ market, slotTx, last }: Ledger): unknown {
  const plain = (value: unknown): unknown => {
    if (value instanceof Map)
      return [...(value as Map<unknown, unknown>)].map(([key, one]) => [key, plain(one)]).sort(byText);
    if (value instanceof Set) return [...(value as Set<unknown>)].sort();
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]))
      : value;
  };
  return [plain(market), plain(slotTx), plain(last)];
}

function byText(a: unknown[], b: unknown[]): number {
  return String(a[0]) < String(b[0]) ? -1 : 1;
}

test('however many blocks are taken back, what is left is what the blocks before made, and goes on the same', () => {
  const whole = content(fold(blocks.length, false));
  for (let kept = 0; kept < blocks.length; kept += 3) {
    const ledger = fold(blocks.length, true);
    const number = kept === 0 ? 0n : blocks[kept - 1]![0]!.blockNumber;
    expect(takeBack(ledger, number)).not.toBeNull();
    expect(content(ledger)).toEqual(content(fold(kept, false)));
    for (const events of blocks.slice(kept)) go(ledger, events);
    expect(content(ledger)).toEqual(whole);
  }
});

test('rows that are taken back are those of the blocks before, down to the block they name', () => {
  const kept = blocks.length >> 1;
  const ledger = fold(blocks.length, true);
  const changes = takeBack(ledger, blocks[kept - 1]![0]!.blockNumber)!;
  const before = allRows(fold(kept, false));
  const tables = Object.keys(changes) as (keyof Changes)[];
  for (const table of tables) {
    const { upserts, deletes } = changes[table];
    const rows = before[table].upserts;
    for (const row of upserts) expect(rows).toContainEqual(row);
    for (const key of deletes)
      expect(rows.some((row) => Object.entries(key).every(([name, value]) => row[name] === value))).toBe(
        false,
      );
  }
  expect(tables.some((table) => changes[table].deletes.length > 0)).toBe(true);
});

test('what was folded without notes, or forgotten, is not taken back', () => {
  const ledger = fold(blocks.length, false);
  expect(takeBack(ledger, 0n)).toBeNull();
  const noted = fold(blocks.length, true);
  noted.journal.forget(blocks[5]![0]!.blockNumber);
  expect(takeBack(noted, blocks[4]![0]!.blockNumber)).toBeNull();
  expect(takeBack(noted, blocks[5]![0]!.blockNumber)).not.toBeNull();
});
