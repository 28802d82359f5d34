/** All that a slot is judged by, as plain data: from the chain, from the slot's published inputs, and nothing else. */
import type { MarketState } from './market-state.ts';
import type { MatchLeaf, OrderLeaf, AskLeaf } from './leaves.ts';
import type { Parameters } from './parameters.ts';
import type { HeldReceipt } from './receipts.ts';
import type { SlotAsk, SlotOrder } from './slot.ts';
import type { Hex, MarketEvent, SigningDomain, SlotHeader } from './types.ts';

export interface BlockFact {
  number: bigint;
  hash: Hex;
  /** Unix seconds. */
  timestamp: bigint;
  /** As the block itself has it; absent when nobody asked. */
  parentHash?: Hex;
  /** What the block's own header hashes to; absent when nobody computed it. */
  headerHash?: Hex;
}

/**
 * A page as `PageCommitted` announced it, with the leaves of its transaction's matches (`pageLeaves`); null when those could not be
 * had.
 */
export interface PageEvidence {
  page: number;
  count: number;
  root: Hex;
  matches: MatchLeaf[] | null;
}

export interface SlotEvidence {
  slot: bigint;
  domain: SigningDomain;
  parameters: Parameters;
  /** `SlotCommitted`, and the block it stands in; null when the slot has no header on-chain. */
  committed: { header: SlotHeader; block: BlockFact; scheduler?: Hex } | null;
  /** The newest block that the chain was read up to. */
  head?: BlockFact;
  /** The chain's block `closeBlock` and the one after it; null when the chain has none such. */
  closing: BlockFact | null;
  next: BlockFact | null;
  pages: readonly PageEvidence[];
  /** The slot's published input bytes (`decodeManifest`). */
  manifest: Uint8Array | null;
  /** Who signed the manifest's last receipt, recovered from its signature; null when that is malformed. */
  receiptSigner?: Hex | null;
  /** Receipts of the slot that a party holds, to be found in the chain of all. */
  held?: readonly HeldReceipt[];
  /** The published items; `id` is checked, `signer` is what the caller recovered from the signature over `id`. */
  orders: readonly SlotOrder[];
  asks: readonly SlotAsk[];
  /** Leaves as published beside the header, if they were: they let a wrong root be traced to a leaf. */
  leaves?: { orders?: readonly OrderLeaf[]; asks?: readonly AskLeaf[] };
  /** The market after the last event of block `closeBlock`. */
  stateAtClose: MarketState | null;
  /** Every event after block `closeBlock`, in order, up to the slot's last page at least. */
  eventsSince: readonly MarketEvent[] | null;
  /** The market at any time after the slot's last page: its leases are checked as they stand there. */
  stateNow: MarketState | null;
}
