import fc from 'fast-check';
import { expect, test } from 'vitest';
import { windowStart } from '../../domain/entropy.ts';
import { nodeEntropy } from '../../domain/history.ts';
import { applyEvent, EVENT_NAMES } from '../../domain/market-fold.ts';
import { emptyMarket, leasedCards, type MarketState } from '../../domain/market-state.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import { feeUp, lockFor, owed } from '../../domain/units.ts';
import {
  address,
  addAsk,
  addNode,
  addProvider,
  emptyWorld,
  fund,
  honestEvidence,
  randomWorld,
  TREASURY,
} from './world.ts';

const ANN = address('ann');

test('money: whatever the events, what was deposited is somewhere', () => {
  const steps = fc.array(fc.tuple(fc.nat(5), fc.nat(2), fc.bigInt({ min: 1n, max: 1_000n })), {
    maxLength: 60,
  });
  fc.assert(
    fc.property(steps, (given) => {
      const state = emptyMarket(TREASURY, DEFAULTS.feeBps);
      let logIndex = 0;
      let deposited = 0n;
      for (const [kind, who, amount] of given) {
        const account = address(`account ${who}`);
        const name = ['Deposited', 'Withdrawn', 'BiddingFunded', 'UnbidRequested', 'UnbidFinished', 'Staked'][
          kind
        ]!;
        applyEvent(state, {
          blockNumber: 1n,
          logIndex: logIndex++,
          name,
          args: { account, amount, readyAt: 5n },
        });
        if (kind === 0) deposited += amount;
        if (kind === 1) deposited -= amount;
      }
      expect(total(state)).toBe(deposited);
    }),
  );
});

test('a slot with its leases settled leaves all money in accounts', () => {
  const world = randomWorld({ seed: 11, nodes: 30, providers: 12, orders: 12 });
  const before = total(world.state);
  const evidence = honestEvidence(world);
  const after = evidence.stateNow!;
  expect(evidence.committed!.header.matchCount).toBeGreaterThan(5);
  expect(total(after)).toBe(before);
  const fees = [...after.leases.values()].reduce((sum, lease) => sum + lease.fee, 0n);
  const kept = [...after.quotes.values()].reduce((sum, quote) => sum + quote.kept, 0n);
  expect(after.fees).toBe(fees + kept);
});

test('a lease runs from lock to refund', () => {
  const world = emptyWorld();
  const provider = addProvider(world, 'p');
  const node = addNode(world, provider, 'n');
  fund(world, ANN, 10_000_000n);
  const [cards, duration, rate] = [3, 7_200, 1_000_001n];
  const locked = lockFor(cards, duration, rate, DEFAULTS.feeBps);
  world.emit('Deposited', { account: ANN, amount: locked });
  const sale = {
    provider,
    node,
    nonce: 1n,
    cards,
    duration,
    start: 1_000n,
    rate,
    workload: node,
    parent: 0n,
  };
  world.emit('ListingBought', { listingId: node, consumer: ANN, leaseId: 256n, sale });
  expect(world.state.accounts.get(ANN)).toMatchObject({ available: 0n, bidding: 10_000_000n });
  expect(leasedCards(world.state, node, 8_199n)).toBe(3);
  expect(leasedCards(world.state, node, 8_200n)).toBe(0);

  const paid = owed(cards, 1_800, rate);
  const fee = feeUp(paid, DEFAULTS.feeBps);
  world.emit('LeaseClosed', { leaseId: 256n, end: 2_800n, reason: 2 });
  expect(leasedCards(world.state, node, 2_800n)).toBe(0);
  world.emit('LeaseSettled', { leaseId: 256n, until: 2_800n, paid, fee });
  world.emit('LeaseEnded', { leaseId: 256n, reason: 2, refunded: locked - paid - fee });
  expect(world.state.leases.get(256n)).toMatchObject({
    paid,
    fee,
    refunded: locked - paid - fee,
    end: 2_800n,
    settledUntil: 2_800n,
    settled: true,
    endReason: 'CLOSED_BY_CONSUMER',
  });
  expect(world.state.accounts.get(address('p payout'))?.available).toBe(paid);
  expect(world.state.fees).toBe(fee);
  world.emit('FeesCollected', { treasury: TREASURY, amount: fee });
  expect(world.state.accounts.get(TREASURY)?.available).toBe(fee);
  expect(world.state.accounts.get(ANN)?.available).toBe(locked - paid - fee);
});

test('a Buy locks what is available, and has no slot', () => {
  const world = emptyWorld();
  const provider = addProvider(world, 'p');
  const node = addNode(world, provider, 'n');
  world.emit('Deposited', { account: ANN, amount: 500n });
  const terms = { provider, node, nonce: 1n, cards: 1, duration: 60, start: 1_000n, rate: 11_766n };
  const sale = { ...terms, workload: node, parent: 0n };
  world.emit('ListingBought', { listingId: node, consumer: ANN, leaseId: 256n, sale });
  expect(world.state.accounts.get(ANN)).toMatchObject({ available: 300n, bidding: 0n });
  expect(world.state.leases.get(256n)?.slot).toBeNull();
  expect(world.state.filled.get(node)).toBe(1);
});

