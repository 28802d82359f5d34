import type { Database } from '../../../prisma/client.ts';
import type { QuoteView } from '../../views.ts';
import { mustAgree } from '../must-agree.ts';

/** What became of a quote; null for one that was never given, or was forgotten. */
export async function quoteOf(db: Database, id: string, now: bigint): Promise<QuoteView | null> {
  await mustAgree(db, 'quote', 'lease');
  const [offer, held, order, receipt, lease, outcome] = await Promise.all([
    db.quoteOffer.findUnique({ where: { id } }),
    db.quote.findUnique({ where: { id } }),
    db.order.findUnique({ where: { id }, select: { slot: true } }),
    db.receipt.findUnique({ where: { item: id } }),
    db.lease.findFirst({ where: { sourceId: id }, select: { id: true, rate: true, locked: true } }),
    db.orderOutcome.findFirst({ where: { orderId: id }, orderBy: { slot: 'desc' } }),
  ]);
  if (offer === null && held === null) return null;
  const lapsed = offer !== null && offer.validUntil < now;
  return {
    id,
    state: held?.outcome ?? (lapsed ? 'LAPSED' : 'OFFERED'),
    amount: held?.amount.toFixed(0) ?? null,
    shared: held?.shared.toFixed(0) ?? null,
    refundAfter: held?.deadline.toString() ?? null,
    slot: outcome?.slot.toString() ?? order?.slot.toString() ?? null,
    outcome: outcome?.code ?? null,
    receipt:
      receipt === null
        ? null
        : {
            scheduler: receipt.scheduler,
            slot: receipt.slot.toString(),
            seq: receipt.seq,
            item: receipt.item,
            head: receipt.head,
            signature: receipt.signature,
          },
    lease:
      lease === null
        ? null
        : { id: lease.id.toString(), rate: lease.rate.toFixed(0), locked: lease.locked.toFixed(0) },
  };
}
