import type { ClientBase, Pool } from 'pg';
import type { MarketState } from '../../domain/market-state.ts';
import type { Hex } from '../../domain/types.ts';
import { Shelf } from './shelf.ts';
import { readAsk, readOrder, type BookAsk, type BookOrder, type Trust } from './rows.ts';
import { askIsOver, askStands, orderIsOver, orderStands, type Moment } from './standing.ts';

export interface SlotItems {
  orders: BookOrder[];
  asks: BookAsk[];
}

/**
 * Orders and asks that may still trade, held in memory: a row is read and checked once, most of them while their slot is open. Whatever
 * was read before, and when: the items of a slot are those of a book that is read from the start in the same snapshot.
 */
export interface Book {
  /** Reads a part of what came since, ahead of the close; nothing before the first slot. Returns whether there may be more. */
  readAhead(client: ClientBase | Pool): Promise<boolean>;
  /**
   * The slot's items in ascending id order, as the client's snapshot has them; forgets those that were over for good at its closing
   * block. What later blocks ended is left out, but not forgotten: a reorganisation may take them back without the closing block.
   */
  itemsOf(client: ClientBase, moment: Moment, atClose: MarketState): Promise<SlotItems>;
  /** Forgets everything: what was over may stand again after a reorganisation. */
  clear(): void;
}

/** @param aheadSlots a process that clears no slot stops reading so many slots after the last one that it cleared */
export function createBook(trust: Trust, aheadSlots: bigint): Book {
  const orders = new Shelf<BookOrder>('order', (row) => readOrder(row, trust));
  const asks = new Shelf<BookAsk>('ask', (row) => readAsk(row, trust));
  /** The newest slot whose items were asked for. */
  let newest: bigint | null = null;
  let last: Promise<unknown> = Promise.resolve();

  /** One reader at a time: a place in the table belongs to one. */
  const exclusively = <T>(body: () => Promise<T>): Promise<T> => {
    const turn = last.then(body, body);
    last = turn.catch(() => undefined);
    return turn;
  };

  const forget = (): void => {
    orders.clear();
    asks.clear();
    newest = null;
  };

  const byId = (a: { id: Hex }, b: { id: Hex }): number => (a.id < b.id ? -1 : 1);

  return {
    readAhead: (client) =>
      exclusively(async () => {
        if (newest === null) return false;
        const upTo = newest + aheadSlots;
        const more = [await asks.readAhead(client, upTo), await orders.readAhead(client, upTo)];
        return more.includes(true);
      }),

    itemsOf: (client, moment, atClose) =>
      exclusively(async () => {
        // An earlier slot than the last one: memory has already forgotten what stood then.
        if (newest !== null && moment.slot < newest) forget();
        const [orderEnd, askEnd] = [await orders.load(client, moment), await asks.load(client, moment)];
        newest = moment.slot;
        const final = { ...moment, state: atClose };
        const isPast = ({ slot }: { slot: bigint }): boolean => slot < moment.slot;
        orders.forget((item) => isPast(item) && orderIsOver(item, final));
        asks.forget((item) => isPast(item) && askIsOver(item, final));
        return {
          orders: orders.upTo(orderEnd, (item) => orderStands(item, moment)).sort(byId),
          asks: asks.upTo(askEnd, (item) => askStands(item, moment)).sort(byId),
        };
      }),

    clear: () => void exclusively(() => Promise.resolve(forget())),
  };
}
