import type { ClientBase, Pool } from 'pg';
import { ORDER_CODE } from '../domain/eligibility.ts';
import type { ClearedSlot, SlotMatch } from '../domain/slot.ts';
import type { Hex } from '../domain/types.ts';

/** Tables `slot_run`, `slot_match` and `order_outcome`, which the scheduler alone writes. */
export type SlotState = 'published' | 'committed' | 'abandoned';

export interface SlotRun {
  state: SlotState;
  matched: number;
  unmatched: number;
  manifest: Uint8Array;
  error: string | null;
}

/** The word for an ineligible order's code. */
const wordOf = (code: number): string =>
  Object.entries(ORDER_CODE).find(([, value]) => value === code)?.[0] ?? `CODE_${code}`;

export async function readSlotRun(client: ClientBase | Pool, slot: bigint): Promise<SlotRun | null> {
  const { rows } = await client.query<SlotRun>(
    'SELECT state, matched, unmatched, manifest, error FROM slot_run WHERE slot = $1',
    [slot],
  );
  return rows[0] ?? null;
}

/**
 * Earlier slots that are still open, ascending: a run that is not on the chain yet, or an order's first slot that no run has taken.
 * @param window slots before `slot` whose deadline may not be over
 */
export async function openBefore(client: ClientBase, slot: bigint, window: bigint): Promise<bigint[]> {
  const { rows } = await client.query<{ slot: string }>(
    `SELECT slot FROM slot_run WHERE state = 'published' AND slot >= $1 AND slot < $2
     UNION SELECT DISTINCT o.slot FROM "order" o LEFT JOIN slot_run r ON r.slot = o.slot
       WHERE r.slot IS NULL AND o.slot >= $1 AND o.slot < $2
     ORDER BY slot`,
    [slot - window, slot],
  );
  return rows.map((row) => BigInt(row.slot));
}

/** Slots before `slot`, within `window`, that are on the chain. */
export async function committedBefore(client: ClientBase, slot: bigint, window: bigint): Promise<bigint[]> {
  const { rows } = await client.query<{ slot: string }>(
    `SELECT slot FROM slot_run WHERE state = 'committed' AND slot >= $1 AND slot < $2`,
    [slot - window, slot],
  );
  return rows.map((row) => BigInt(row.slot));
}

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));

/** What each order of the slot got: `matched`, why not, or why it took no part. */
function outcomesOf(cleared: ClearedSlot): { id: Hex; code: string; detail: object }[] {
  return [
    ...cleared.matches.map(({ orderId, askId, price }) => ({
      id: orderId,
      code: 'matched',
      detail: { askId, price },
    })),
    ...cleared.unmatched.map(({ orderId, reason, counts, nearestReserve }) => ({
      id: orderId,
      code: reason,
      detail: { counts, nearestReserve },
    })),
    ...cleared.orders
      .filter(({ code }) => code !== ORDER_CODE.ELIGIBLE && code !== ORDER_CODE.SPENT_IN_SLOT)
      .map((order) => ({ id: order.id, code: wordOf(order.code), detail: {} })),
  ];
}

/**
 * A match's shortlist as JSON, `[place in the manifest's asks, distance, entropy gap, last step]` each: what can't be read from the
 * asks. Sixteen asks spelt out would be 7 KB a match.
 */
function shortlistOf({ leaf, candidates }: SlotMatch): string {
  const entries = candidates.map(
    ({ distance, entropyGap, droppedAt }, i) =>
      `[${leaf.shortlist[i]},${distance},${entropyGap},${droppedAt}]`,
  );
  return `[${entries.join(',')}]`;
}

/**
 * Stores the slot's inputs and its result, all in one statement, before anything of it is signed.
 * @throws Error when the slot has a run already; nothing is written then
 */
export async function publishSlot(client: ClientBase, slot: bigint, cleared: ClearedSlot): Promise<SlotRun> {
  const { matches } = cleared;
  const outcomes = outcomesOf(cleared);
  const unmatched = outcomes.length - matches.length;
  const manifest = Buffer.from(cleared.manifest);
  await client.query(
    `WITH run AS (
       INSERT INTO slot_run (slot, state, matched, unmatched, manifest, "updatedAt")
       VALUES ($1, 'published', $2, $3, $4, now())),
     matches AS (
       INSERT INTO slot_match (slot, index, "orderId", "askId", "runnerUp", step, price, shortlist)
       SELECT $1, index - 1, "orderId", "askId", "runnerUp", step, price, shortlist
       FROM unnest($5::text[], $6::text[], $7::text[], $8::int[], $9::numeric[], $10::jsonb[])
         WITH ORDINALITY AS t("orderId", "askId", "runnerUp", step, price, shortlist, index))
     INSERT INTO order_outcome ("orderId", slot, code, detail)
     SELECT id, $1, code, detail FROM unnest($11::text[], $12::text[], $13::jsonb[]) AS t(id, code, detail)`,
    [
      slot,
      matches.length,
      unmatched,
      manifest,
      matches.map((match) => match.orderId),
      matches.map((match) => match.askId),
      matches.map((match) => match.runnerUp),
      matches.map((match) => match.step),
      matches.map((match) => match.price.toString()),
      matches.map(shortlistOf),
      outcomes.map((outcome) => outcome.id),
      outcomes.map((outcome) => outcome.code),
      outcomes.map((outcome) => asJson(outcome.detail)),
    ],
  );
  return { state: 'published', matched: matches.length, unmatched, manifest, error: null };
}

/** A match that the contract refused; it consumed nothing, so the order stands in the next slot. */
export interface SkippedMatch {
  orderId: Hex;
  askId: Hex;
  reason: string;
}

export async function markCommitted(
  pool: Pool,
  slot: bigint,
  skipped: readonly SkippedMatch[],
  note: string | null,
): Promise<void> {
  const words = skipped.map((match) => `${match.orderId} skipped: ${match.reason}`);
  if (note !== null) words.push(note);
  await pool.query(
    `WITH skipped AS (
       UPDATE order_outcome o SET code = 'SKIPPED', detail = o.detail || jsonb_build_object('reason', t.reason)
       FROM unnest($2::text[], $3::text[]) AS t(id, reason) WHERE o."orderId" = t.id AND o.slot = $1)
     UPDATE slot_run SET state = 'committed', error = $4, "updatedAt" = now() WHERE slot = $1`,
    [
      slot,
      skipped.map((match) => match.orderId),
      skipped.map((match) => match.reason),
      words.length > 0 ? words.join('; ') : null,
    ],
  );
}

/** Gives the slot up: what it matched returns to the book. A slot that never ran gets a row that says so. */
export async function markAbandoned(pool: Pool, slot: bigint, why: string): Promise<void> {
  await pool.query(
    `WITH run AS (
       INSERT INTO slot_run (slot, state, matched, unmatched, manifest, error, "updatedAt")
       VALUES ($1, 'abandoned', 0, 0, '', $2, now())
       ON CONFLICT (slot) DO UPDATE SET state = 'abandoned', matched = 0, error = $2, "updatedAt" = now()),
     matches AS (DELETE FROM slot_match WHERE slot = $1)
     UPDATE order_outcome SET code = 'SLOT_ABANDONED' WHERE slot = $1 AND code = 'matched'`,
    [slot, why],
  );
}
