import { applyEvent } from '../../domain/market-fold.ts';
import { emptyMarket } from '../../domain/market-state.ts';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex, MarketEvent } from '../../domain/types.ts';

/** The block that an event, and so the row it made, comes from. */
export interface BlockRef {
  number: bigint;
  hash: Hex;
}

export interface LedgerEvent extends MarketEvent {
  blockHash: Hex;
  txHash: Hex;
}

/** All that rows are made of. */
export interface Ledger {
  market: MarketState;
  /** Transaction that committed a slot's header. */
  slotTx: Map<bigint, Hex>;
}

export function emptyLedger(market: { treasury: Hex; feeBps: number }): Ledger {
  return { market: emptyMarket(market.treasury, market.feeBps), slotTx: new Map() };
}

export function foldEvent(ledger: Ledger, event: LedgerEvent): void {
  applyEvent(ledger.market, event);
  if (event.name === 'SlotCommitted') ledger.slotTx.set(event.args['slot'] as bigint, event.txHash);
}
