import type { ClientBase, Pool } from 'pg';
import { PAGE_MATCHES } from '../domain/parameters.ts';
import type { SlotHeader } from '../domain/types.ts';
import type { SkippedMatch, SlotPlan } from './commit/slot-calls.ts';

/**
 * Tables `slot_run`, `slot_page`, `slot_match` and `order_outcome`, which the scheduler alone writes. Every change of a run names
 * the attempt that it belongs to: of two processes that come to the same end, one writes it.
 */
export type SlotState = 'published' | 'retrying' | 'committed' | 'abandoned';

export interface SlotRun {
  state: SlotState;
  attempt: number;
  matched: number;
  unmatched: number;
  /** Null when nothing was published. */
  header: SlotHeader | null;
  confirmed: boolean;
  error: string | null;
}

interface StoredHeader extends Omit<SlotHeader, 'slot' | 'closeBlock' | 'gammaWad'> {
  slot: string;
  closeBlock: string;
  gammaWad: string;
}

export async function readSlotRun(client: ClientBase | Pool, slot: bigint): Promise<SlotRun | null> {
  const { rows } = await client.query<Omit<SlotRun, 'header'> & { header: StoredHeader | null }>(
    'SELECT state, attempt, matched, unmatched, header, confirmed, error FROM slot_run WHERE slot = $1',
    [slot],
  );
  const row = rows[0];
  return row === undefined ? null : { ...row, header: row.header === null ? null : revived(row.header) };
}

const revived = (header: StoredHeader): SlotHeader => ({
  ...header,
  slot: BigInt(header.slot),
  closeBlock: BigInt(header.closeBlock),
  gammaWad: BigInt(header.gammaWad),
});

/** The slot's inputs as they were published; null when nothing was. */
export async function readManifest(client: ClientBase | Pool, slot: bigint): Promise<Uint8Array | null> {
  const { rows } = await client.query<{ manifest: Buffer }>('SELECT manifest FROM slot_run WHERE slot = $1', [
    slot,
  ]);
  const bytes = rows[0]?.manifest;
  return bytes === undefined || bytes.length === 0 ? null : bytes;
}

/** @throws Error when nothing is published, or its pages are gone */
export async function readPlan(pool: Pool, slot: bigint, { header }: SlotRun): Promise<SlotPlan> {
  const { rows } = await pool.query<{ data: Buffer }>(
    'SELECT data FROM slot_page WHERE slot = $1 ORDER BY page',
    [slot],
  );
  if (header === null || rows.length !== header.pageCount)
    throw new Error(`slot ${slot} has ${rows.length} pages in the database, not ${header?.pageCount}`);
  return { header, pages: rows.map((row) => row.data) };
}

/** A slot that is not at its end. */
export interface UnfinishedSlot {
  slot: bigint;
  /** Null when nothing ran it yet. */
  state: SlotState | null;
}

/**
 * The first slot before `slot` that is still open: a run that is not on the chain yet, or an order's first slot that no run has taken.
 * @param window slots before `slot` whose deadline may not be over
 */
export async function openBefore(
  client: ClientBase | Pool,
  slot: bigint,
  window: bigint,
): Promise<UnfinishedSlot | null> {
  const { rows } = await client.query<{ slot: string; state: SlotState | null }>(
    `SELECT slot, state FROM slot_run WHERE state IN ('published', 'retrying') AND slot >= $1 AND slot < $2
     UNION SELECT DISTINCT o.slot, NULL FROM "order" o LEFT JOIN slot_run r ON r.slot = o.slot
       WHERE r.slot IS NULL AND o.slot >= $1 AND o.slot < $2
     ORDER BY slot LIMIT 1`,
    [slot - window, slot],
  );
  const row = rows[0];
  return row === undefined ? null : { ...row, slot: BigInt(row.slot) };
}

/** Slots before `slot`, within `window`, that are on the chain. */
export async function committedBefore(client: ClientBase, slot: bigint, window: bigint): Promise<bigint[]> {
  const { rows } = await client.query<{ slot: string }>(
    `SELECT slot FROM slot_run WHERE state = 'committed' AND slot >= $1 AND slot < $2`,
    [slot - window, slot],
  );
  return rows.map((row) => BigInt(row.slot));
}

/** Committed slots before `slot`, within `window`, that a reorganisation may still take out. */
export async function unconfirmedBefore(
  pool: Pool,
  slot: bigint,
  window: bigint,
): Promise<{ attempt: number; header: SlotHeader }[]> {
  const { rows } = await pool.query<{ attempt: number; header: StoredHeader }>(
    `SELECT attempt, header FROM slot_run
     WHERE state = 'committed' AND NOT confirmed AND slot >= $1 AND slot < $2 ORDER BY slot`,
    [slot - window, slot],
  );
  return rows.map(({ attempt, header }) => ({ attempt, header: revived(header) }));
}

/** Slots before `slot`, within `window`, that were given up and stand on the chain all the same: a reorganisation let them in. */
export async function revivedBefore(
  client: ClientBase,
  slot: bigint,
  window: bigint,
): Promise<{ slot: bigint; attempt: number }[]> {
  const { rows } = await client.query<{ slot: string; attempt: number }>(
    `SELECT r.slot, r.attempt FROM slot_run r JOIN slot s ON s.slot = r.slot AND s."pagesCommitted" = s."pageCount"
     WHERE r.state = 'abandoned' AND r.slot >= $1 AND r.slot < $2`,
    [slot - window, slot],
  );
  return rows.map((row) => ({ slot: BigInt(row.slot), attempt: row.attempt }));
}

