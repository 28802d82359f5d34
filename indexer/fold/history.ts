import { foldBlock, emptyLedger, mark } from './ledger.ts';
import type { Ledger, LedgerEvent, MarketTerms } from './ledger.ts';
import { rowsOf } from './rows.ts';
import type { Changes } from './rows.ts';
import { nothingTouched, touch, TOUCHED } from './touched.ts';
import type { BlockRef, Touched } from './touched.ts';

/** Hands over events in chain order; resolves after the last. */
export type EventSource = (take: (event: LedgerEvent) => void) => Promise<void>;

/**
 * Folds events from the first on.
 *
 * @param undoFrom number of the first block that must be undoable
 */
export async function foldHistory(
  terms: MarketTerms,
  events: EventSource,
  undoFrom: bigint,
): Promise<Ledger> {
  const ledger = emptyLedger(terms);
  let open: LedgerEvent[] = [];
  const fold = (): void => {
    const first = open[0];
    if (first !== undefined) foldBlock(ledger, refOf(first), open, first.blockNumber >= undoFrom);
    open = [];
  };
  await events((event) => {
    if (open[0]?.blockNumber !== event.blockNumber) fold();
    open.push(event);
  });
  fold();
  return ledger;
}

/**
 * Folds the events of further blocks into the ledger. Returns the rows they change.
 *
 * @param undoFrom number of the first block that must be undoable
 */
export function advance(ledger: Ledger, events: readonly LedgerEvent[], undoFrom: bigint): Changes {
  const touched = nothingTouched();
  for (let at = 0; at < events.length;) {
    const block = refOf(events[at]!);
    let end = at + 1;
    while (events[end]?.blockNumber === block.number) end++;
    mark(touched, foldBlock(ledger, block, events.slice(at, end), block.number >= undoFrom));
    at = end;
  }
  return rowsOf(ledger, touched);
}

/** Every row that the ledger has. */
export function allRows(ledger: Ledger): Changes {
  return rowsOf(ledger, ledger.last);
}

/**
 * Takes back the blocks after `number`. Returns what becomes of the rows that they touched: each is as the blocks before left it,
 * down to the block it names, or gone. Null when the ledger does not remember so far back.
 */
export function takeBack(ledger: Ledger, number: bigint): Changes | null {
  if (!ledger.journal.reaches(number)) return null;
  const undone = ledger.journal.takeBack(number);
  const touched = nothingTouched();
  for (const name of TOUCHED) {
    const [into, last] = [
      touched[name] as Map<unknown, BlockRef>,
      ledger.last[name] as Map<unknown, BlockRef>,
    ];
    for (const key of undone.get(last) ?? []) into.set(key, last.get(key) ?? NO_BLOCK);
  }
  return rowsOf(ledger, touched);
}

/** Stands for the block of a row that is gone. */
const NO_BLOCK: BlockRef = { number: -1n, hash: '0x' };

/**
 * As `takeBack`, by folding all that is kept anew: for blocks that the ledger does not remember.
 *
 * @param undone the events to take back
 * @param kept all events before them, from the first on
 */
export async function takeBackDeep(
  ledger: Ledger,
  undone: EventSource,
  kept: EventSource,
  terms: MarketTerms,
  undoFrom: bigint,
): Promise<{ ledger: Ledger; changes: Changes }> {
  const stale = nothingTouched();
  await undone((event) => touch(stale, event, ledger.market, refOf(event)));
  const before = await foldHistory(terms, kept, undoFrom);
  return { ledger: before, changes: rowsOf(before, restrict(stale, before.last)) };
}

/** The keys of `stale`, each with the block that touched it last. */
function restrict(stale: Touched, last: Touched): Touched {
  const result = nothingTouched();
  for (const name of TOUCHED) {
    const [into, blocks] = [result[name] as Map<unknown, BlockRef>, last[name] as Map<unknown, BlockRef>];
    for (const key of stale[name].keys()) into.set(key, blocks.get(key) ?? NO_BLOCK);
  }
  return result;
}

function refOf(event: LedgerEvent): BlockRef {
  return { number: event.blockNumber, hash: event.blockHash };
}
