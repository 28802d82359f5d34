/**
 * Writes `prisma/migrations/<time>_NAME/migration.sql`: the SQL from the migrations so far to `schema.prisma`.
 *
 *   node prisma/make-migration.ts NAME
 */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPostgres } from './embedded.ts';
import { pendingSql } from './migrate.ts';

const name = process.argv[2] ?? '';
if (!/^[a-z0-9_]+$/.test(name)) {
  console.error(
    'Name the migration with lower-case letters, digits and _: node prisma/make-migration.ts add_lease_tag',
  );
  process.exit(2);
}

const dir = await mkdtemp(join(tmpdir(), 'cardhour-migration-'));
try {
  const server = await startPostgres({ dir, durable: false });
  const sql = await pendingSql(server.url);
  await server.stop();
  if (sql === '') {
    console.log('The migrations already say what schema.prisma says.');
  } else {
    const time = new Date()
      .toISOString()
      .replace(/[^0-9]/g, '')
      .slice(0, 14);
    const folder = new URL(`./migrations/${time}_${name}/`, import.meta.url);
    await mkdir(folder, { recursive: true });
    await writeFile(new URL('migration.sql', folder), sql);
    console.log(`Wrote prisma/migrations/${time}_${name}/migration.sql`);
  }
} finally {
  await rm(dir, { recursive: true, force: true });
}
