import { readdir, readFile } from 'node:fs/promises';
import pg from 'pg';
import { expect, test } from 'vitest';
import { readShortlist, writeShortlist } from '../../prisma/shortlist-bytes.ts';
import { emptyDatabase } from '../support/postgres.ts';

const MIGRATIONS = new URL('../../prisma/migrations/', import.meta.url);

const ROWS = [
  { place: 0, distance: 0, entropyGap: 469_000 },
  { place: 2 ** 32 - 1, distance: 100_000_000, entropyGap: 1 },
];

test('a shortlist is read as it was written', () => {
  expect(readShortlist(writeShortlist(ROWS))).toEqual(ROWS);
  expect(readShortlist(writeShortlist([]))).toEqual([]);
});

test('shortlists that were stored as JSON are packed when the database is brought up to date', async () => {
  const database = await emptyDatabase();
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  try {
    for (const name of (await readdir(MIGRATIONS)).sort()) {
      if (name.endsWith('_packed_shortlists')) {
        for (const [index, shortlist] of ['[[7,100000000,469000,12],[0,1,2,0]]', '[]'].entries())
          await client.query(
            `INSERT INTO slot_match (slot, index, "orderId", "askId", step, price, shortlist) VALUES (1, $1, 'o', 'a', 0, 0, $2)`,
            [index, shortlist],
          );
      }
      await client.query(await readFile(new URL(`${name}/migration.sql`, MIGRATIONS), 'utf8'));
    }
    const { rows } = await client.query<{ shortlist: Buffer }>(
      'SELECT shortlist FROM slot_match ORDER BY index',
    );
    expect(rows.map((row) => readShortlist(row.shortlist))).toEqual([
      [
        { place: 7, distance: 100_000_000, entropyGap: 469_000 },
        { place: 0, distance: 1, entropyGap: 2 },
      ],
      [],
    ]);
  } finally {
    await client.end();
    await database.drop();
  }
});
