import { applyEvent } from '../../domain/market-fold.ts';
import { emptyMarket } from '../../domain/market-state.ts';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';
import { Journal } from './journal.ts';
import { nothingTouched, touch, TOUCHED, type BlockRef, type Touched } from './touched.ts';

export interface LedgerEvent extends MarketEvent {
  blockHash: Hex;
  txHash: Hex;
}

/** Treasury and fee (1/10,000) at deployment. */
export interface MarketTerms {
  treasury: Hex;
  feeBps: number;
}

/** All that rows are made of. */
export interface Ledger {
  market: MarketState;
  /** Transaction that committed a slot's header. */
  slotTx: Map<bigint, Hex>;
  /** Every row's key, with the block that changed it last. */
  last: Touched;
  journal: Journal;
}

export function emptyLedger(terms: MarketTerms): Ledger {
  const journal = new Journal();
  const empty: Ledger = {
    market: emptyMarket(terms.treasury, terms.feeBps),
    slotTx: new Map(),
    last: nothingTouched(),
    journal,
  };
  const market = journaled(empty.market, journal);
  journal.keep(market);
  return { market, slotTx: journal.map(), last: journaled(empty.last, journal, true), journal };
}

/** Applies a block's events. Returns the keys of the rows that they changed, each with the block. */
export function foldBlock(
  ledger: Ledger,
  block: BlockRef,
  events: readonly LedgerEvent[],
  undoable: boolean,
): Touched {
  if (undoable) ledger.journal.open(block.number);
  else ledger.journal.skip(block.number);
  const touched = nothingTouched();
  for (const event of events) {
    applyEvent(ledger.market, event);
    if (event.name === 'SlotCommitted') ledger.slotTx.set(event.args['slot'] as bigint, event.txHash);
    touch(touched, event, ledger.market, block);
  }
  mark(ledger.last, touched);
  ledger.journal.close();
  return touched;
}

/** Adds what `touched` names to `to`. */
export function mark(to: Touched, touched: Touched): void {
  for (const name of TOUCHED) {
    const into = to[name] as Map<unknown, BlockRef>;
    for (const [key, block] of touched[name]) into.set(key, block);
  }
}

/** The object with maps and sets of the journal in place of its empty ones. @param whole as `Journal.map` has it */
function journaled<T extends object>(object: T, journal: Journal, whole = false): T {
  const entries = Object.entries(object).map(([name, value]): [string, unknown] => {
    if (value instanceof Map) return [name, journal.map(whole)];
    return [name, value instanceof Set ? journal.set() : value];
  });
  return Object.fromEntries(entries) as T;
}
