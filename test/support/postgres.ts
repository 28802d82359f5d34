import { randomUUID } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { createDatabase } from '../../prisma/embedded.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Server of this run; see `global.ts`. */
    postgresUrl: string;
  }
}

export const TEMPLATE = 'cardhour_template';

export interface TestDatabase {
  url: string;
  drop(): Promise<void>;
}

/** A migrated database of its own, on the server of this run. */
export async function testDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(server, name, TEMPLATE);
  return { url, drop: () => query(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

/** An empty database without our tables. */
export async function emptyDatabase(): Promise<TestDatabase> {
  const server = inject('postgresUrl');
  const name = `test_${randomUUID().replaceAll('-', '')}`;
  const url = await createDatabase(server, name);
  return { url, drop: () => query(server, `DROP DATABASE ${name} WITH (FORCE)`) };
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
