import { afterEach, expect, test } from 'vitest';
import { openDatabase } from '../../prisma/client.ts';
import { migrate, pendingSql } from '../../prisma/migrate.ts';
import { emptyDatabase, testDatabase } from '../support/postgres.ts';
import type { TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
afterEach(() => database.drop());

test('the migrations say what schema.prisma says', async () => {
  database = await emptyDatabase();
  expect(await pendingSql(database.url)).toBe('');
});

test('migrating applies every migration once', async () => {
  database = await emptyDatabase();
  expect((await migrate(database.url)).at(0)).toMatch(/_init$/);
  expect(await migrate(database.url)).toEqual([]);
});

test('comparing migrations with the schema leaves the database as it was', async () => {
  database = await testDatabase();
  const db = openDatabase(database.url);
  try {
    await db.refusal.create({ data: { kind: 'order', code: 'MALFORMED', count: 3n } });
    expect(await pendingSql(database.url)).toBe('');
    expect(await db.refusal.count()).toBe(1);
  } finally {
    await db.$disconnect();
  }
});
