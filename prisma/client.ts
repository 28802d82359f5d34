import { createHash } from 'node:crypto';
import { PrismaPg } from '@prisma/adapter-pg';
import { PrismaClient } from './generated/client.ts';

export type Database = PrismaClient;

/** Statements that one connection keeps. */
const MOST_PREPARED = 500;

/**
 * Opens a Prisma client over a pool of connections; `$disconnect()` closes it. Rows of the ingest path do not come this
 * way (see `indexer/store/`): an upsert through Prisma is a hundred times slower than `INSERT … SELECT unnest`.
 *
 * @param url `postgresql://user:password@host:port/database`
 * @param connections most connections of the pool
 * @param prepared statements are parsed and planned once a connection: for servers, which ask the same again and again
 */
export function openDatabase(url: string, connections = 10, { prepared = false } = {}): Database {
  const options = prepared ? { statementNameGenerator: namesOfStatements() } : {};
  return new PrismaClient({ adapter: new PrismaPg({ connectionString: url, max: connections }, options) });
}

/** A name for each text, as long as there are not too many: lists of any length make a text for each length. */
function namesOfStatements(): (query: { sql: string }) => string {
  const names = new Map<string, string>();
  return ({ sql }) => {
    const known = names.get(sql);
    if (known !== undefined) return known;
    if (names.size >= MOST_PREPARED) return '';
    const name = createHash('sha1').update(sql).digest('hex');
    names.set(sql, name);
    return name;
  };
}
