import type { ClientBase } from 'pg';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import { readAsk, readOrder, type BookAsk, type BookOrder, type StoredMessage } from './rows.ts';
import { askIsOver, askStands, orderIsOver, orderStands, type Moment } from './standing.ts';

export interface SlotItems {
  orders: BookOrder[];
  asks: BookAsk[];
}

/** Orders and asks that may still trade, held in memory: a row is read, checked and its signer recovered once. */
export interface Book {
  /** Reads the rows that came since the last call and that slots up to `slot` may hold. */
  load(client: ClientBase, slot: bigint, slotEnd: bigint): Promise<void>;
  /**
   * The slot's items in ascending id order; forgets those that were over for good at its closing block. What later blocks ended is
   * left out, but not forgotten: a reorganisation may take them back without the closing block.
   */
  itemsOf(moment: Moment, atClose: MarketState): SlotItems;
  /** Forgets everything: what was over may stand again after a reorganisation. */
  clear(): void;
}

/**
 * @param lateSlots a row may appear in the database this many slots after its own (a gateway's slow transaction)
 */
export function createBook(domain: SigningDomain, lateSlots: bigint): Book {
  const orders = new Map<Hex, BookOrder>();
  const asks = new Map<Hex, BookAsk>();
  /** Known and over: not to be read again while their slot is within `lateSlots`. */
  const over = new Map<Hex, bigint>();
  let loadedTo: bigint | null = null;

  /** Reads rows that `where` selects and memory lacks. */
  const fetch = async <T extends { id: Hex }>(
    client: ClientBase,
    table: 'order' | 'ask',
    where: string,
    values: unknown[],
    known: (id: Hex) => boolean,
    read: (row: StoredMessage, domain: SigningDomain) => T,
  ): Promise<T[]> => {
    const { rows: ids } = await client.query<{ id: Hex }>(`SELECT id FROM "${table}" WHERE ${where}`, values);
    const missing = ids.map((row) => row.id).filter((id) => !known(id));
    if (missing.length === 0) return [];
    const { rows } = await client.query<StoredMessage>(
      `SELECT id, slot, message, signature FROM "${table}" WHERE id = ANY($1)`,
      [missing],
    );
    return rows.map((row) => read(row, domain));
  };

  const byId = (a: { id: Hex }, b: { id: Hex }): number => (a.id < b.id ? -1 : 1);

  return {
    async load(client, slot, slotEnd) {
      // An earlier slot than the last one: memory has already forgotten what stood then.
      if (loadedTo !== null && slot < loadedTo) this.clear();
      const where = 'slot >= $1 AND slot <= $2 AND ("validUntil" >= $3 OR slot = $2)';
      const values = [loadedTo === null ? 0n : loadedTo - lateSlots, slot, slotEnd];
      for (const item of await fetch(
        client,
        'order',
        where,
        values,
        (id) => orders.has(id) || over.has(id),
        readOrder,
      ))
        orders.set(item.id, item);
      for (const item of await fetch(
        client,
        'ask',
        where,
        values,
        (id) => asks.has(id) || over.has(id),
        readAsk,
      ))
        asks.set(item.id, item);
      if (loadedTo === null || slot > loadedTo) loadedTo = slot;
      for (const [id, since] of over) if (since < loadedTo - 2n * lateSlots) over.delete(id);
    },

    itemsOf(moment, atClose) {
      const final = { ...moment, state: atClose };
      const items: SlotItems = { orders: [], asks: [] };
      for (const item of orders.values()) {
        if (orderStands(item, moment)) items.orders.push(item);
        else if (item.slot < moment.slot && orderIsOver(item, final)) {
          orders.delete(item.id);
          over.set(item.id, item.slot);
        }
      }
      for (const item of asks.values()) {
        if (askStands(item, moment)) items.asks.push(item);
        else if (item.slot < moment.slot && askIsOver(item, final)) {
          asks.delete(item.id);
          over.set(item.id, item.slot);
        }
      }
      items.orders.sort(byId);
      items.asks.sort(byId);
      return items;
    },

    clear() {
      orders.clear();
      asks.clear();
      over.clear();
      loadedTo = null;
    },
  };
}
