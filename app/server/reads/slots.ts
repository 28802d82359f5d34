import { Refusal } from '../../../domain/refusal.ts';
import { decodeManifest, type Manifest } from '../../../domain/manifest.ts';
import { slotEnd, type Parameters } from '../../../domain/parameters.ts';
import { clock, lastStep } from '../../../domain/rea.ts';
import type { Database } from '../../../prisma/client.ts';
import { readShortlist } from '../../../prisma/shortlist-bytes.ts';
import type { CandidateView, SlotRow, SlotView } from '../../views.ts';
import { toJson } from '../wire.ts';
import { requirementNamer } from './classes.ts';
import { mustAgree } from '../must-agree.ts';

/** Slots that had an order, newest first. */
export async function slotsOf(db: Database, limit = 100, before: bigint | null = null): Promise<SlotRow[]> {
  await mustAgree(db, 'slot');
  return db.$queryRaw<SlotRow[]>`
    SELECT r.slot::text AS slot, r.state, r.matched, r.unmatched, coalesce(s."orderCount", r.matched + r.unmatched) AS orders,
           coalesce(s.skipped, 0) AS skipped, s."txHash"
    FROM slot_run r LEFT JOIN slot s ON s.slot = r.slot
    WHERE ${before}::bigint IS NULL OR r.slot < ${before}::bigint ORDER BY r.slot DESC LIMIT ${limit}`;
}

/**
 * What a closed slot was made of, as the one file that its header's hash binds (domain/manifest.ts).
 * @throws Refusal SLOT_OPEN, NOT_FOUND
 */
export async function slotInputs(
  db: Database,
  slot: bigint,
  now: bigint,
  parameters: Parameters,
): Promise<Uint8Array> {
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
      'A slot without an order is not committed: see GET /api/v1/slots.',
    );
  }
  return run.manifest;
}

const NO_ITEMS: Pick<Manifest, 'orders' | 'asks'> = { orders: [], asks: [] };

function candidatesOf(
  shortlist: Uint8Array,
  asks: Manifest['asks'],
  startPrice: bigint,
  factors: readonly bigint[],
): CandidateView[] {
  return readShortlist(shortlist).map(({ place, distance, entropyGap }) => {
    const {
      id,
      signed: { ask },
    } = asks[place]!;
    return {
      askId: id,
      node: ask.supply,
      provider: ask.provider,
      reserve: ask.reservePrice.toString(),
      distance,
      entropyGap,
      droppedAt: lastStep(startPrice, factors, ask.reservePrice),
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
  await mustAgree(db, 'slot', 'lease');
  const [run, committed, outcomes, matches] = await Promise.all([
    db.slotRun.findUnique({ where: { slot } }),
    db.slot.findUnique({ where: { slot } }),
    db.orderOutcome.findMany({ where: { slot } }),
    db.slotMatch.findMany({ where: { slot }, orderBy: { index: 'asc' } }),
  ]);
  const end = slotEnd(slot, parameters);
  const gammaWad = committed === null ? parameters.gammaWad : BigInt(committed.gammaWad.toFixed(0));
  const factors = clock(gammaWad);
  const items = run === null || run.manifest.length === 0 ? NO_ITEMS : decodeManifest(run.manifest);
  const nameOf = await requirementNamer(db);
  const codes = new Map(outcomes.map((row) => [row.orderId, row.code]));
  const orders = items.orders.map(({ id, signed: { order, classes } }) => ({
    id,
    consumer: order.consumer,
    className: nameOf(order.requirement, classes),
    cards: order.cards,
    duration: order.duration,
    startPrice: order.startPrice.toString(),
    code: codes.get(id) ?? '',
  }));
  const byId = new Map<string, (typeof orders)[number]>(orders.map((order) => [order.id, order]));
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
    gammaWad: gammaWad.toString(),
    header: committed === null ? null : (JSON.parse(toJson(header)) as SlotView['header']),
    orders,
    matches: matches.map((match) => {
      const startPrice = byId.get(match.orderId)?.startPrice ?? match.price.toFixed(0);
      return {
        index: match.index,
        orderId: match.orderId,
        askId: match.askId,
        runnerUp: match.runnerUp,
        step: match.step,
        price: match.price.toFixed(0),
        startPrice,
        leaseId: leaseOf.get(match.orderId) ?? null,
        className: byId.get(match.orderId)?.className ?? '',
        candidates: candidatesOf(match.shortlist, items.asks, BigInt(startPrice), factors),
      };
    }),
  };
}