/** Whether a later slot has a run: the chain takes slots in ascending order alone. */
export async function isPassed(client: ClientBase, slot: bigint): Promise<boolean> {
  const { rowCount } = await client.query(
    'SELECT 1 FROM slot_run WHERE slot > $1 AND header IS NOT NULL LIMIT 1',
    [slot],
  );
  return rowCount === 1;
}

/** Whether an earlier slot was given up or cleared anew after this one had been cleared on its result. */
export async function isStale(pool: Pool, slot: bigint, window: bigint): Promise<boolean> {
  const { rowCount } = await pool.query(
    `SELECT 1 FROM slot_run e JOIN slot_run r ON r.slot = $2 AND e."updatedAt" >= r."updatedAt"
     WHERE e.slot >= $1 AND e.slot < $2 LIMIT 1`,
    [slot - window, slot],
  );
  return rowCount === 1;
}

/** @returns false when the attempt is over already */
export async function markCommitted(
  pool: Pool,
  slot: bigint,
  attempt: number,
  skipped: readonly SkippedMatch[],
  note: string | null,
): Promise<boolean> {
  const words = skipped.map((match) => `${match.orderId} skipped: ${match.reason}`);
  if (note !== null) words.push(note);
  const { rowCount } = await pool.query(
    `WITH run AS (
       UPDATE slot_run SET state = 'committed', error = $5 WHERE slot = $1 AND attempt = $2 AND state = 'published' RETURNING slot),
     skipped AS (
       UPDATE order_outcome o SET code = 'SKIPPED', detail = o.detail || jsonb_build_object('reason', t.reason)
       FROM unnest($3::text[], $4::text[]) AS t(id, reason), run WHERE o."orderId" = t.id AND o.slot = run.slot)
     SELECT slot FROM run`,
    [
      slot,
      attempt,
      skipped.map((match) => match.orderId),
      skipped.map((match) => match.reason),
      words.length > 0 ? words.join('; ') : null,
    ],
  );
  return rowCount === 1;
}

/** It stands deep enough; its pages are on the chain for good. */
export async function markConfirmed(pool: Pool, slot: bigint, attempt: number): Promise<void> {
  await pool.query(
    `WITH run AS (
       UPDATE slot_run SET confirmed = true WHERE slot = $1 AND attempt = $2 AND state = 'committed' RETURNING slot)
     DELETE FROM slot_page p USING run WHERE p.slot = run.slot`,
    [slot, attempt],
  );
}

/** The chain no longer has it: its stored transactions are to be seen through again. */
export async function markLost(pool: Pool, slot: bigint, attempt: number): Promise<void> {
  await pool.query(
    `UPDATE slot_run SET state = 'published', error = 'a reorganisation took it out' WHERE slot = $1 AND attempt = $2 AND state = 'committed'`,
    [slot, attempt],
  );
}

/** The slot is cleared anew, from the start: nothing of this attempt stays but its transactions. */
export async function markRetrying(
  client: ClientBase | Pool,
  slot: bigint,
  attempt: number,
  why: string,
): Promise<void> {
  await client.query(
    `WITH run AS (
       UPDATE slot_run SET state = 'retrying', attempt = attempt + 1, matched = 0, unmatched = 0, manifest = '', header = NULL,
         confirmed = false, error = $3, "updatedAt" = now()
       WHERE slot = $1 AND attempt = $2 AND state IN ('published', 'abandoned') RETURNING slot),
     pages AS (DELETE FROM slot_page p USING run WHERE p.slot = run.slot),
     matches AS (DELETE FROM slot_match m USING run WHERE m.slot = run.slot)
     DELETE FROM order_outcome o USING run WHERE o.slot = run.slot`,
    [slot, attempt, why],
  );
}

/**
 * Gives the slot up: what it matched returns to the book, but for the pages that stand. A slot that never ran gets a row that says so.
 * @param pages how many of its pages the chain has
 */
export async function markAbandoned(
  pool: Pool,
  slot: bigint,
  attempt: number,
  why: string,
  pages = 0,
): Promise<void> {
  await pool.query(
    `WITH run AS (
       INSERT INTO slot_run (slot, state, matched, unmatched, manifest, error, "updatedAt")
       VALUES ($1, 'abandoned', 0, 0, '', $3, now())
       ON CONFLICT (slot) DO UPDATE SET state = 'abandoned', matched = least(slot_run.matched, $4), error = $3, "updatedAt" = now()
         WHERE slot_run.attempt = $2 AND slot_run.state IN ('published', 'retrying')
       RETURNING slot),
     gone AS (DELETE FROM slot_match m USING run WHERE m.slot = run.slot AND m.index >= $4 RETURNING m."orderId")
     UPDATE order_outcome o SET code = 'SLOT_ABANDONED' FROM gone
     WHERE o.slot = $1 AND o."orderId" = gone."orderId" AND o.code = 'matched'`,
    [slot, attempt, why, pages * PAGE_MATCHES],
  );
}

/**
 * Slots that are not at their end, ascending: runs that are open or not confirmed, and orders' first slots that no run has taken.
 * @param late the newest slot that is past its deadline
 */
export async function unfinishedRuns(pool: Pool, late: bigint): Promise<UnfinishedSlot[]> {
  const { rows } = await pool.query<{ slot: string; state: SlotState | null }>(
    `SELECT slot, state FROM slot_run WHERE state IN ('published', 'retrying') OR (state = 'committed' AND NOT confirmed)
     UNION SELECT DISTINCT o.slot, NULL FROM "order" o LEFT JOIN slot_run r ON r.slot = o.slot WHERE r.slot IS NULL AND o.slot < $1
     ORDER BY slot`,
    [late],
  );
  return rows.map((row) => ({ slot: BigInt(row.slot), state: row.state }));
}
