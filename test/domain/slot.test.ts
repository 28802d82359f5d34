import { describe, expect, test } from 'vitest';
import { distance } from '../../domain/distance.ts';
import { ASK_CODE, ORDER_CODE } from '../../domain/eligibility.ts';
import { entropyGap } from '../../domain/entropy.ts';
import { keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { decodeManifest } from '../../domain/manifest.ts';
import { classId, regionId } from '../../domain/names.ts';
import { slotEnd } from '../../domain/parameters.ts';
import { requirementOf } from '../../domain/requirement.ts';
import { APPROVED, QUOTED } from '../../domain/signing.ts';
import { naiveSlot } from './naive-slot.ts';
import {
  addAsk,
  address,
  addLease,
  addNode,
  addOrder,
  addProvider,
  CLASSES,
  clear,
  emptyWorld,
  fund,
  random,
  randomWorld,
  REGIONS,
  takeQuote,
  type World,
} from './world.ts';

const ANN = address('ann');

describe('the slot of a naive implementation', () => {
  test.each(Array.from({ length: 150 }, (_, seed) => seed))('market %i', (seed) => {
    const pick = random(seed);
    const world = randomWorld({
      seed,
      nodes: 1 + pick(40),
      providers: 1 + pick(30),
      orders: 1 + pick(15),
      leases: pick(40),
    });
    spoil(world, pick);
    const cleared = clear(world);
    const naive = naiveSlot(world);
    expect(cleared.orders).toEqual(naive.orders);
    expect(cleared.asks).toEqual(naive.asks);
    const plain = cleared.matches.map(({ orderId, askId, runnerUp, step, price, shortlist }) => ({
      orderId,
      askId,
      runnerUp,
      step,
      price,
      shortlist,
    }));
    expect(plain).toEqual(naive.matches);
    expect(cleared.unmatched.map(({ orderId, reason }) => ({ orderId, reason }))).toEqual(naive.unmatched);
  });

  test('is met with matches, reasons and codes of every kind', () => {
    const seen = new Set<string>();
    for (let seed = 0; seed < 150; seed++) {
      const pick = random(seed);
      const world = randomWorld({
        seed,
        nodes: 1 + pick(40),
        providers: 1 + pick(30),
        orders: 1 + pick(15),
        leases: pick(40),
      });
      spoil(world, pick);
      const cleared = clear(world);
      for (const { code } of cleared.orders) seen.add(`order ${code}`);
      for (const { code } of cleared.asks) seen.add(`ask ${code}`);
      for (const { reason } of cleared.unmatched) seen.add(reason);
      for (const { runnerUp } of cleared.matches) seen.add(runnerUp ? 'two' : 'one');
    }
    const codes = [0, 1, 2, 3, 4, 5].flatMap((code) => [`order ${code}`, `ask ${code}`]);
    const reasons = [
      'NO_CLASS',
      'NO_REGION',
      'NO_CARDS',
      'NO_REPUTATION',
      'NO_TIER',
      'PRICE',
      'FUNDS',
      'NONCE',
    ];
    expect([...seen].sort()).toEqual(
      [...codes, 'order 8', 'ask 6', 'ask 7', 'ask 8', ...reasons, 'one', 'two'].sort(),
    );
  });
});

describe('clearing', () => {
  test('does not depend on the order of arrival, and leaves the state alone', () => {
    for (let seed = 0; seed < 10; seed++) {
      const world = randomWorld({ seed, nodes: 20, providers: 8, orders: 8, leases: 10 });
      const before = structuredClone(world.state);
      const cleared = clear(world);
      const again = clear({ ...world, orders: world.orders.toReversed(), asks: world.asks.toReversed() });
      expect(again).toEqual(cleared);
      expect(world.state).toEqual(before);
    }
  });

  test('never sells a card twice', () => {
    for (let seed = 0; seed < 30; seed++) {
      const world = randomWorld({ seed, nodes: 6, providers: 4, orders: 20, leases: 6 });
      const cleared = clear(world);
      const end = slotEnd(world.slot, world.parameters);
      for (const node of world.state.nodes.values()) {
        const leased = world.state.leasesByNode.get(node.id)?.filter((lease) => lease.end > end) ?? [];
        const before = leased.reduce((sum, lease) => sum + lease.cards, 0);
        const sold = cleared.matches.filter((match) => match.ask.ask.supply === node.id);
        const cards = sold.reduce((sum, match) => sum + match.order.order.cards, 0);
        if (cards > 0) expect(before + cards).toBeLessThanOrEqual(node.cards);
      }
    }
  });

  test('publishes what it was made of', () => {
    const world = randomWorld({ seed: 5, nodes: 9, providers: 3, orders: 4 });
    const cleared = clear(world);
    const manifest = decodeManifest(cleared.manifest);
    expect(manifest.slot).toBe(world.slot);
    expect(manifest.orders.map((item) => item.id)).toEqual(world.orders.map((item) => item.id).sort());
    expect(manifest.asks.map((item) => item.id)).toEqual(world.asks.map((item) => item.id).sort());
  });

  test('shows how far each ask of a shortlist is', () => {
    const world = market();
    addOrder(world, ANN, { startPrice: 5_000_000n });
    const { matches, asks } = clear(world);
    const { order, leaf, distances, entropyGaps } = matches[0]!;
    const { taskCompute, taskNetwork, taskStorage } = order.order;
    const task = { compute: taskCompute, network: taskNetwork, storage: taskStorage };
    const listed = leaf.shortlist.map((place) => asks[place]!);
    expect(listed).toHaveLength(2);
    expect(distances).toEqual(listed.map((ask) => distance(task, ask)));
    expect(entropyGaps).toEqual(listed.map((ask) => entropyGap(ask.entropyMicroBits)));
  });

  test('an order whose classes do not make its requirement is out', () => {
    const world = market();
    const classes = CLASSES.map(classId).sort();
    const good = addOrder(world, ANN, { requirement: requirementOf(classes) }, { classes });
    const bad = addOrder(
      world,
      ANN,
      { requirement: requirementOf(classes) },
      { classes: classes.toReversed() },
    );
    const codes = new Map(clear(world).orders.map(({ id, code }) => [id, code]));
    expect(codes.get(good.id)).toBe(ORDER_CODE.ELIGIBLE);
    expect(codes.get(bad.id)).toBe(ORDER_CODE.TERMS);
  });

  test('two orders with one nonce: the first to clear is filled', () => {
    const world = market();
    const two = [addOrder(world, ANN, { nonce: 1n }), addOrder(world, ANN, { nonce: 1n, cards: 2 })];
    two.sort((a, b) => (keccakWords(a.id, world.seed) < keccakWords(b.id, world.seed) ? -1 : 1));
    const cleared = clear(world);
    expect(cleared.matches.map((match) => match.orderId)).toEqual([two[0]!.id]);
    expect(cleared.unmatched).toMatchObject([{ orderId: two[1]!.id, reason: 'NONCE' }]);
  });

  test('the balance follows the prices that were cleared', () => {
    const world = emptyWorld();
    const node = addNode(world, addProvider(world, 'p'), 'n');
    addAsk(world, node, { reservePrice: 1n });
    fund(world, ANN, 5_100_000n);
    addOrder(world, ANN, { startPrice: 5_000_000n });
    addOrder(world, ANN, { startPrice: 5_000_000n });
    const cleared = clear(world);
    expect(cleared.matches).toHaveLength(1);
    expect(cleared.unmatched).toMatchObject([{ reason: 'FUNDS' }]);
  });

  test('all cards taken is a lack of cards, not of the class', () => {
    const world = emptyWorld();
    const node = addNode(world, addProvider(world, 'p'), 'n');
    addAsk(world, node);
    fund(world, ANN, 10n ** 12n);
    addLease(world, node, { cards: 8, ago: 100, duration: 10_000, consumer: ANN });
    addOrder(world, ANN, { requirement: classId(CLASSES[0]!) });
    addOrder(world, ANN, { requirement: classId(CLASSES[1]!) });
    const cleared = clear(world);
    expect(cleared.asks[0]).toMatchObject({ idle: 0, code: ASK_CODE.NO_FREE_CARD });
    expect(cleared.unmatched.map((entry) => entry.reason).sort()).toEqual(['NO_CARDS', 'NO_CLASS']);
  });

  test('tells how far the nearest reserve was', () => {
    const world = market();
    addOrder(world, ANN, { startPrice: 999_999n });
    expect(clear(world).unmatched).toMatchObject([{ reason: 'PRICE', nearestReserve: 1_000_000n }]);
  });
});

/** Two providers, a node and an ask each at 1.00 and 2.00, and a consumer with funds. */
function market(): World {
  const world = emptyWorld();
  fund(world, ANN, 10n ** 12n);
  for (const [i, name] of ['p', 'q'].entries())
    addAsk(world, addNode(world, addProvider(world, name), `node of ${name}`), {
      reservePrice: BigInt(i + 1) * 1_000_000n,
    });
  return world;
}

/** Breaks some of the asks and orders of a random market in every way there is. */
function spoil(world: World, pick: (below: number) => number): void {
  const end = slotEnd(world.slot, world.parameters);
  const nodes = [...world.state.nodes.values()];
  const node = () => nodes[pick(nodes.length)]!.id;
  for (let i = 0; i < 3; i++) {
    addAsk(world, node(), {}, pick(2) === 0 ? null : address('nobody'));
    addAsk(world, node(), pick(2) === 0 ? { validUntil: end - 1n } : { validFrom: end + 1n });
    addAsk(world, node(), { supplyKind: pick(2), reservePrice: BigInt(pick(2)) });
    addAsk(world, node(), pick(2) === 0 ? { resourceClass: ZERO_HASH } : { region: regionId('nowhere') });
    addAsk(world, node(), { nodeEpoch: 1 });
    addAsk(world, node(), {
      supply: ZERO_HASH,
      provider: pick(2) === 0 ? address('nobody') : address('provider 0'),
    });
  }
  const cancelled = addAsk(world, node()).signed.ask;
  world.emit('AskCancelled', { provider: cancelled.provider, nonce: cancelled.nonce });
  if (pick(2) === 0) world.emit('UnbondingStarted', { provider: nodes[0]!.provider, exitAt: 5n });
  const [first] = world.asks;
  if (pick(2) === 0) world.state.filled.set(first!.id, first!.signed.ask.cards);
  const consumers = ['ann', 'bob', 'cyd'].map(address);
  const consumer = () => consumers[pick(3)]!;
  addOrder(world, consumer(), {}, { signer: pick(2) === 0 ? null : address('nobody') });
  // Never approved; no quote of it, or one that is over.
  addOrder(world, consumer(), {}, { signature: pick(2) === 0 ? APPROVED : QUOTED });
  const over = addOrder(world, consumer());
  const amount = takeQuote(world, over);
  const { order } = over.signed;
  if (pick(2) === 0) world.emit('QuoteRefunded', { orderId: over.id, consumer: order.consumer, amount });
  addOrder(world, consumer(), pick(2) === 0 ? { validUntil: end - 1n } : { latestStart: end + 59n });
  const void_ = addOrder(world, consumer()).signed.order;
  if (pick(2) === 0) {
    const node = [...world.state.nodes.keys()][pick(world.state.nodes.size)]!;
    const until = slotEnd(world.slot, world.parameters) + BigInt(pick(3) - 1);
    world.emit('NodeClustered', { node, cluster: ZERO_HASH, until });
  }
  world.emit('OrderCancelled', { account: void_.consumer, nonce: void_.nonce });
  addOrder(world, address('poor'));
  // Enough for either of two, hardly for both.
  fund(world, address('dee'), 20_400_000n);
  for (let i = 0; i < 2; i++) addOrder(world, address('dee'), { startPrice: 20_000_000n });
  addOrder(
    world,
    consumer(),
    [{ cards: 0 }, { duration: 59 }, { duration: 31_536_001, startPrice: 1n }, { startPrice: 0n }][pick(4)]!,
  );
  // The nonce of an order that stands already, with other terms.
  addOrder(world, world.orders[0]!.signed.order.consumer, { nonce: 0n, duration: 60 });
  addOrder(world, consumer(), { requirement: classId('GTX-680') });
  const classes = CLASSES.slice(0, 2).map(classId).sort();
  addOrder(
    world,
    consumer(),
    { requirement: requirementOf(classes), region: regionId(REGIONS[pick(2)]!) },
    { classes },
  );
  addOrder(world, consumer(), { minTier: pick(2), cards: 3 });
}
