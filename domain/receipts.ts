/** The gateway's receipts of a slot: one chain, in which each head binds all items before it (ADR 0001, "Receipts chain"). */
import { keccakWords, ZERO_HASH } from './hash.ts';
import type { SlotReceipts } from './manifest.ts';
import type { Hex, Receipt } from './types.ts';

/** A receipt that a party holds, with what it says of itself. */
export interface HeldReceipt {
  receipt: Receipt;
  /** Whose key signed it, recovered from the signature; null when that is malformed. */
  signer: Hex | null;
}

/** The head after each item, in ascending `seq`. */
export function headsOf(items: readonly Hex[]): Hex[] {
  let head = ZERO_HASH;
  return items.map((item) => (head = keccakWords(head, item)));
}

/** The last receipt of a slot, as its scheduler signed it; null without a receipt. */
export function lastReceipt(slot: bigint, scheduler: Hex, { items }: SlotReceipts): Receipt | null {
  const item = items.at(-1);
  const head = headsOf(items).at(-1);
  if (item === undefined || head === undefined) return null;
  return { scheduler, slot, seq: items.length - 1, item, head };
}
