import pg from 'pg';
import type { ClientBase } from 'pg';
import { reviveEvent, storedArgs } from '../../contracts/events.ts';
import type { ContractEvent, StoredEvent } from '../../contracts/events.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';
import type { Header } from '../chain/reader.ts';
import type { LedgerEvent } from '../fold/ledger.ts';
import type { Changes, Row } from '../fold/rows.ts';
import { announce } from './announce.ts';
import { BLOCK, CHAIN_EVENT, TABLES, insert, remove, upsert } from './tables.ts';
import type { Statement } from './tables.ts';

export interface ChainIdentity {
  chainId: number;
  genesisHash: string;
  auction: string;
}

export type StoredChainEvent = LedgerEvent & ContractEvent;

/** What one transaction writes. */
interface Batch {
  /** The block the tables must stand at, or nothing is written; null: no block yet. */
  after: Header | null;
  /** Number of the last block that stays; later ones are taken back. Absent: nothing is. */
  keepUpTo?: bigint;
  headers: Header[];
  events: StoredChainEvent[];
  changes: Changes;
}

/** Another writer moved the tables meanwhile; what they say now must be read anew. */
export class TablesMoved extends Error {}

export interface Store {
  identity(): Promise<ChainIdentity | null>;
  claim(identity: ChainIdentity): Promise<void>;
  /** The last block indexed. */
  cursor(): Promise<Header | null>;
  /** Blocks indexed with numbers of at most `below`, highest first. */
  blocks(below: bigint, count: number): Promise<Header[]>;
  events(after?: bigint, upTo?: bigint): AsyncIterable<LedgerEvent>;
  /** Nodes and the blocks of their rows, when a table made after them has no row yet; else none. */
  unidentified(): Promise<{ id: Hex; number: bigint; hash: Hex }[]>;
  write(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

/** Any number; the indexers of one database share it. */
const WRITER_LOCK = 7_201_337;
const EVENTS_PER_READ = 20_000;
/** What PostgreSQL calls it when a table is not there. */
const UNDEFINED_TABLE = '42P01';

/**
 * The indexer's tables over one connection.
 *
 * @throws Refusal NOT_READY from every method while the database is away
 */
export async function openStore(databaseUrl: string): Promise<Store> {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, idleTimeoutMillis: 0 });
  // A connection that breaks while idle says so here; the next query opens another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    // A crash of the server may lose the last batches, never part of one; the chain still has them.
    void client.query('SET synchronous_commit = off').catch(() => undefined);
  });

  const store: Store = {
    identity: () =>
      withClient(pool, async (client) => {
        const { rows } = await client.query<ChainIdentity>(
          'SELECT "chainId", "genesisHash", auction FROM chain',
        );
        return rows[0] ?? null;
      }),
    claim: ({ chainId, genesisHash, auction }) =>
      withClient(pool, async (client) => {
        await client.query(
          'INSERT INTO chain (id, "chainId", "genesisHash", auction) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING',
          [chainId, genesisHash, auction],
        );
      }),
    cursor: () => withClient(pool, lastBlock),
    blocks: (below, count) =>
      withClient(pool, async (client) => {
        const { rows } = await client.query<BlockRow>(
          'SELECT * FROM block WHERE number <= $1 ORDER BY number DESC LIMIT $2',
          [below, count],
        );
        return rows.map(headerOf);
      }),
    events: (after, upTo) => readEvents(pool, after, upTo),
    unidentified: () =>
      withClient(pool, async (client) => {
        const { rows } = await client.query<{ id: Hex; number: string; hash: Hex }>(
          `SELECT id, "blockNumber" AS number, "blockHash" AS hash FROM node WHERE NOT EXISTS (SELECT FROM identifier)`,
        );
        return rows.map((row) => ({ ...row, number: BigInt(row.number) }));
      }),
    write: (batch) => withClient(pool, (client) => writeBatch(client, batch)),
    close: () => pool.end(),
  };
  try {
    await store.cursor();
    return store;
  } catch (error) {
    await pool.end();
    throw error;
  }
}

async function writeBatch(client: ClientBase, batch: Batch): Promise<void> {
  await client.query('BEGIN');
  try {
    await client.query({ name: 'lock', text: 'SELECT pg_advisory_xact_lock($1)', values: [WRITER_LOCK] });
    const at = await lastBlock(client);
    if (at?.hash !== batch.after?.hash)
      throw new TablesMoved(`the tables stand at block ${at?.number ?? 'none'}`);
    for (const statement of statementsOf(batch)) await client.query(statement);
    await client.query('COMMIT');
  } catch (error) {
    await client.query('ROLLBACK');
    throw error;
  }
}

