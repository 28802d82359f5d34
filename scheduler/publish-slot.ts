import type { ClientBase } from 'pg';
import { ORDER_CODE } from '../domain/eligibility.ts';
import type { ClearedSlot, SlotMatch } from '../domain/slot.ts';
import type { Hex } from '../domain/types.ts';
import { writeShortlist } from '../prisma/shortlist-bytes.ts';
import { planOf } from './commit/slot-calls.ts';
import { byteaArray, int4Array, textArray } from './pg-arrays.ts';

/** The word for an ineligible order's code. */
const wordOf = (code: number): string =>
  Object.entries(ORDER_CODE).find(([, value]) => value === code)?.[0] ?? `CODE_${code}`;

const asJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));

/** What each order of the slot got that was not matched: why not, or why it took no part. */
function otherOutcomesOf(cleared: ClearedSlot): { id: Hex; code: string; detail: object }[] {
  return [
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

function shortlistOf({ leaf, distances, entropyGaps }: SlotMatch): Uint8Array {
  return writeShortlist(
    distances.map((distance, i) => ({ place: leaf.shortlist[i]!, distance, entropyGap: entropyGaps[i]! })),
  );
}

/**
 * Stores the slot's inputs, its result and what it commits, all in one statement, before anything of it is signed.
 * @throws Error when the slot has a run already that is not to be cleared anew; nothing is written then
 */
export async function publishSlot(client: ClientBase, slot: bigint, cleared: ClearedSlot): Promise<void> {
  const { matches } = cleared;
  const others = otherOutcomesOf(cleared);
  const plan = planOf(cleared);
  const { rowCount } = await client.query(
    `WITH run AS (
       INSERT INTO slot_run (slot, state, matched, unmatched, manifest, header, "updatedAt")
       VALUES ($1, 'published', $2, $3, $4, $14, now())
       ON CONFLICT (slot) DO UPDATE SET state = 'published', matched = $2, unmatched = $3, manifest = $4, header = $14, error = NULL,
         "updatedAt" = now() WHERE slot_run.state = 'retrying'
       RETURNING slot),
     pages AS (
       INSERT INTO slot_page (slot, page, data)
       SELECT run.slot, page - 1, data FROM run, unnest($15::bytea[]) WITH ORDINALITY AS t(data, page)),
     matches AS (
       INSERT INTO slot_match (slot, index, "orderId", "askId", "runnerUp", step, price, shortlist)
       SELECT run.slot, index - 1, "orderId", "askId", "runnerUp", step, price::numeric, shortlist
       FROM run, unnest($5::text[], $6::text[], $7::text[], $8::int4[], $9::text[], $10::bytea[])
         WITH ORDINALITY AS t("orderId", "askId", "runnerUp", step, price, shortlist, index)),
     matched AS (
       INSERT INTO order_outcome ("orderId", slot, code, detail)
       SELECT "orderId", run.slot, 'matched', jsonb_build_object('askId', "askId", 'price', price)
       FROM run, unnest($5::text[], $6::text[], $9::text[]) AS t("orderId", "askId", price)),
     others AS (
       INSERT INTO order_outcome ("orderId", slot, code, detail)
       SELECT id, run.slot, code, detail::jsonb FROM run, unnest($11::text[], $12::text[], $13::text[]) AS t(id, code, detail))
     SELECT slot FROM run`,
    [
      slot,
      matches.length,
      others.length,
      Buffer.from(cleared.manifest),
      textArray(matches.map((match) => match.orderId)),
      textArray(matches.map((match) => match.askId)),
      textArray(matches.map((match) => match.runnerUp)),
      int4Array(matches.map((match) => match.step)),
      textArray(matches.map((match) => match.price.toString())),
      byteaArray(matches.map(shortlistOf)),
      textArray(others.map((outcome) => outcome.id)),
      textArray(others.map((outcome) => outcome.code)),
      textArray(others.map((outcome) => asJson(outcome.detail))),
      asJson(plan.header),
      byteaArray(plan.pages),
    ],
  );
  if (rowCount !== 1) throw new Error(`slot ${slot} has a run already`);
}
