import pg from 'pg';
import type { ClientBase } from 'pg';
import type { Hex } from '../../domain/types.ts';
import type { Header } from '../chain/header.ts';
import type { Changes } from '../fold/rows.ts';
import { announcement } from './announce.ts';
import { writeEvents, type StoredChainEvent } from './events.ts';
import { BLOCK, TABLES, insert, remove, upsert } from './tables.ts';
import type { Statement } from './tables.ts';

/** What one transaction writes. */
export interface Batch {
  /** The block the tables must stand at, or nothing is written; null: no block yet. */
  after: Header | null;
  /** Number of the last block that stays; later ones are taken back. Absent: nothing is. */
  keepUpTo?: bigint;
  headers: Header[];
  events: StoredChainEvent[];
  changes: Changes;
  /** Number of a block that is final, with all before it. */
  sealed?: bigint;
  /** All state rows are replaced, by rows that this code made. */
  rebuilt?: string;
}

/** Another writer moved the tables meanwhile; what they say now must be read anew. */
export class TablesMoved extends Error {}

/** Any number; the indexers of one database share it. */
const WRITER_LOCK = 7_201_337;

export async function writeBatch(client: ClientBase, batch: Batch): Promise<void> {
  try {
    const begun = await client.query<BlockRow>(
      `BEGIN; SELECT pg_advisory_xact_lock(${WRITER_LOCK}); ${LAST_BLOCK}`,
    );
    // One result a statement.
    const at = headerOf((begun as unknown as pg.QueryResult<BlockRow>[])[2]!.rows[0]);
    if (at?.hash !== batch.after?.hash)
      throw new TablesMoved(`the tables stand at block ${at?.number ?? 'none'}`);
    await takeBack(client, batch);
    if (batch.headers.length > 0)
      await client.query(
        insert(
          BLOCK,
          batch.headers.map((header) => ({ ...header })),
        ),
      );
    await writeEvents(client, batch.events);
    for (const statement of rowStatements(batch.changes)) await client.query(statement);
    await client.query(`${ending(batch)} COMMIT`);
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

async function takeBack(client: ClientBase, { keepUpTo, rebuilt }: Batch): Promise<void> {
  if (keepUpTo !== undefined) {
    await client.query('DELETE FROM chain_event WHERE "blockNumber" > $1', [keepUpTo]);
    await client.query('DELETE FROM block WHERE number > $1', [keepUpTo]);
  }
  if (rebuilt !== undefined)
    for (const { name } of TABLES.toReversed()) await client.query(`DELETE FROM "${name}"`);
}

/** Rows that one statement carries, so that its text stays small. */
const ROWS_AT_ONCE = 20_000;

function rowStatements(changes: Changes): Statement[] {
  const deletes = TABLES.toReversed().flatMap((table) =>
    portions(changes[table.name].deletes).map((keys) => remove(table, keys)),
  );
  const upserts = TABLES.flatMap((table) =>
    portions(changes[table.name].upserts).map((rows) => upsert(table, rows)),
  );
  return [...deletes, ...upserts];
}

function portions<T>(rows: T[]): T[][] {
  if (rows.length <= ROWS_AT_ONCE) return rows.length === 0 ? [] : [rows];
  const count = Math.ceil(rows.length / ROWS_AT_ONCE);
  return Array.from({ length: count }, (_, at) => rows.slice(at * ROWS_AT_ONCE, (at + 1) * ROWS_AT_ONCE));
}

/** What a transaction says last, in one round trip with its commit. */
function ending({ changes, headers, keepUpTo, sealed, rebuilt }: Batch): string {
  const statements = [announcement(changes, headers.at(-1), keepUpTo !== undefined || rebuilt !== undefined)];
  if (sealed !== undefined) statements.push(`UPDATE index_state SET sealed = greatest(sealed, ${sealed})`);
  if (rebuilt !== undefined)
    statements.push(`UPDATE index_state SET fold = ${pg.escapeLiteral(rebuilt)}`, 'DELETE FROM read_stop');
  return statements.map((statement) => `${statement};`).join(' ');
}

export interface BlockRow {
  number: string;
  hash: Hex;
  parentHash: Hex;
  timestamp: string;
}

export const LAST_BLOCK =
  'SELECT number, hash, "parentHash", timestamp FROM block ORDER BY number DESC LIMIT 1';

export function headerOf(row: BlockRow): Header;
export function headerOf(row: BlockRow | undefined): Header | null;
export function headerOf(row: BlockRow | undefined): Header | null {
  if (row === undefined) return null;
  const { number, hash, parentHash, timestamp } = row;
  return { number: BigInt(number), hash, parentHash, timestamp: BigInt(timestamp) };
}
