import { afterEach, expect, test } from 'vitest';
import { leasesOf } from '../../app/server/reads/leases.ts';
import { slotsOf } from '../../app/server/reads/slots.ts';
import { statsOf } from '../../app/server/reads/stats.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

const STOP = { table: 'slot', sentence: 'Slot 7 differs.', blockNumber: 1n, blockHash: '0x' };
let database: TestDatabase;
let db: Database;
afterEach(async () => {
  await db.$disconnect();
  await database.drop();
});

test('reads of a table that differs from the chain are refused with 503 and the sentence, all others answer', async () => {
  database = await testDatabase();
  db = openDatabase(database.url);
  await db.readStop.create({ data: STOP });
  const refusal = {
    code: 'INDEX_DIFFERS',
    http: 503,
    sentence: expect.stringContaining('Slot 7 differs.') as string,
  };
  await expect(slotsOf(db)).rejects.toMatchObject(refusal);
  await expect(statsOf(db, 1_000n, 10)).rejects.toMatchObject(refusal);
  expect(await leasesOf(db, {})).toEqual([]);
});

test('without a stop all reads answer', async () => {
  database = await testDatabase();
  db = openDatabase(database.url);
  expect(await slotsOf(db)).toEqual([]);
});