test('a quote holds its money until it is procured or comes back, once', () => {
  const world = emptyWorld();
  const deadline = 99n;
  world.emit('Deposited', { account: ANN, amount: 100n });
  for (const orderId of [address('first'), address('second')])
    world.emit('QuoteAccepted', { orderId, consumer: ANN, amount: 40n, deadline });
  expect(world.state.accounts.get(ANN)).toMatchObject({ available: 20n, bidding: 0n });
  expect(world.state.quotes.get(address('first'))).toMatchObject({ outcome: 'HELD', amount: 40n, deadline });
  const procured = { orderId: address('first'), consumer: ANN, total: 30n, shared: 4n, kept: 6n };
  expect(() => world.emit('QuoteProcured', { ...procured, total: 31n })).toThrow('41 went');
  const second = { orderId: address('second'), consumer: ANN, amount: 40n };
  world.emit('QuoteRefunded', second);
  expect(world.state.accounts.get(ANN)).toMatchObject({ available: 60n });
  expect(() => world.emit('QuoteRefunded', second)).toThrow('REFUNDED');
});

test('a procured quote leaves its lease what it needs in bidding, and shares the rest', () => {
  const world = emptyWorld();
  world.emit('Deposited', { account: ANN, amount: 40n });
  const orderId = address('order');
  world.emit('QuoteAccepted', { orderId, consumer: ANN, amount: 40n, deadline: 9n });
  world.emit('QuoteProcured', { orderId, consumer: ANN, total: 30n, shared: 4n, kept: 6n });
  expect(world.state.accounts.get(ANN)).toMatchObject({ available: 4n, bidding: 30n });
  expect(world.state.fees).toBe(6n);
  expect(world.state.quotes.get(orderId)).toMatchObject({ outcome: 'PROCURED', shared: 4n, kept: 6n });
});

test('money on its way out that a match calls back is bidding again', () => {
  const world = emptyWorld();
  fund(world, ANN, 100n);
  world.emit('UnbidRequested', { account: ANN, amount: 80n, readyAt: 7n });
  world.emit('UnbidRecalled', { account: ANN, amount: 30n });
  expect(world.state.accounts.get(ANN)).toMatchObject({ bidding: 50n, unbidding: 50n, readyAt: 7n });
});

test('a fill uses the nonce of the order and the cards of the ask', () => {
  const world = randomWorld({ seed: 11, nodes: 30, providers: 12, orders: 12 });
  const { pages, stateNow, orders } = honestEvidence(world);
  for (const { orderId, askId } of pages.flatMap((page) => page.matches!)) {
    const { order } = orders.find((item) => item.id === orderId)!.signed;
    expect(stateNow!.usedNonces.has(`order:${order.consumer}:${order.nonce}`)).toBe(true);
    expect(stateNow!.filled.get(askId)).toBeGreaterThanOrEqual(order.cards);
  }
});

test('forgotten leases are those that no later slot looks at', () => {
  const world = emptyWorld();
  const node = addNode(world, addProvider(world, 'p'), 'n');
  fund(world, ANN, 10n ** 15n);
  const all: { start: bigint; end: bigint; cards: number }[] = [];
  for (let i = 0; i < 1_000; i++) {
    const start = 1_790_000_000n + BigInt(i * 700);
    const duration = i % 50 === 0 ? 400_000 : 600;
    all.push({ start, end: start + BigInt(duration), cards: 1 });
    const terms = { provider: address('p'), node, nonce: 1n, cards: 1, duration, start, rate: 1n };
    const sale = { ...terms, workload: node, parent: 0n };
    world.emit('ListingBought', { listingId: node, consumer: ANN, leaseId: BigInt(i + 1) << 8n, sale });
    if (i % 37 !== 0) continue;
    const at = start + 10n;
    const kept = world.state.leasesByNode.get(node)!;
    expect(leasedCards(world.state, node, at)).toBe(all.filter((lease) => lease.end > at).length);
    expect(nodeEntropy(8, kept, at)).toBe(nodeEntropy(8, all as typeof kept, at));
  }
  const seen = all.filter((lease) => lease.end > windowStart(all.at(-1)!.start)).length;
  expect(world.state.leasesByNode.get(node)!.length).toBeLessThan(seen + 64);
  expect(world.state.leases.size).toBe(1_000);
});

test('nodes and providers follow their events', () => {
  const world = emptyWorld();
  const provider = addProvider(world, 'p');
  const node = addNode(world, provider, 'n');
  addAsk(world, node);
  world.emit('NodeEpochRaised', { node, epoch: 4 });
  world.emit('SignerRotated', { provider, signer: ANN });
  world.emit('StakeAdded', { provider, amount: 5n });
  world.emit('UnbondingStarted', { provider, exitAt: 99n });
  expect(world.state.nodes.get(node)).toMatchObject({ epoch: 4, provider, cards: 8 });
  expect(world.state.providers.get(provider)).toMatchObject({
    signer: ANN,
    stake: 100_000_005n,
    exitAt: 99n,
  });
  world.emit('ProviderExited', { provider, stake: 100_000_005n });
  expect(world.state.providers.get(provider)?.stake).toBe(0n);
});

test('an unknown event, a wrong type or an order that no chain has is a bug and throws', () => {
  const world = emptyWorld();
  expect(() => world.emit('Surprise', {})).toThrow('Surprise');
  expect(() => world.emit('Deposited', { account: ANN, amount: 5 })).toThrow('Deposited.amount');
  expect(() => world.emit('LeaseClosed', { leaseId: 5n, end: 1n, reason: 1 })).toThrow('5');
  expect(EVENT_NAMES).toHaveLength(64);
});

function total({ accounts, leases, quotes, fees }: MarketState): bigint {
  let sum = fees;
  for (const account of accounts.values())
    sum += account.available + account.bidding + account.unbidding + account.staked;
  for (const { locked, paid, fee, refunded } of leases.values()) sum += locked - paid - fee - refunded;
  for (const { outcome, amount } of quotes.values()) if (outcome === 'HELD') sum += amount;
  return sum;
}