function statementsOf({ keepUpTo, headers, events, changes }: Batch): Statement[] {
  const takenBack =
    keepUpTo === undefined
      ? []
      : [cut('block', 'number', keepUpTo), cut('chain_event', 'blockNumber', keepUpTo)];
  const deletes = TABLES.toReversed().flatMap((table) => {
    const keys = changes[table.name].deletes;
    return keys.length === 0 ? [] : [remove(table, keys)];
  });
  const upserts = TABLES.flatMap((table) => {
    const rows = changes[table.name].upserts;
    return rows.length === 0 ? [] : [upsert(table, rows)];
  });
  return [
    ...takenBack,
    ...(headers.length === 0
      ? []
      : [
          insert(
            BLOCK,
            headers.map((header) => ({ ...header })),
          ),
        ]),
    ...(events.length === 0 ? [] : [insert(CHAIN_EVENT, events.map(eventRow))]),
    ...deletes,
    ...upserts,
    announce(changes, headers.at(-1), keepUpTo !== undefined),
  ];
}

function cut(table: string, column: string, keepUpTo: bigint): Statement {
  const text = `DELETE FROM "${table}" WHERE "${column}" > $1`;
  return { name: `cut ${table}`, text, values: [keepUpTo] as unknown as unknown[][] };
}

function eventRow(event: StoredChainEvent): Row {
  const { blockNumber, blockHash, logIndex, txHash, contract, name } = event;
  return {
    blockNumber,
    blockHash,
    logIndex,
    txHash,
    contract,
    name,
    args: JSON.stringify(storedArgs(event.args)),
  };
}

interface BlockRow {
  number: string;
  hash: Hex;
  parentHash: Hex;
  timestamp: string;
}

function headerOf({ number, hash, parentHash, timestamp }: BlockRow): Header {
  return { number: BigInt(number), hash, parentHash, timestamp: BigInt(timestamp) };
}

async function lastBlock(client: ClientBase): Promise<Header | null> {
  const { rows } = await client.query<BlockRow>({
    name: 'last block',
    text: 'SELECT number, hash, "parentHash", timestamp FROM block ORDER BY number DESC LIMIT 1',
  });
  return rows[0] === undefined ? null : headerOf(rows[0]);
}

type EventRow = StoredEvent & { blockNumber: string; blockHash: Hex; txHash: Hex };

/** Events in chain order, in reads of bounded size. */
async function* readEvents(pool: pg.Pool, after = -1n, upTo = 2n ** 63n - 1n): AsyncGenerator<LedgerEvent> {
  let from: [string, number] = [String(after), 2 ** 31 - 1];
  for (;;) {
    const { rows } = await withClient(pool, (client) =>
      client.query<EventRow>(
        `SELECT "blockNumber", "logIndex", "blockHash", "txHash", name, args FROM chain_event
         WHERE ("blockNumber", "logIndex") > ($1, $2) AND "blockNumber" <= $3
         ORDER BY "blockNumber", "logIndex" LIMIT ${EVENTS_PER_READ}`,
        [...from, upTo],
      ),
    );
    for (const row of rows) yield { ...reviveEvent(row), blockHash: row.blockHash, txHash: row.txHash };
    const last = rows.at(-1);
    if (last === undefined || rows.length < EVENTS_PER_READ) return;
    from = [last.blockNumber, last.logIndex];
  }
}

async function withClient<T>(pool: pg.Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw unreachable(error);
  }
  try {
    const result = await work(client);
    client.release();
    return result;
  } catch (error) {
    // What state a failed connection is in is unknown: the next query gets a fresh one.
    client.release(true);
    if (codeOf(error) === UNDEFINED_TABLE) throw unmigrated();
    throw isConnectionError(error) ? unreachable(error) : error;
  }
}

function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /^(08|57P)/.test(codeOf(error)) || /ECONN|EPIPE|Connection terminated|not queryable/.test(error.message)
  );
}

function codeOf(error: unknown): string {
  return (error as { code?: string }).code ?? '';
}

function unmigrated(): Refusal {
  return new Refusal(
    'NOT_READY',
    'The database lacks the tables of the market.',
    'Apply the migrations (npm start does), or set DATABASE_URL to a database that has them.',
  );
}

function unreachable(error: unknown): Refusal {
  const reason = error instanceof Error ? error.message || codeOf(error) : String(error);
  const refusal = new Refusal(
    'NOT_READY',
    `The database does not answer: ${reason}.`,
    'Start it, or set DATABASE_URL to one that runs.',
  );
  refusal.cause = error;
  return refusal;
}
