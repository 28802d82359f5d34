import type { ClientBase, Pool } from 'pg';
import { ORDER_CODE } from '../domain/eligibility.ts';
import type { ClearedSlot } from '../domain/slot.ts';
import type { Hex } from '../domain/types.ts';
import { NOTHING_PENDING, type PendingMatches } from './book/standing.ts';

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

/** Matches of the `window` slots before `slot` that are not abandoned, grouped by slot. */
async function matchesBefore(
  client: ClientBase,
  slot: bigint,
  window: bigint,
): Promise<Map<bigint, { order: Hex; ask: Hex; consumer: Hex }[]>> {
  const { rows } = await client.query<{ slot: string; order: Hex; ask: Hex; consumer: Hex }>(
    `SELECT m.slot, m."orderId" AS order, m."askId" AS ask, o.consumer
     FROM slot_match m JOIN slot_run r ON r.slot = m.slot JOIN "order" o ON o.id = m."orderId"
     WHERE m.slot >= $1 AND m.slot < $2 AND r.state <> 'abandoned'`,
    [slot - window, slot],
  );
  const bySlot = new Map<bigint, { order: Hex; ask: Hex; consumer: Hex }[]>();
  for (const row of rows) {
    const matches = bySlot.get(BigInt(row.slot)) ?? [];
    matches.push(row);
    bySlot.set(BigInt(row.slot), matches);
  }
  return bySlot;
}

/** What earlier slots matched and the closing block does not have on the chain yet. */
export async function pendingMatches(
  client: ClientBase,
  slot: bigint,
  window: bigint,
  isComplete: (slot: bigint) => boolean,
): Promise<PendingMatches> {
  const open = [...(await matchesBefore(client, slot, window))]
    .filter(([earlier]) => !isComplete(earlier))
    .flatMap(([, matches]) => matches);
  if (open.length === 0) return NOTHING_PENDING;
  return {
    orders: new Set(open.map((match) => match.order)),
    asks: new Set(open.map((match) => match.ask)),
    consumers: new Set(open.map((match) => match.consumer)),
  };
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
      .filter((order) => order.code !== ORDER_CODE.ELIGIBLE)
      .map((order) => ({ id: order.id, code: wordOf(order.code), detail: {} })),
  ];
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
      matches.map((match) => asJson(match.candidates)),
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
