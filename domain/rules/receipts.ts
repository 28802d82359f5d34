/** The gateway's promises of the slot: one chain, kept in full. */
import { headsOf, type HeldReceipt } from '../receipts.ts';
import type { Manifest } from '../manifest.ts';
import type { Hex } from '../types.ts';
import { found, notChecked, noHeader, NO_MANIFEST, type Finding, type Rule } from './finding.ts';

export const receipts: Rule = {
  rule: 'receipts',
  sentence:
    "The receipts are one chain that the slot's scheduler signed, and every receipted item is an input.",
  check: ({ evidence, manifest }) => {
    const { slot, committed, receiptSigner, held = [] } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    if (manifest === null) return notChecked(NO_MANIFEST);
    if (typeof manifest === 'string') return notChecked(manifest);
    const { scheduler } = committed;
    if (scheduler === undefined) return notChecked('nobody told who committed the slot');
    const { items } = manifest.receipts;
    const last = items.at(-1);
    if (last !== undefined) {
      if (receiptSigner === undefined) return notChecked('nobody recovered who signed the last receipt');
      if (receiptSigner !== scheduler)
        return found(
          items.length,
          `receipt ${items.length - 1}, of item ${last}, is ${signedBy(receiptSigner)}, the slot's scheduler is ${scheduler}`,
          subjectOf(manifest, last),
        );
    }
    const heads = headsOf(items);
    for (const one of held) {
      const finding = checkHeld(one, { slot, scheduler, manifest, heads });
      if (finding !== null) return finding;
    }
    return found(items.length + held.length);
  },
};

/** A receipt that a party holds against the slot's chain; null when it stands there. */
function checkHeld(
  { receipt, signer }: HeldReceipt,
  {
    slot,
    scheduler,
    manifest,
    heads,
  }: { slot: bigint; scheduler: Hex; manifest: Manifest; heads: readonly Hex[] },
): Finding | null {
  const { item, seq, head } = receipt;
  const at = `receipt ${seq} of item ${item}`;
  if (receipt.slot !== slot) return notChecked(`${at} is for slot ${receipt.slot}`);
  if (signer !== scheduler || receipt.scheduler !== scheduler)
    return notChecked(
      `${at} is ${signedBy(signer)} in the name of ${receipt.scheduler}, the slot's scheduler is ${scheduler}: on this chain and contract it binds nobody`,
    );
  const { items } = manifest.receipts;
  const subject = subjectOf(manifest, item);
  if (subject === undefined)
    return found(seq, `${at} is signed, and the item is not among the slot's inputs`, {
      kind: 'item',
      id: item,
    });
  if (items[seq] !== item)
    return found(
      seq,
      `${at} is signed, the published chain has ${items[seq] ?? 'nothing'} in its place`,
      subject,
    );
  if (heads[seq] !== head)
    return found(seq, `${at} is signed with head ${head}, the published chain has ${heads[seq]}`, subject);
  return null;
}

function subjectOf({ orders, asks }: Manifest, id: Hex) {
  if (orders.some((order) => order.id === id)) return { kind: 'order', id } as const;
  if (asks.some((ask) => ask.id === id)) return { kind: 'ask', id } as const;
  return undefined;
}

function signedBy(signer: Hex | null): string {
  return signer === null ? 'not signed' : `signed by ${signer}`;
}
