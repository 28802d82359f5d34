import { emptyLedger, foldEvent } from './ledger.ts';
import type { Ledger, LedgerEvent } from './ledger.ts';
import { rowsOf } from './rows.ts';
import type { Changes } from './rows.ts';
import { nothingTouched, touch } from './touched.ts';
import type { Touched } from './touched.ts';
import type { Hex } from '../../domain/types.ts';

/** Folds events from the first on. */
export async function foldHistory(
  market: { treasury: Hex; feeBps: number },
  events: AsyncIterable<LedgerEvent>,
): Promise<Ledger> {
  const ledger = emptyLedger(market);
  for await (const event of events) foldEvent(ledger, event);
  return ledger;
}

/** Folds further events into the ledger. Returns the rows they change. */
export function advance(ledger: Ledger, events: readonly LedgerEvent[]): Changes {
  const touched = nothingTouched();
  for (const event of events) {
    foldEvent(ledger, event);
    touch(touched, event, ledger.market, { number: event.blockNumber, hash: event.blockHash });
  }
  return rowsOf(ledger, touched);
}

/** The rows of nodes alone, for a table that was made after the blocks that added them. */
export function rowsOfNodes(
  ledger: Ledger,
  nodes: readonly { id: Hex; number: bigint; hash: Hex }[],
): Changes {
  return rowsOf(ledger, {
    ...nothingTouched(),
    nodes: new Map(nodes.map(({ id, ...block }) => [id, block])),
  });
}

/**
 * What becomes of the rows when the last events are taken back: each row that they touched is as the events before left
 * it, down to the block it names, or gone.
 *
 * @param ledger with all events applied
 * @param undone the events to take back
 * @param kept all events before them, from the first on
 * @param market treasury and fee (1/10,000) at deployment
 */
export async function takeBack(
  ledger: Ledger,
  undone: AsyncIterable<LedgerEvent>,
  kept: AsyncIterable<LedgerEvent>,
  market: { treasury: Hex; feeBps: number },
): Promise<{ ledger: Ledger; changes: Changes }> {
  const stale = nothingTouched();
  for await (const event of undone) touch(stale, event, ledger.market, refOf(event));

  const before = emptyLedger(market);
  const lastTouched = nothingTouched();
  for await (const event of kept) {
    foldEvent(before, event);
    touch(lastTouched, event, before.market, refOf(event));
  }
  return { ledger: before, changes: rowsOf(before, restrict(stale, lastTouched)) };
}

/** The keys of `stale`, each with the block that touched it last. A key without one belongs to a row that is gone. */
function restrict(stale: Touched, lastTouched: Touched): Touched {
  const pick = <K, V>(keys: Map<K, V>, blocks: Map<K, V>): Map<K, V> =>
    new Map([...keys].map(([key, block]) => [key, blocks.get(key) ?? block]));
  return {
    accounts: pick(stale.accounts, lastTouched.accounts),
    providers: pick(stale.providers, lastTouched.providers),
    nodes: pick(stale.nodes, lastTouched.nodes),
    leases: pick(stale.leases, lastTouched.leases),
    pages: pick(stale.pages, lastTouched.pages),
    slots: pick(stale.slots, lastTouched.slots),
    quotes: pick(stale.quotes, lastTouched.quotes),
    renewals: pick(stale.renewals, lastTouched.renewals),
    fills: pick(stale.fills, lastTouched.fills),
    nonces: pick(stale.nonces, lastTouched.nonces),
  };
}

function refOf(event: LedgerEvent): { number: bigint; hash: Hex } {
  return { number: event.blockNumber, hash: event.blockHash };
}
