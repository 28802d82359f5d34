/** An honest slot to tamper with, and the tools to do it well. */
import type { SlotEvidence } from '../../domain/evidence.ts';
import { matchLeaf } from '../../domain/leaves.ts';
import { merkleRoot, TAG } from '../../domain/merkle.ts';
import type { Ask, Hex, MarketEvent, Order, SlotHeader } from '../../domain/types.ts';
import { verifySlot } from '../../domain/verify.ts';
import { honestEvidence, randomWorld, type World } from './world.ts';

/** Evidence whose parts may be replaced. */
export type Mutable = {
  -readonly [K in keyof SlotEvidence]: SlotEvidence[K] extends readonly (infer T)[] ? T[] : SlotEvidence[K];
};
/** A match with the messages behind it. */
export interface Matched {
  orderId: Hex;
  askId: Hex;
  order: Order;
  ask: Ask;
}

export interface Tampered {
  evidence: Mutable;
  header: SlotHeader;
}

/** A market with several pages, and its honest evidence to tamper with. */
export function setup(): { world: World; evidence: Mutable } {
  const world = randomWorld({ seed: 4, nodes: 40, providers: 12, orders: 12, leases: 12 });
  const evidence = structuredClone(honestEvidence(world)) as Mutable;
  const [first] = evidence.pages[0]!.matches!;
  if (evidence.pages.length < 3 || !first?.runnerUp)
    throw new Error('the market is too small for these tests');
  return { world, evidence };
}

/** Page and header roots over the tampered matches: a fraud that hides as well as it can. */
export function rehash({ evidence, header }: Tampered): void {
  for (const page of evidence.pages) page.root = merkleRoot(TAG.matches, page.matches!.map(matchLeaf));
  header.matchesRoot = merkleRoot(
    TAG.matches,
    evidence.pages.flatMap((page) => page.matches!).map(matchLeaf),
  );
}

/** The first match was skipped on-chain, after `causes`. */
export function skip(evidence: Mutable, reason: number, causes: MarketEvent[]): void {
  const { orderId: id, askId } = evidence.pages[0]!.matches![0]!;
  const filled = evidence.eventsSince!.find(
    (event) => event.name === 'LeaseOpened' && event.args.sourceId === id,
  )!;
  const skipped: MarketEvent = {
    ...filled,
    name: 'MatchSkipped',
    args: { slot: evidence.slot, page: 0, index: 0, orderId: id, askId, reason },
  };
  const { leaseId } = filled.args;
  evidence.eventsSince = [
    ...causes,
    ...evidence.eventsSince!.flatMap((event) =>
      event === filled ? [skipped] : event.args.leaseId === leaseId ? [] : [event],
    ),
  ];
  const state = evidence.stateNow!.slots.get(evidence.slot)!;
  state.fills = state.fills.filter((fill) => fill.leaseId !== leaseId);
}

export function failing(evidence: SlotEvidence): string[] {
  return verifySlot(evidence)
    .filter((result) => !result.ok)
    .map((result) => result.rule);
}
