import { z } from 'zod';
import { Refusal } from '../../../domain/refusal.ts';
import { decodeManifest, type Manifest } from '../../../domain/manifest.ts';
import { bytesToHex } from '../../../domain/hash.ts';
import { slotEnd, type Parameters } from '../../../domain/parameters.ts';
import type { Hex, SignedAsk, SignedOrder } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';
import type { CandidateView, SlotRow, SlotView } from '../../views.ts';
import { askOfRow, orderOfRow, toJson } from '../wire.ts';
import { requirementNamer } from './classes.ts';

/** Slots that had an order, newest first. */
export async function slotsOf(db: Database, limit = 100): Promise<SlotRow[]> {
  return db.$queryRaw<SlotRow[]>`
    SELECT r.slot::text AS slot, r.state, r.matched, r.unmatched, coalesce(s."orderCount", r.matched + r.unmatched) AS orders,
           coalesce(s.skipped, 0) AS skipped, s."txHash"
    FROM slot_run r LEFT JOIN slot s ON s.slot = r.slot ORDER BY r.slot DESC LIMIT ${limit}`;
}

/** Messages read before, by id: a reader of many slots meets the same ask in each. */
export interface KnownItems {
  orders: Map<Hex, SignedOrder>;
  asks: Map<Hex, SignedAsk>;
}

/**
 * What a closed slot was made of: the manifest, and every message it names.
 * @param known grows by what was read
 * @throws Refusal SLOT_OPEN, NOT_FOUND
 */
export async function slotInputs(
  db: Database,
  slot: bigint,
  now: bigint,
  parameters: Parameters,
  known: KnownItems = { orders: new Map(), asks: new Map() },
): Promise<{ manifest: Hex; orders: SignedOrder[]; asks: SignedAsk[] }> {
  if (slotEnd(slot, parameters) > now) {
    throw new Refusal(
      'SLOT_OPEN',
      `Slot ${slot} is open until ${slotEnd(slot, parameters)} (chain time): its inputs are sealed.`,
      'Ask again after the close.',
      { retryable: true },
    );
  }
  const run = await db.slotRun.findUnique({ where: { slot } });
  if (run === null || run.manifest.length === 0) {
    throw new Refusal(
      'NOT_FOUND',
      `Slot ${slot} has no published inputs.`,
      'A slot without an order is not committed: see GET /api/slots.',
    );
  }
  const { orders, asks } = decodeManifest(run.manifest);
  return {
    manifest: bytesToHex(run.manifest),
    orders: await remembered(known.orders, orders, (ids) => ordersByIds(db, ids)),
    asks: await remembered(known.asks, asks, (ids) => asksByIds(db, ids)),
  };
}

async function remembered<T>(
  known: Map<Hex, T>,
  ids: Hex[],
  read: (missing: Hex[]) => Promise<T[]>,
): Promise<T[]> {
  const missing = ids.filter((id) => !known.has(id));
  if (missing.length > 0)
    for (const [i, item] of (await read(missing)).entries()) known.set(missing[i]!, item);
  return ids.map((id) => known.get(id)!);
}

async function ordersByIds(db: Database, ids: Hex[]): Promise<SignedOrder[]> {
  const rows = await db.$queryRaw<
    StoredRow[]
  >`SELECT id, message, signature FROM "order" WHERE id = ANY(${ids}::text[])`;
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => orderOfRow(present(found, id)));
}

async function asksByIds(db: Database, ids: Hex[]): Promise<SignedAsk[]> {
  const rows = await db.$queryRaw<
    StoredRow[]
  >`SELECT id, message, signature FROM ask WHERE id = ANY(${ids}::text[])`;
  const found = new Map(rows.map((row) => [row.id, row]));
  return ids.map((id) => askOfRow(present(found, id)));
}

interface StoredRow {
  id: string;
  message: unknown;
  signature: string;
}

function present(found: Map<string, StoredRow>, id: Hex): StoredRow {
  const row = found.get(id);
  if (row === undefined) throw new Error(`item ${id} of a published slot is not in the database`);
  return row;
}

