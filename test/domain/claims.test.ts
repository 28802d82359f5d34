import { describe, expect, test } from 'vitest';
import type { AskProof, Claim, ClaimName, MatchCase, OrderProof } from '../../domain/claims/claim.ts';
import { findClaims, type ClaimContext } from '../../domain/claims/find.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import type { SlotEvidence } from '../../domain/evidence.ts';
import { keccakText, keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { askLeaf, orderLeaf, type AskLeaf, type OrderLeaf } from '../../domain/leaves.ts';
import { merkleRoot, TAG, verifyProof } from '../../domain/merkle.ts';
import { signingOf } from '../../domain/signing.ts';
import type { Hex } from '../../domain/types.ts';
import { rehash, setup, type Tampered } from './tamper.ts';
import {
  addAsk,
  addNode,
  addOrder,
  addProvider,
  address,
  clear,
  crowded,
  emptyWorld,
  fund,
  honestEvidence,
  SLOT,
  type World,
} from './world.ts';

const SCHEDULER = address('scheduler');
/** Just after the slot's pages: its leases run. */
const NOW = (SLOT + 1n) * 10n + 5n;
const CONTEXT: ClaimContext = { scheduler: SCHEDULER, now: NOW, paused: false };
const LATE: ClaimContext = { ...CONTEXT, now: NOW + 1_000n };

describe('an honest slot', () => {
  const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
  test.each(seeds)('gives no claim and no demand, market %i', (seed) => {
    const world = crowded(seed);
    const evidence = honestEvidence(world);
    const context = { ...CONTEXT, receipts: receiptsOf(world) };
    expect(findClaims(evidence, context)).toEqual({ claims: [], demands: [] });
    // Without the manifest there is no replay to equal, so that every match is looked at by its leaves.
    const blind = { ...evidence, manifest: null };
    expect(findClaims(blind, context)).toEqual({ claims: [], demands: [] });
  });
});

describe('a wrong is claimed', () => {
  claimed(
    'a friend as the winner',
    ['claimWrongWinner', 'claimWrongPrice', 'claimHiddenRunnerUp'],
    (tampered) => {
      const match = firstOf(tampered);
      const ids = tampered.evidence.asks.map((item) => item.id).sort();
      match.askId = ids[match.shortlist[match.runnerUp]!]!;
      [match.winner, match.runnerUp] = [match.runnerUp, 255];
      match.node = tampered.evidence.asks.find(({ id }) => id === match.askId)!.signed.ask.supply;
      // At a step that no rule gives.
      match.step += 1;
    },
  );
  claimed('another clock step', ['claimWrongPrice'], (tampered) => {
    firstOf(tampered).step += 1;
  });
  claimed('a hidden runner-up', ['claimHiddenRunnerUp'], (tampered) => {
    Object.assign(firstOf(tampered), { runnerUp: 255, step: 0 });
  });
  claimed('a runner-up that does not stand on the shortlist', ['claimContradiction'], (tampered) => {
    firstOf(tampered).runnerUp = 254;
  });
  claimed(
    'a winner that another ask won',
    ['claimContradiction', 'claimWrongWinner', 'claimWrongPrice'],
    (tampered) => {
      const match = firstOf(tampered);
      [match.winner, match.runnerUp] = [match.runnerUp, match.winner];
    },
  );
  claimed('a shortlist without the nearest', ['claimLeftOut'], (tampered) => {
    const match = firstOf(tampered);
    const keep = [match.winner, match.runnerUp];
    const gone = match.shortlist.findIndex((_, place) => !keep.includes(place));
    match.shortlist = match.shortlist.filter((_, place) => place !== gone);
    for (const name of ['winner', 'runnerUp'] as const) if (match[name] > gone) match[name] -= 1;
  });
  claimed('an order left unserved', ['claimUnserved'], (tampered) => {
    const { evidence, header } = tampered;
    const last = evidence.pages.at(-1)!;
    const gone = last.matches!.pop()!;
    last.count -= 1;
    header.matchCount -= 1;
    ordersAs(tampered, (leaf) => (leaf.id === gone.orderId ? { ...leaf, position: 0 } : leaf));
    return gone.orderId;
  });
  claimed('a matched order that its leaf calls ineligible', ['claimContradiction'], (tampered) => {
    ordersAs(tampered, (leaf) => (leaf.position === 1 ? { ...leaf, code: 5 } : leaf));
  });
  claimed('a matched order that its leaf calls unmatched', ['claimContradiction'], (tampered) => {
    ordersAs(tampered, (leaf) => (leaf.position === 1 ? { ...leaf, position: 0 } : leaf));
  });
  claimed('a winner that its leaf calls ineligible', ['claimContradiction'], (tampered) => {
    const { askId } = firstOf(tampered);
    asksAs(tampered, (leaf) => (leaf.id === askId ? { ...leaf, code: 7 } : leaf));
  });

  test('two heads of one chain', () => {
    const { world, evidence } = setup();
    const held = receiptsOf(world);
    const [first] = held;
    const twin = { ...first!, receipt: { ...first!.receipt, item: keccakText('another') } };
    expect(namesOf(evidence, { ...CONTEXT, receipts: [...held, twin] })).toEqual(['claimTwoHeads']);
    const foreign = { ...twin, signer: address('somebody') };
    expect(namesOf(evidence, { ...CONTEXT, receipts: [...held, foreign] })).toEqual([]);
  });

  test.each(['orders', 'asks'] as const)('a receipted item that is in no leaf of the %s', (tree) => {
    for (const pick of [0, 3, -1]) {
      const { world, evidence } = setup();
      const receipts = receiptsOf(world);
      const [gone] = [...evidence.leaves![tree]!].slice(pick);
      const tampered = { evidence, header: evidence.committed!.header };
      if (tree === 'orders') ordersAs(tampered, (leaf) => (leaf.id === gone!.id ? null : leaf));
      else asksAs(tampered, (leaf) => (leaf.id === gone!.id ? null : leaf));
      const { claims } = findClaims(evidence, { ...CONTEXT, receipts });
      const omitted = claims.filter(({ name }) => name === 'claimOmitted');
      expect(omitted.map(({ verdict }) => verdict!.order)).toEqual([gone!.id]);
      expect(namesOf(evidence, CONTEXT)).not.toContain('claimOmitted');
    }
  });

  test('a receipted slot that never came, once its deadline is over, unless entry was paused', () => {
    const { world, evidence } = setup();
    const receipts = receiptsOf(world);
    const never: SlotEvidence = { ...evidence, committed: null, pages: [] };
    expect(namesOf(never, { ...LATE, receipts })).toEqual(['claimUncommitted']);
    expect(namesOf(never, { ...CONTEXT, receipts })).toEqual([]);
    expect(namesOf(never, { ...LATE, receipts, paused: true })).toEqual([]);
    expect(namesOf(never, LATE)).toEqual([]);
    const cut: SlotEvidence = { ...evidence, pages: evidence.pages.slice(0, -1) };
    expect(namesOf(cut, { ...LATE, receipts })).toEqual(['claimUncommitted']);
  });
});

describe('what the scheduler could refute is not claimed', () => {
  test('an ask that ranks first, but that an earlier match used up', () => {
    const { world, evidence, second, cheap } = contested();
    const match = evidence.pages.flatMap(({ matches }) => matches!)[1]!;
    expect(match.orderId).toBe(second);
    // The scheduler lists the ask that has no card left: it ranks before the winner, and was not free.
    const place = [...world.asks]
      .map(({ id }) => id)
      .sort()
      .indexOf(cheap);
    match.shortlist = [...match.shortlist, place];
    rehash({ evidence, header: evidence.committed!.header });
    expect(namesOf(evidence, CONTEXT)).toEqual([]);
  });

  test('an ask that is not listed because a nearer one of its provider is', () => {
    const world = emptyWorld();
    const one = addProvider(world, 'one');
    const [near, far] = [addNode(world, one, 'near'), addNode(world, one, 'far', { networkMbps: 10_000 })];
    addAsk(world, near, { reservePrice: 1_000_000n });
    addAsk(world, far, { reservePrice: 1n });
    fund(world, address('ann'), 10n ** 9n);
    addOrder(world, address('ann'), { taskCompute: 10_000, taskNetwork: 10_000, taskStorage: 10_000 });
    const evidence = { ...honestEvidence(world), manifest: null };
    expect(evidence.pages[0]!.matches![0]!.shortlist).toHaveLength(1);
    expect(namesOf(evidence, CONTEXT)).toEqual([]);
  });

  test('an order without a match while a page may still come', () => {
    const { evidence } = setup();
    const header = evidence.committed!.header;
    ordersAs({ evidence, header }, (leaf) => ({ ...leaf, position: 0 }));
    evidence.pages = [];
    expect(namesOf(evidence, CONTEXT)).toEqual([]);
  });
});

describe('demands', () => {
  test('ask for what is withheld, by its place in the tree', () => {
    const { evidence } = setup();
    const gone = [...evidence.asks].sort((a, b) => (a.id < b.id ? -1 : 1))[5]!;
    const { claims, demands } = findClaims(
      { ...evidence, asks: evidence.asks.filter((ask) => ask !== gone) },
      CONTEXT,
    );
    expect(claims).toEqual([]);
    expect(demands.map(({ args }) => args.slice(1))).toEqual([[2, 5]]);
  });

  test('ask for the signature of an order that nobody signed', () => {
    const { evidence } = setup();
    const byKey = new Set(
      evidence.orders.filter(({ signed }) => signingOf(signed.signature) === 'KEY').map(({ id }) => id),
    );
    const matched = evidence.pages
      .flatMap(({ matches }) => matches!)
      .find((leaf) => byKey.has(leaf.orderId))!.orderId;
    evidence.orders = evidence.orders.map((item) => (item.id === matched ? { ...item, signer: null } : item));
    const { demands } = findClaims(evidence, CONTEXT);
    const index = evidence.leaves!.orders!.findIndex(({ id }) => id === matched);
    expect(demands.map(({ args }) => args.slice(1))).toEqual([[1, index]]);
    evidence.stateNow!.approved.add(matched);
    expect(findClaims(evidence, CONTEXT).demands).toEqual([]);
  });

  test('ask for a leaf under a root that nothing explains', () => {
    const { evidence } = setup();
    delete evidence.leaves;
    evidence.committed!.header.asksRoot = ZERO_HASH;
    const { claims, demands } = findClaims(evidence, CONTEXT);
    expect(claims).toEqual([]);
    expect(demands.map(({ args }) => args.slice(1))).toEqual([[2, 0]]);
  });
});

/** Tampers, and expects claims of these names about the order that `tamper` returns (the first match's), with proofs that hold. */
function claimed(name: string, expected: ClaimName[], tamper: (tampered: Tampered) => Hex | void): void {
  test(name, () => {
    const { evidence } = setup();
    const tampered = { evidence, header: evidence.committed!.header };
    const accused = tamper(tampered) ?? firstOf(tampered).orderId;
    rehash(tampered);
    // A card that one match took or left wrongly makes later ones wrong too.
    const claims = findClaims(evidence, CONTEXT).claims.filter(({ verdict }) => verdict!.order === accused);
    expect(claims.map((claim) => claim.name).sort()).toEqual([...expected].sort());
    for (const claim of claims) provesAgainst(tampered, claim);
  });
}

function provesAgainst({ evidence, header }: Tampered, { args }: Claim): void {
  const [first] = args as [MatchCase | object];
  const order = 'cleared' in first ? first.order : args.find((arg): arg is OrderProof => has(arg, 'order'));
  if (order) {
    const leaf = orderLeaf({
      id: evidence.leaves!.orders![order.index]!.id,
      code: order.code,
      position: order.position,
    });
    expect(
      verifyProof(TAG.orders, header.ordersRoot, header.orderCount, order.index, leaf, order.proof),
    ).toBe(true);
  }
  for (const ask of args.filter((arg): arg is AskProof => has(arg, 'ask'))) {
    const leaf = askLeaf({ ...ask, id: evidence.leaves!.asks![ask.index]!.id, storage: ask.storage_ });
    expect(verifyProof(TAG.asks, header.asksRoot, header.askCount, ask.index, leaf, ask.proof)).toBe(true);
  }
}

function has(value: unknown, field: string): boolean {
  return typeof value === 'object' && value !== null && field in value && 'proof' in value;
}

function namesOf(evidence: SlotEvidence, context: ClaimContext): string[] {
  return findClaims(evidence, context).claims.map(({ name }) => name);
}

function firstOf({ evidence }: Pick<Tampered, 'evidence'>) {
  return evidence.pages[0]!.matches![0]!;
}

function ordersAs({ evidence, header }: Tampered, change: (leaf: OrderLeaf) => OrderLeaf | null): void {
  const orders = evidence.leaves!.orders!.map(change).filter((leaf) => leaf !== null);
  evidence.leaves = { ...evidence.leaves, orders };
  Object.assign(header, {
    ordersRoot: merkleRoot(TAG.orders, orders.map(orderLeaf)),
    orderCount: orders.length,
  });
}

function asksAs({ evidence, header }: Tampered, change: (leaf: AskLeaf) => AskLeaf | null): void {
  const asks = evidence.leaves!.asks!.map(change).filter((leaf) => leaf !== null);
  evidence.leaves = { ...evidence.leaves, asks };
  Object.assign(header, { asksRoot: merkleRoot(TAG.asks, asks.map(askLeaf)), askCount: asks.length });
}

/** Two orders want the one card of the cheap ask; the first in clearing order gets it. */
function contested() {
  const world = emptyWorld();
  const [one, two] = [addProvider(world, 'one'), addProvider(world, 'two')];
  const cheap = addAsk(world, addNode(world, one, 'a', { cards: 1 }), { reservePrice: 1n }).id;
  addAsk(world, addNode(world, two, 'b'), { reservePrice: 1_000_000n });
  fund(world, address('ann'), 10n ** 9n);
  addOrder(world, address('ann'));
  addOrder(world, address('ann'));
  const evidence = structuredClone(honestEvidence(world)) as ReturnType<typeof setup>['evidence'];
  const { matches } = clear(world);
  return { world, evidence, cheap, second: matches[1]!.orderId };
}

/** The receipts of a slot whose scheduler was honest about them. */
function receiptsOf(world: World): ShownReceipt[] {
  let head: Hex = ZERO_HASH;
  const items = [
    ...world.orders.map(({ id, signed }) => ({ item: id, order: signed.order })),
    ...world.asks.map(({ id, signed }) => ({ item: id, ask: signed.ask })),
  ];
  return items.map(({ item, ...message }, seq) => {
    head = keccakWords(head, item);
    const receipt = { scheduler: SCHEDULER, slot: world.slot, seq, item, head };
    return { receipt, signature: '0x', signer: SCHEDULER, ...message };
  });
}
