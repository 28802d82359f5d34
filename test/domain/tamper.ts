/** An honest slot to tamper with, and the tools to do it well. */
import { askId, orderId } from '../../domain/eip712.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { keccak } from '../../domain/hash.ts';
import { decodeManifest, encodeManifest, NO_RECEIPTS, type Manifest } from '../../domain/manifest.ts';
import { matchRoot } from '../../domain/page.ts';
import { headsOf, type HeldReceipt } from '../../domain/receipts.ts';
import type { Hex, Receipt, SigningDomain, SlotHeader } from '../../domain/types.ts';
import { verifySlot } from '../../domain/verify.ts';
import { address, honestEvidence, randomWorld, type World } from './world.ts';

/** Evidence whose parts may be replaced. */
export type Mutable = {
  -readonly [K in keyof SlotEvidence]: SlotEvidence[K] extends readonly (infer T)[] ? T[] : SlotEvidence[K];
};
export interface Tampered {
  evidence: Mutable;
  header: SlotHeader;
}

/** A market with several pages, and its honest evidence to tamper with. */
export function setup(): { world: World; evidence: Mutable } {
  const world = randomWorld({ seed: 4, nodes: 40, providers: 12, orders: 12, leases: 12 });
  const evidence = structuredClone(honestEvidence(world)) as Mutable;
  const [first] = evidence.pages[0]!.matches!;
  if (evidence.pages.length < 3 || !first || first.runnerUp === 255)
    throw new Error('the market is too small for these tests');
  return { world, evidence };
}

/** Page roots over the tampered matches: a fraud that hides as well as it can. */
export function rehash({ evidence }: Tampered): void {
  for (const page of evidence.pages) page.root = matchRoot(page.matches!);
}

/** The first match was skipped on-chain. */
export function skip({ evidence }: Tampered, reason: number): void {
  const match = evidence.pages[0]!.matches![0]!;
  match.skip = reason;
  const state = evidence.stateNow!.slots.get(evidence.slot)!;
  state.fills = state.fills.filter((fill) => fill.orderId !== match.orderId);
}

export function failing(evidence: SlotEvidence): string[] {
  return verifySlot(evidence)
    .filter((result) => !result.ok)
    .map((result) => result.rule);
}

/** Publishes other inputs, under their own hash. */
export function rewrite({ evidence, header }: Tampered, change: (manifest: Manifest) => Manifest): void {
  evidence.manifest = encodeManifest(change(decodeManifest(evidence.manifest!)));
  header.inputsHash = keccak(evidence.manifest);
}

/** The same messages under the ids that they have elsewhere. */
export function signedFor(domain: SigningDomain, { slot, orders, asks }: Manifest): Manifest {
  const byId = (a: { id: Hex }, b: { id: Hex }): number => (a.id < b.id ? -1 : 1);
  return {
    ...{ domain, slot, receipts: NO_RECEIPTS },
    orders: orders.map(({ signed }) => ({ id: orderId(domain, signed.order), signed })).sort(byId),
    asks: asks.map(({ signed }) => ({ id: askId(domain, signed.ask), signed })).sort(byId),
  };
}

/** The receipt of the first item, as the scheduler signed it, with `change`. */
export function heldBy(evidence: SlotEvidence, change: Partial<Receipt> = {}): HeldReceipt {
  const [item] = decodeManifest(evidence.manifest!).receipts.items;
  const scheduler = address('scheduler');
  const receipt = { scheduler, slot: evidence.slot, seq: 0, item: item!, head: headsOf([item!])[0]! };
  return { receipt: { ...receipt, ...change }, signer: scheduler };
}
