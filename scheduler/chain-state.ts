import type { ClientBase } from 'pg';
import { applyEvent, LATE_EVENTS, withLateMatches } from '../domain/market-fold.ts';
import { emptyMarket, type MarketState } from '../domain/market-state.ts';
import type { Hex } from '../domain/types.ts';
import { reviveEvent, type StoredEvent } from '../contracts/events.ts';

/** `atClose` with the matches of slots before `slot` that stand in blocks after the closing block. */
export async function withEarlierSlots(
  client: ClientBase,
  atClose: MarketState,
  closing: { number: bigint },
  slot: bigint,
): Promise<MarketState> {
  const { rows } = await client.query<StoredEvent>(
    `SELECT "blockNumber", "logIndex", name, args FROM chain_event
     WHERE "blockNumber" > $1 AND name = ANY($2) ORDER BY "blockNumber", "logIndex"`,
    [closing.number, [...LATE_EVENTS]],
  );
  return withLateMatches(atClose, rows.map(reviveEvent), slot);
}

/** The block a slot is judged at, and the block after it, whose hash is the seed. */
export interface Closing {
  number: bigint;
  hash: Hex;
  seed: Hex;
}

/** Market state at a block, folded forward from the block asked for last. */
export interface ChainState {
  /** The state is shared with later calls: read it, don't change it. `rebuilt` when it was folded from the start. */
  at(
    client: ClientBase,
    block: { number: bigint; hash: Hex },
  ): Promise<{ state: MarketState; rebuilt: boolean }>;
}

/**
 * The closing block of a slot: the last one with a timestamp below the slot's end. `behind` until the indexer has the
 * block after it; `none` when the chain began later.
 * @param slotEnd unix seconds
 */
export async function closingBlock(
  client: ClientBase,
  slotEnd: bigint,
): Promise<Closing | 'behind' | 'none'> {
  const { rows } = await client.query<{ number: string; hash: Hex; seed: Hex | null }>(
    `SELECT b.number, b.hash, (SELECT n.hash FROM block n WHERE n.number = b.number + 1) AS seed
     FROM block b WHERE b.timestamp < $1 ORDER BY b.number DESC LIMIT 1`,
    [slotEnd],
  );
  const row = rows[0];
  if (row === undefined) {
    const { rowCount } = await client.query('SELECT 1 FROM block LIMIT 1');
    return rowCount === 0 ? 'behind' : 'none';
  }
  return row.seed === null ? 'behind' : { number: BigInt(row.number), hash: row.hash, seed: row.seed };
}

/** @param market treasury and fee (1/10,000) of the deployment */
export function createChainState(market: { treasury: Hex; feeBps: number }): ChainState {
  let state = emptyMarket(market.treasury, market.feeBps);
  let at: { number: bigint; hash: Hex } | null = null;

  const stillOnChain = async (client: ClientBase, block: { number: bigint; hash: Hex }): Promise<boolean> => {
    const { rowCount } = await client.query('SELECT 1 FROM block WHERE number = $1 AND hash = $2', [
      block.number,
      block.hash,
    ]);
    return rowCount === 1;
  };

  return {
    async at(client, block) {
      const forward = at !== null && at.number <= block.number && (await stillOnChain(client, at));
      if (!forward) {
        state = emptyMarket(market.treasury, market.feeBps);
        at = null;
      }
      const from = at?.number ?? -1n;
      // Until the fold is through, the state is of no block.
      at = null;
      const { rows } = await client.query<StoredEvent>(
        `SELECT "blockNumber", "logIndex", name, args FROM chain_event
         WHERE "blockNumber" > $1 AND "blockNumber" <= $2 ORDER BY "blockNumber", "logIndex"`,
        [from, block.number],
      );
      for (const row of rows) applyEvent(state, reviveEvent(row));
      at = block;
      return { state, rebuilt: !forward };
    },
  };
}
