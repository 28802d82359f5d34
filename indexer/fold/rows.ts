import { identifierRow } from '../../domain/cpi/row.ts';
import { nonceKey, type MarketState, type NonceKind } from '../../domain/market-state.ts';
import type { Hex } from '../../domain/types.ts';
import type { Ledger } from './ledger.ts';
import type { BlockRef, Touched } from './touched.ts';

/** A row by column; money and wide integers are `bigint`. */
export type Row = Record<string, string | number | bigint | boolean | null>;

/** What a batch does to one table: rows to write, and keys of rows that are no more (after a reorganisation). */
interface Change {
  upserts: Row[];
  deletes: Row[];
}

export interface Changes {
  account: Change;
  provider: Change;
  node: Change;
  identifier: Change;
  lease: Change;
  page: Change;
  slot: Change;
  quote: Change;
  renewal: Change;
  fill: Change;
  used_nonce: Change;
}

/** The rows behind the touched keys, as the ledger has them now. */
export function rowsOf({ market, slotTx }: Ledger, touched: Touched): Changes {
  return {
    account: change(touched.accounts, 'address', (address) => {
      const account = market.accounts.get(address);
      if (!account) return null;
      const { available, bidding, unbidding, staked } = account;
      return { address, available, bidding, unbidding, staked };
    }),
    provider: change(touched.providers, 'address', (address) => {
      const provider = market.providers.get(address);
      if (!provider) return null;
      const {
        day = null,
        good = 0n,
        bad = 0n,
        newGood = 0n,
        newBad = 0n,
      } = market.outcomes.get(address) ?? {};
      return { address, ...provider, outcomeDay: day, good, bad, newGood, newBad };
    }),
    node: change(touched.nodes, 'id', (id) => {
      const node = market.nodes.get(id);
      if (!node) return null;
      const { regionId: _, ...row } = node;
      return row;
    }),
    identifier: change(touched.nodes, 'node', (id) => {
      const node = market.nodes.get(id);
      const row = node && identifierRow(node);
      return row ? { ...row } : null;
    }),
    lease: change(touched.leases, 'id', (id) => {
      const lease = market.leases.get(id);
      return lease ? { ...lease } : null;
    }),
    page: change(touched.pages, 'id', (id) => pageRow(market, id)),
    slot: change(touched.slots, 'slot', (number) => {
      const slot = market.slots.get(number);
      if (!slot) return null;
      return {
        ...slot.header,
        scheduler: slot.scheduler,
        pagesCommitted: slot.pages.length,
        skipped: slot.skipped.length,
        txHash: slotTx.get(number) ?? null,
      };
    }),
    quote: change(touched.quotes, 'id', (id) => {
      const quote = market.quotes.get(id);
      return quote ? { id, ...quote } : null;
    }),
    renewal: change(touched.renewals, 'leaseId', (leaseId) => {
      const renewal = market.renewals.get(leaseId);
      return renewal ? { leaseId, ...renewal } : null;
    }),
    fill: change(touched.fills, 'id', (id) => {
      const filled = market.filled.get(id);
      return filled === undefined ? null : { id, filled };
    }),
    used_nonce: nonceChange(touched.nonces, market.usedNonces),
  };
}

/** `open`: leases that still follow the page and are not over. */
function pageRow(market: MarketState, id: bigint): Row | null {
  const page = market.pages.get(id);
  if (!page) return null;
  const { leaseIds, ...row } = page;
  const open = leaseIds.filter((leaseId) => {
    const lease = market.leases.get(leaseId);
    return lease?.followsPage === true && !lease.settled;
  });
  return { ...row, open: open.length };
}

function change<K extends Hex | bigint>(
  touched: Map<K, BlockRef>,
  key: string,
  rowOf: (key: K) => Row | null,
): Change {
  const result: Change = { upserts: [], deletes: [] };
  for (const [value, block] of touched) {
    const row = rowOf(value);
    if (row) result.upserts.push({ ...row, blockNumber: block.number, blockHash: block.hash });
    else result.deletes.push({ [key]: value });
  }
  return result;
}

function nonceChange(touched: Map<string, BlockRef>, used: Set<string>): Change {
  const result: Change = { upserts: [], deletes: [] };
  for (const [key, block] of touched) {
    const [kind = '', account = '', nonce = ''] = key.split(':');
    const row = { kind, account, nonce: BigInt(nonce) };
    if (used.has(nonceKey(kind as NonceKind, account as Hex, row.nonce))) {
      result.upserts.push({ ...row, blockNumber: block.number, blockHash: block.hash });
    } else {
      result.deletes.push(row);
    }
  }
  return result;
}
