import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

export type Database = PrismaClient;

/**
 * Opens a Prisma client over a pool of connections; `$disconnect()` closes it. Rows of the ingest path do not come this
 * way (see `indexer/store/`): an upsert through Prisma is a hundred times slower than `INSERT … SELECT unnest`.
 *
 * @param url `postgresql://user:password@host:port/database`
 * @param connections most connections of the pool
 */
export function openDatabase(url: string, connections = 10): Database {
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: connections }) });
}
