import { privateKeyToAccount } from 'viem/accounts';
import { receiptDigest } from '../../domain/eip712.ts';
import { keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { signDigest } from '../../domain/signature.ts';
import type { Hex, Receipt, SigningDomain } from '../../domain/types.ts';
import type { Prisma } from '../../prisma/generated/client.ts';

/** The gateway's signed promise that an item is in a slot. */
export interface SignedReceipt extends Receipt {
  signature: Hex;
}

/** The receipts of one slot: each head is the keccak256 of the head before it and the item. */
export interface ReceiptChain {
  issue(item: Hex): SignedReceipt;
  /** Stores what was issued; the caller's transaction makes it last. */
  save(): Promise<void>;
}

export function createReceipts(domain: SigningDomain, key: Hex) {
  const scheduler = privateKeyToAccount(key).address.toLowerCase() as Hex;

  return {
    scheduler,

    /** Continues a slot's chain. The caller holds the intake's lock: two chains of one slot would fork. */
    async open(tx: Prisma.TransactionClient, slot: bigint): Promise<ReceiptChain> {
      const last = await tx.receipt.findFirst({
        where: { slot },
        orderBy: { seq: 'desc' },
        select: { seq: true, head: true },
      });
      let seq = last === null ? 0 : last.seq + 1;
      let head = last === null ? ZERO_HASH : (last.head as Hex);
      const issued: SignedReceipt[] = [];
      return {
        issue(item) {
          head = keccakWords(head, item);
          const receipt: Receipt = { scheduler, slot, seq, item, head };
          const signature = signDigest(receiptDigest(domain, receipt), key);
          seq += 1;
          const signed = { ...receipt, signature };
          issued.push(signed);
          return signed;
        },
        async save() {
          if (issued.length === 0) return;
          await tx.$executeRaw`
            INSERT INTO receipt (slot, seq, item, head, scheduler, signature)
            SELECT ${slot}, seq, item, head, ${scheduler}, signature FROM unnest(
              ${issued.map((receipt) => receipt.seq)}::int[], ${issued.map((receipt) => receipt.item)}::text[],
              ${issued.map((receipt) => receipt.head)}::text[], ${issued.map((receipt) => receipt.signature)}::text[]
            ) AS t(seq, item, head, signature)`;
        },
      };
    },
  };
}

/** Receipts already given for these items. */
export async function receiptsOf(
  tx: Prisma.TransactionClient,
  items: Hex[],
): Promise<Map<Hex, SignedReceipt>> {
  const rows = await tx.receipt.findMany({ where: { item: { in: items } } });
  return new Map(
    rows.map((row) => [
      row.item as Hex,
      {
        scheduler: row.scheduler as Hex,
        slot: row.slot,
        seq: row.seq,
        item: row.item as Hex,
        head: row.head as Hex,
        signature: row.signature as Hex,
      },
    ]),
  );
}
