import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { byteaArray, int4Array, textArray } from '../../scheduler/pg-arrays.ts';
import { testDatabase, type TestDatabase } from '../support/postgres.ts';

let database: TestDatabase;
let client: pg.Client;
beforeAll(async () => {
  database = await testDatabase();
  client = new pg.Client({ connectionString: database.url });
  await client.connect();
});
afterAll(async () => {
  await client.end();
  await database.drop();
});

/** What PostgreSQL read, spelt by itself. */
async function readBack(type: string, values: Buffer): Promise<unknown> {
  const { rows } = await client.query<{ values: unknown }>(
    `SELECT coalesce(array_agg(value ORDER BY place), '{}') AS values FROM unnest($1::${type}[]) WITH ORDINALITY AS t(value, place)`,
    [values],
  );
  return rows[0]!.values;
}

describe('arrays in the binary protocol', () => {
  it('textArray_isReadAsItWasWritten', async () => {
    // PostgreSQL's text has no zero byte, and no half of a surrogate pair.
    const text = fc.string({ unit: 'grapheme' }).filter((value) => !value.includes('\0'));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.option(text)), async (values) => {
        expect(await readBack('text', textArray(values))).toEqual(values);
      }),
    );
  });

  it('int4Array_isReadAsItWasWritten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer()), async (values) => {
        expect(await readBack('int4', int4Array(values))).toEqual(values);
      }),
    );
  });

  it('byteaArray_isReadAsItWasWritten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array()), async (values) => {
        const read = (await readBack('bytea', byteaArray(values))) as Buffer[];
        expect(read.map((bytes) => Uint8Array.from(bytes))).toEqual(values);
      }),
    );
  });
});
