import pg from 'pg';

export type Tables = Record<string, unknown[]>;

/** The tables that the indexer makes of the chain alone. */
export const TABLE_NAMES = [
  'block',
  'chain_event',
  'account',
  'provider',
  'node',
  'identifier',
  'lease',
  'page',
  'slot',
  'quote',
  'renewal',
  'fill',
  'used_nonce',
  'chain',
];

/** All that the indexer wrote, in an order that does not depend on how it did. */
export async function readTables(url: string): Promise<Tables> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const tables: Tables = {};
    for (const table of TABLE_NAMES) {
      const { rows } = await client.query<{ row: unknown }>(
        `SELECT to_jsonb(t) AS row FROM "${table}" t ORDER BY to_jsonb(t)::text`,
      );
      tables[table] = rows.map(({ row }) => row);
    }
    return tables;
  } finally {
    await client.end();
  }
}