/** Entries of `slot_match.shortlist`: place in the manifest's asks, distance, entropy gap, last step. */
const shortlistSchema = z.array(z.tuple([z.number(), z.number(), z.number(), z.number()]));

/** The asks on the slot's shortlists, by their place in the manifest. */
async function shortlistedAsks(
  db: Database,
  manifest: Manifest,
  matches: readonly { shortlist: unknown }[],
): Promise<Map<number, SignedAsk>> {
  const places = new Set(
    matches.flatMap(({ shortlist }) => shortlistSchema.parse(shortlist).map(([place]) => place)),
  );
  const ordered = [...places];
  const asks = await asksByIds(
    db,
    ordered.map((place) => manifest.asks[place]!),
  );
  return new Map(ordered.map((place, index) => [place, asks[index]!]));
}

function candidatesOf(
  shortlist: unknown,
  manifest: Manifest,
  asks: ReadonlyMap<number, SignedAsk>,
): CandidateView[] {
  return shortlistSchema.parse(shortlist).map(([place, distance, entropyGap, droppedAt]) => {
    const { ask } = asks.get(place)!;
    return {
      askId: manifest.asks[place]!,
      node: ask.supply,
      provider: ask.provider,
      reserve: ask.reservePrice.toString(),
      distance,
      entropyGap,
      droppedAt,
    };
  });
}

/** A slot for people: its header, its orders with their outcomes, its auctions. */
export async function slotOf(
  db: Database,
  slot: bigint,
  now: bigint,
  parameters: Parameters,
): Promise<SlotView> {
  const [run, committed, outcomes, matches] = await Promise.all([
    db.slotRun.findUnique({ where: { slot } }),
    db.slot.findUnique({ where: { slot } }),
    db.orderOutcome.findMany({ where: { slot } }),
    db.slotMatch.findMany({ where: { slot }, orderBy: { index: 'asc' } }),
  ]);
  const end = slotEnd(slot, parameters);
  const manifest: Manifest =
    run === null || run.manifest.length === 0 ? { slot, orders: [], asks: [] } : decodeManifest(run.manifest);
  const nameOf = await requirementNamer(db);
  const codes = new Map(outcomes.map((row) => [row.orderId, row.code]));
  const signed = await ordersByIds(db, manifest.orders);
  const orders = signed.map(({ order, classes }, index) => {
    const id = manifest.orders[index] ?? '0x';
    return {
      id,
      consumer: order.consumer,
      className: nameOf(order.requirement, classes),
      cards: order.cards,
      duration: order.duration,
      startPrice: order.startPrice.toString(),
      code: codes.get(id) ?? '',
    };
  });
  const byId = new Map(orders.map((order) => [order.id as string, order]));
  const asks = await shortlistedAsks(db, manifest, matches);
  const leases = await db.lease.findMany({
    where: { sourceId: { in: matches.map((match) => match.orderId) } },
    select: { id: true, sourceId: true },
  });
  const leaseOf = new Map(leases.map((lease) => [lease.sourceId, lease.id.toString()]));
  const {
    skipped: _skipped,
    pagesCommitted: _pages,
    blockHash: _hash,
    ...header
  } = committed ?? {
    skipped: 0,
    pagesCommitted: 0,
    blockHash: '',
  };
  return {
    slot: slot.toString(),
    start: (end - BigInt(parameters.slotSeconds)).toString(),
    end: end.toString(),
    state: end > now ? 'open' : (run?.state ?? (committed === null ? 'empty' : 'committed')),
    error: run?.error ?? null,
    gammaWad: parameters.gammaWad.toString(),
    header: committed === null ? null : (JSON.parse(toJson(header)) as SlotView['header']),
    orders,
    matches: matches.map((match) => ({
      index: match.index,
      orderId: match.orderId,
      askId: match.askId,
      runnerUp: match.runnerUp,
      step: match.step,
      price: match.price.toFixed(0),
      startPrice: byId.get(match.orderId)?.startPrice ?? match.price.toFixed(0),
      leaseId: leaseOf.get(match.orderId) ?? null,
      className: byId.get(match.orderId)?.className ?? '',
      candidates: candidatesOf(match.shortlist, manifest, asks),
    })),
  };
}
