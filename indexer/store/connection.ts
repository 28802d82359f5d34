import pg from 'pg';
import type { ClientBase } from 'pg';
import { Refusal } from '../../domain/refusal.ts';

/** What PostgreSQL calls it when a table is not there. */
const UNDEFINED_TABLE = '42P01';

/** The one connection of a writer, made anew whenever it broke. */
export interface Connection {
  /** @throws Refusal NOT_READY while the database is away, or lacks the tables */
  use<T>(work: (client: ClientBase) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}

export function openConnection(databaseUrl: string): Connection {
  const pool = new pg.Pool({ connectionString: databaseUrl, max: 1, idleTimeoutMillis: 0 });
  // A connection that breaks while idle says so here; the next query opens another.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => {
    // A crash of the server may lose the last batches, never part of one; the chain still has them.
    void client.query('SET synchronous_commit = off').catch(() => undefined);
  });
  return { use: (work) => withClient(pool, work), close: () => pool.end() };
}

async function withClient<T>(pool: pg.Pool, work: (client: ClientBase) => Promise<T>): Promise<T> {
  let client: pg.PoolClient;
  try {
    client = await pool.connect();
  } catch (error) {
    throw unreachable(error);
  }
  // It may break in the middle of the work, which hears of it by its query.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  try {
    const result = await work(client);
    client.off('error', ignore);
    client.release();
    return result;
  } catch (error) {
    // What state a failed connection is in is unknown: the next query gets a fresh one.
    client.release(true);
    if (codeOf(error) === UNDEFINED_TABLE) throw unmigrated();
    throw isConnectionError(error) ? unreachable(error) : error;
  }
}

/** Also out of memory or disk, too many connections, a lock that another holds too long, a statement that was cancelled. */
function isConnectionError(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  return (
    /^(08|53|55P03|57)/.test(codeOf(error)) ||
    /ECONN|EPIPE|Connection terminated|not queryable|Connection ended/.test(error.message)
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
