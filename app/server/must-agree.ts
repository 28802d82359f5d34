/** Reads of a table are refused while its rows are known to differ from the chain (`read_stop`, written by the indexer; docs/operations.md). */
import { Refusal } from '../../domain/refusal.ts';
import type { Database } from '../../prisma/client.ts';

/** Tables that the indexer compares with the contracts. */
export type CheckedTable = 'account' | 'provider' | 'node' | 'page' | 'lease' | 'slot' | 'quote';

interface Known {
  until: number;
  stops: Promise<{ table: string; sentence: string }[]>;
}

const REPEAT_MS = 1_000;
const known = new WeakMap<Database, Known>();

/** @throws Refusal INDEX_DIFFERS (503) when one of the tables is stopped */
export async function mustAgree(db: Database, ...tables: CheckedTable[]): Promise<void> {
  const now = Date.now();
  let at = known.get(db);
  if (at === undefined || at.until < now) {
    const stops = db.readStop.findMany({ select: { table: true, sentence: true } });
    at = { until: now + REPEAT_MS, stops };
    known.set(db, at);
    at.stops.catch(() => known.delete(db));
  }
  const stop = (await at.stops).find(({ table }) => (tables as string[]).includes(table));
  if (stop === undefined) return;
  throw new Refusal(
    'INDEX_DIFFERS',
    `What the market's database says of this is not what the chain says. ${stop.sentence}`,
    'Ask the chain itself, or come back when the operator has made the rows anew.',
  );
}
