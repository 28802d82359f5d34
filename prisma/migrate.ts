import { NO_FILTERS, migrationList, schemaText, withSchemaEngine } from './schema-engine.ts';

/**
 * Applies the migrations that the database lacks, and keeps count of them in `_prisma_migrations`.
 *
 * @returns names of the migrations applied now; none when the database is up to date
 */
export async function migrate(url: string): Promise<string[]> {
  const migrationsList = await migrationList();
  return withSchemaEngine(url, async (engine) => {
    const { appliedMigrationNames } = await engine.applyMigrations({ migrationsList, filters: NO_FILTERS });
    return appliedMigrationNames;
  });
}

/**
 * The SQL that leads from the migrations to `schema.prisma`; '' when they say the same. The engine replays the
 * migrations in a shadow database, so the account of `url` must be allowed to create one.
 */
export async function pendingSql(url: string): Promise<string> {
  const migrationsList = await migrationList();
  const files = [{ path: 'schema.prisma', content: await schemaText() }];
  return withSchemaEngine(url, async (engine) => {
    const { stdout, exitCode } = await engine.diff({
      from: { tag: 'migrations', ...migrationsList },
      to: { tag: 'schemaDatamodel', files },
      script: true,
      exitCode: true,
      filters: NO_FILTERS,
    });
    return exitCode === 0 ? '' : (stdout ?? '');
  });
}
