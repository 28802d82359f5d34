import type { ClientBase, Pool } from 'pg';
import type { Hex } from '../../domain/types.ts';
import type { Entry, StoredMessage } from './rows.ts';
import type { Moment } from './standing.ts';

/** Rows of one query: a slot's worth is read in parts, so that what else the process does has its turn. */
export const READ_AHEAD = 1_000;

const COLUMNS = 'seq, id, slot, message, signature, signer, seal';

/**
 * The rows of one table that may still trade. They are read in the order in which they became visible: `seq` is drawn under the book's
 * lock (`prisma/locks.ts`), which its transaction holds to its end, so no row ever appears below one that was read.
 */
export class Shelf<T extends Entry> {
  readonly #table: 'order' | 'ask';
  readonly #read: (row: StoredMessage) => T;
  readonly #items = new Map<Hex, T>();
  /** The last row that was read; null before the first load. */
  #cursor: bigint | null = null;
  /** The latest slot of those. */
  #newest = -1n;

  constructor(table: 'order' | 'ask', read: (row: StoredMessage) => T) {
    this.#table = table;
    this.#read = read;
  }

  clear(): void {
    this.#items.clear();
    this.#cursor = null;
    this.#newest = -1n;
  }

  forget(isOver: (item: T) => boolean): void {
    for (const item of this.#items.values()) if (isOver(item)) this.#items.delete(item.id);
  }

  /** Those that were read up to row `end`. */
  upTo(end: bigint, stands: (item: T) => boolean): T[] {
    const found: T[] = [];
    for (const item of this.#items.values()) if (item.seq <= end && stands(item)) found.push(item);
    return found;
  }

  /** Reads a part of what came since, unless a slot after `lastSlot` has begun. Returns whether there may be more. */
  async readAhead(client: ClientBase | Pool, lastSlot: bigint): Promise<boolean> {
    if (this.#cursor === null || this.#newest > lastSlot) return false;
    return (await this.#next(client, this.#cursor, 'seq > $1', [])).length === READ_AHEAD;
  }

  /**
   * Reads what the client's snapshot has more than memory, up to the last row that the slot may hold.
   * @returns that row
   */
  async load(client: ClientBase, { slot, slotEnd }: Moment): Promise<bigint> {
    const table = `"${this.#table}"`;
    const { rows } = await client.query<{ end: string | null; rows: string }>(
      `SELECT (SELECT max(seq) FROM ${table} WHERE slot <= $1) AS end, (SELECT count(*) FROM ${table} WHERE slot = $1) AS rows`,
      [slot],
    );
    const end = BigInt(rows[0]!.end ?? 0);
    const range = 'seq > $1 AND seq <= $2 AND ("validUntil" >= $3 OR slot >= $4)';
    const readOn = async (): Promise<void> => {
      this.#cursor ??= await this.#start(client, slot, slotEnd);
      while (this.#cursor < end) {
        const items = await this.#next(client, this.#cursor, range, [end, slotEnd, slot]);
        if (items.length < READ_AHEAD) this.#cursor = end;
      }
    };
    await readOn();
    if (this.#countOf(slot, end) !== Number(rows[0]!.rows)) {
      // The table is not the one that was read: it was restored, or something writes to it without the lock.
      this.clear();
      await readOn();
    }
    return end;
  }

  /** The row before the first one that may still trade. */
  async #start(client: ClientBase, slot: bigint, slotEnd: bigint): Promise<bigint> {
    const { rows } = await client.query<{ first: string | null }>(
      `SELECT min(seq) AS first FROM "${this.#table}" WHERE "validUntil" >= $1 OR slot >= $2`,
      [slotEnd, slot],
    );
    return BigInt(rows[0]?.first ?? 1) - 1n;
  }

  async #next(client: ClientBase | Pool, after: bigint, where: string, values: bigint[]): Promise<T[]> {
    const { rows } = await client.query<StoredMessage>(
      `SELECT ${COLUMNS} FROM "${this.#table}" WHERE ${where} ORDER BY seq LIMIT ${READ_AHEAD}`,
      [after, ...values],
    );
    const items = rows.map(this.#read);
    for (const item of items) {
      this.#items.set(item.id, item);
      if (item.slot > this.#newest) this.#newest = item.slot;
    }
    const last = items.at(-1);
    if (last !== undefined) this.#cursor = last.seq;
    return items;
  }

  #countOf(slot: bigint, end: bigint): number {
    let count = 0;
    for (const item of this.#items.values()) if (item.slot === slot && item.seq <= end) count++;
    return count;
  }
}
