/** What the scheduler's receipts show: two heads of one chain, an item that its slot leaves out, a slot that never came. */
import { askId, orderId } from '../eip712.ts';
import { bytesToHex, uintBytes, ZERO_HASH } from '../hash.ts';
import { askLeaf, orderLeaf } from '../leaves.ts';
import { merkleProof, TAG } from '../merkle.ts';
import { slotEnd, type Parameters } from '../parameters.ts';
import type { Ask, Hex, Order, Receipt, SigningDomain, SlotHeader } from '../types.ts';
import { WRONG, type Claim, type Verdict } from './claim.ts';
import type { KnownLeaves } from './commitment.ts';

/** A receipt that somebody holds; `signer` is what the caller recovered, `order` or `ask` the message behind `item`, if known. */
export interface ShownReceipt {
  receipt: Receipt;
  signature: Hex;
  signer: Hex | null;
  order?: Order;
  ask?: Ask;
}

export interface ReceiptCase {
  domain: SigningDomain;
  parameters: Parameters;
  scheduler: Hex;
  slot: bigint;
  header: SlotHeader | null;
  /** Whether header and all pages are on-chain. */
  whole: boolean;
  leaves: KnownLeaves;
  held: readonly ShownReceipt[];
  /** Unix seconds of the chain. */
  now: bigint;
  /** Whether entry is paused, or was at the slot's end or later. */
  paused: boolean;
}

export function claimsOfReceipts(of: ReceiptCase): Claim[] {
  const own = of.held.filter(
    ({ receipt, signer }) =>
      signer === of.scheduler && receipt.scheduler === of.scheduler && receipt.slot === of.slot,
  );
  return [...twoHeads(of, own), ...omitted(of, own), ...uncommitted(of, own)];
}

function twoHeads({ slot }: ReceiptCase, own: readonly ShownReceipt[]): Claim[] {
  const claims: Claim[] = [];
  for (const [seq, places] of Map.groupBy(own, ({ receipt }) => receipt.seq)) {
    const [a] = places;
    const b = places.find(
      ({ receipt }) => receipt.item !== a!.receipt.item || receipt.head !== a!.receipt.head,
    );
    if (!a || !b) continue;
    claims.push(
      decided('claimTwoHeads', [a.receipt, a.signature, b.receipt, b.signature], {
        ...{ wrong: WRONG.FORGED, slot, order: bytesToHex(uintBytes(seq, 32)) },
        sentence: `The scheduler signed two receipts for place ${seq} of slot ${slot}: items ${a.receipt.item} and ${b.receipt.item}.`,
      }),
    );
  }
  return claims;
}

function omitted(of: ReceiptCase, own: readonly ShownReceipt[]): Claim[] {
  const { header, slot, domain } = of;
  if (!header) return [];
  const claims: Claim[] = [];
  for (const { receipt, signature, order, ask } of own) {
    const { item } = receipt;
    const ofOrder = order !== undefined && orderId(domain, order) === item;
    const ofAsk = !ofOrder && ask !== undefined && askId(domain, ask) === item;
    const tree = ofOrder ? TAG.orders : TAG.asks;
    const leaves = ofOrder ? of.leaves.orders : of.leaves.asks;
    if ((!ofOrder && !ofAsk) || !leaves || leaves.some(({ id }) => id === item)) continue;
    const bytes = ofOrder ? of.leaves.orders!.map(orderLeaf) : of.leaves.asks!.map(askLeaf);
    // In any sequence without the item two neighbours enclose it.
    const index = leaves.findIndex(({ id }, i) => id > item && (i === 0 || leaves[i - 1]!.id < item));
    const at = index < 0 ? leaves.length : index;
    const side = (i: number) =>
      i < 0 || i >= bytes.length
        ? (['0x', []] as const)
        : ([bytesToHex(bytes[i]!), merkleProof(tree, bytes, i)] as const);
    const [[left, leftProof], [right, rightProof]] = [side(at - 1), side(at)];
    const gap = {
      ...{ tree, order: ofOrder ? order : NO_ORDER, ask: ofAsk ? ask : NO_ASK, index: at },
      ...{ left, leftProof, right, rightProof },
    };
    claims.push(
      decided('claimOmitted', [header, receipt, signature, gap], {
        ...{ wrong: WRONG.FORGED, slot, order: item },
        sentence: `The scheduler gave a receipt for ${ofOrder ? 'order' : 'ask'} ${item}, and slot ${slot} has no leaf of it.`,
      }),
    );
  }
  return claims;
}

/** One claim a slot: it is one wrong, whoever's order shows it. */
function uncommitted(of: ReceiptCase, own: readonly ShownReceipt[]): Claim[] {
  const { slot, parameters, domain } = of;
  const deadline = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
  if (of.whole || of.paused || of.now <= deadline) return [];
  const shown = own.find(
    ({ receipt, order }) => order !== undefined && orderId(domain, order) === receipt.item,
  );
  if (!shown) return [];
  const { receipt, signature, order } = shown;
  return [
    decided('claimUncommitted', [receipt, signature, order], {
      ...{ wrong: WRONG.UNCOMMITTED, slot, order: ZERO_HASH },
      sentence: `The scheduler gave a receipt for order ${receipt.item}, and slot ${slot} was not committed whole by ${deadline}.`,
    }),
  ];
}

function decided(
  name: Claim['name'],
  args: readonly unknown[],
  { sentence, ...shown }: Pick<Verdict, 'wrong' | 'slot' | 'order'> & { sentence: string },
): Claim {
  return {
    ...{ judge: 'receipts', name, args, announced: true, waits: false, sentence },
    verdict: { ...NOTHING_SHOWN, ...shown },
  };
}

/** The rest of a verdict that needs no word of a free ask and harms nobody in particular. */
export const NOTHING_SHOWN: Omit<Verdict, 'wrong' | 'slot' | 'order'> = {
  ...{ askId: ZERO_HASH, node: ZERO_HASH, orderKey: 0n, left: 0, idle: 0, want: 0 },
  ...{ harmed: `0x${'0'.repeat(40)}`, restitution: 0n },
};

const NO_ORDER: Order = {
  consumer: `0x${'0'.repeat(40)}`,
  requirement: ZERO_HASH,
  cards: 0,
  duration: 0,
  startPrice: 0n,
  taskCompute: 0,
  taskNetwork: 0,
  taskStorage: 0,
  region: ZERO_HASH,
  latestStart: 0n,
  validUntil: 0n,
  minReputation: 0,
  minTier: 0,
  workload: ZERO_HASH,
  nonce: 0n,
};

const NO_ASK: Ask = {
  provider: `0x${'0'.repeat(40)}`,
  supply: ZERO_HASH,
  supplyKind: 0,
  nodeEpoch: 0,
  resourceClass: ZERO_HASH,
  region: ZERO_HASH,
  cards: 0,
  reservePrice: 0n,
  validFrom: 0n,
  validUntil: 0n,
  nonce: 0n,
};
