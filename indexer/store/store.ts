import type { Header } from '../chain/header.ts';
import type { EventSource } from '../fold/history.ts';
import { openConnection, type Connection } from './connection.ts';
import { readEvents } from './events.ts';
import { headerOf, LAST_BLOCK, writeBatch, type Batch, type BlockRow } from './write.ts';

/** Which chain and deployment a database mirrors. */
export interface Mirrored {
  chainId: number;
  genesisHash: string;
  auction: string;
}

export interface IndexState {
  /** Code that made the state rows; null in a database that is older than this word. */
  fold: string | null;
  /** Number of the last final block. */
  sealed: bigint;
}

export interface Store {
  identity(): Promise<Mirrored | null>;
  claim(mirrored: Mirrored): Promise<void>;
  state(): Promise<IndexState>;
  /** The last block indexed. */
  cursor(): Promise<Header | null>;
  /** Blocks indexed with numbers of at most `below`, highest first. */
  blocks(below: bigint, count: number): Promise<Header[]>;
  /** Events of blocks after `after` and up to `upTo`, in chain order. What is handed over must not use the store meanwhile. */
  events(after: bigint, upTo: bigint): EventSource;
  write(batch: Batch): Promise<void>;
  close(): Promise<void>;
}

/**
 * The indexer's tables over one connection.
 *
 * @throws Refusal NOT_READY from every method while the database is away
 */
export async function openStore(databaseUrl: string): Promise<Store> {
  const connection = openConnection(databaseUrl);
  const store = storeOver(connection);
  try {
    await store.cursor();
    return store;
  } catch (error) {
    await connection.close();
    throw error;
  }
}

function storeOver(connection: Connection): Store {
  return {
    identity: () =>
      connection.use(async (client) => {
        const { rows } = await client.query<Mirrored>('SELECT "chainId", "genesisHash", auction FROM chain');
        return rows[0] ?? null;
      }),
    claim: ({ chainId, genesisHash, auction }) =>
      connection.use(async (client) => {
        await client.query(
          'INSERT INTO chain (id, "chainId", "genesisHash", auction) VALUES (1, $1, $2, $3) ON CONFLICT DO NOTHING',
          [chainId, genesisHash, auction],
        );
      }),
    state: () =>
      connection.use(async (client) => {
        await client.query(
          `INSERT INTO index_state (id, fold, sealed) VALUES (1, '', -1) ON CONFLICT DO NOTHING`,
        );
        const { rows } = await client.query<{ fold: string; sealed: string }>(
          'SELECT fold, sealed FROM index_state',
        );
        const { fold = '', sealed = '-1' } = rows[0] ?? {};
        return { fold: fold === '' ? null : fold, sealed: BigInt(sealed) };
      }),
    cursor: () =>
      connection.use(async (client) => headerOf((await client.query<BlockRow>(LAST_BLOCK)).rows[0])),
    blocks: (below, count) =>
      connection.use(async (client) => {
        const { rows } = await client.query<BlockRow>(
          'SELECT * FROM block WHERE number <= $1 ORDER BY number DESC LIMIT $2',
          [below, count],
        );
        return rows.map((row) => headerOf(row));
      }),
    events: (after, upTo) => (take) => readEvents(connection, after, upTo, take),
    write: (batch) => connection.use((client) => writeBatch(client, batch)),
    close: () => connection.close(),
  };
}
