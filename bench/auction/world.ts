/** The market that the auction bench clears, publishes and verifies: real keys and signatures, a chain made of events. */
import { askId, orderId } from '../../domain/eip712.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { leaseId } from '../../domain/lease-page.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import { encodeManifest, type SlotReceipts } from '../../domain/manifest.ts';
import { emptyMarket, type MarketState } from '../../domain/market-state.ts';
import { classId, regionId } from '../../domain/names.ts';
import { DEFAULTS, slotEnd, type Parameters } from '../../domain/parameters.ts';
import { requirementOf } from '../../domain/requirement.ts';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import { clearSlot, type ClearedSlot, type SlotAsk, type SlotOrder } from '../../domain/slot.ts';
import type { Ask, Hex, Order, SigningDomain } from '../../domain/types.ts';
import { workloadHash } from '../../domain/workload.ts';
import { random } from '../bench.ts';

export const SLOT = 173_000_000n;
export const CLOSE_BLOCK = 1_000n;
export const DOMAIN: SigningDomain = { chainId: 31_337, auction: addressText('auction') };
export const PARAMETERS: Parameters = DEFAULTS;
export const WORKLOAD = { command: ['sh', '-c', 'echo hello'] };
/** Signs the receipts. */
export const GATEWAY_KEY = keccakText('bench receipts');
export const GATEWAY = addressOf(GATEWAY_KEY);
const TREASURY = addressText('treasury');
const NEVER = 2n ** 39n;
const UNIT = 1_000_000;

/** How many of everything, and how different they are. */
export interface Shape {
  providers: number;
  /** One ask each. */
  nodes: number;
  orders: number;
  consumers: number;
  classes: number;
  regions: number;
  /** Nodes differ in cards, network, storage and history; otherwise all are idle and have 8 cards. */
  diverse: boolean;
  /** Orders in a hundred that bid less than every reserve. */
  hopeless: number;
}

export const DIVERSE: Shape = {
  providers: 1_000,
  nodes: 10_000,
  orders: 10_000,
  consumers: 1_000,
  classes: 20,
  regions: 8,
  diverse: true,
  hopeless: 0,
};

/** One class, one region, one state: every ask is as near as every other, and a quarter of the orders find none. */
export const ALIKE: Shape = { ...DIVERSE, classes: 1, regions: 1, diverse: false, hopeless: 25 };

export interface World {
  seed: Hex;
  state: MarketState;
  orders: SlotOrder[];
  asks: SlotAsk[];
  /** More orders of the same kind, for another slot. */
  ordersOf(slot: bigint, count: number): SlotOrder[];
}

interface Party {
  address: Hex;
  key: Hex;
}

export function makeWorld(shape: Shape, seed: number): World {
  const next = random(seed);
  const pick = (below: number): number => Math.floor(next() * below);
  const state = emptyMarket(TREASURY, PARAMETERS.feeBps);
  let logIndex = 0;
  const emit = (name: string, args: Record<string, unknown>): void =>
    applyEvent(state, { blockNumber: CLOSE_BLOCK - 1n, logIndex: logIndex++, name, args });
  const end = slotEnd(SLOT, PARAMETERS);
  const consumers = parties('consumer', shape.consumers);
  const providers = parties('provider', shape.providers);
  for (const { address } of consumers) {
    emit('Deposited', { account: address, amount: 10n ** 15n });
    emit('BiddingFunded', { account: address, amount: 9n * 10n ** 14n });
  }
  for (const { address } of providers) {
    emit('Deposited', { account: address, amount: 10n ** 9n });
    emit('Staked', { account: address, amount: PARAMETERS.minProviderStake });
    emit('ProviderRegistered', {
      ...{ provider: address, payout: address, signer: address, metadata: '' },
      stake: PARAMETERS.minProviderStake,
    });
  }
  const lease = (node: Hex, cards: number): void => {
    const id = leaseId(BigInt(state.pages.size + 1), 0);
    const { provider } = state.nodes.get(node)!;
    const start = end - BigInt(pick(86_400));
    const duration = 600 + pick(43_200);
    const sale = { provider, node, nonce: id, cards, duration, start, rate: 1n, workload: node, parent: 0n };
    const consumer = consumers[pick(consumers.length)]!.address;
    emit('ListingBought', { listingId: keccakText(`lease ${id}`), consumer, leaseId: id, sale });
  };
  const asks = Array.from({ length: shape.nodes }, (_, n): SlotAsk => {
    const owner = providers[n % providers.length]!;
    const { diverse } = shape;
    const cards = diverse ? 1 + pick(8) : 8;
    const node = keccakText(`node ${n}`);
    emit('NodeAdded', {
      ...{ node, provider: owner.address, x: 'x', y: 'y', z: `${n}`, cards },
      className: className(pick(shape.classes)),
      region: regionName(pick(shape.regions)),
      networkMbps: diverse ? 1_000 + pick(99_000) : 100_000,
      storageGb: diverse ? 100 + pick(19_900) : 20_000,
    });
    if (diverse && pick(3) === 0) lease(node, 1 + pick(cards));
    return signedAsk(owner, state, node, BigInt(UNIT + pick(2 * UNIT)), BigInt(n));
  });
  let nonce = 0;
  const order = (slot: bigint): SlotOrder => {
    const classes = pick(10) === 0 && shape.classes > 1 ? twoClasses(pick, shape) : [];
    const requirement =
      classes.length > 0
        ? requirementOf(classes)
        : pick(20) === 0
          ? ZERO_HASH
          : classId(className(pick(shape.classes)));
    const hopeless = pick(100) < shape.hopeless;
    nonce += 1;
    return signedOrder(consumers[nonce % consumers.length]!, classes, {
      validUntil: slotEnd(slot, PARAMETERS),
      requirement,
      cards: 1 + (pick(4) === 0 ? 1 : 0),
      startPrice: BigInt(hopeless ? UNIT - 1 : 2 * UNIT + pick(3 * UNIT)),
      taskCompute: pick(10_001),
      taskNetwork: pick(10_001),
      taskStorage: pick(10_001),
      region: pick(3) === 0 ? regionId(regionName(pick(shape.regions))) : ZERO_HASH,
      nonce: BigInt(nonce),
    });
  };
  const ordersOf = (slot: bigint, count: number): SlotOrder[] =>
    Array.from({ length: count }, () => order(slot));
  return { seed: keccakText(`seed ${seed}`), state, asks, orders: ordersOf(SLOT, shape.orders), ordersOf };
}

function signedAsk(
  owner: Party,
  state: MarketState,
  supply: Hex,
  reservePrice: bigint,
  nonce: bigint,
): SlotAsk {
  const node = state.nodes.get(supply)!;
  const ask: Ask = {
    provider: owner.address,
    supply,
    supplyKind: 0,
    nodeEpoch: node.epoch,
    resourceClass: node.resourceClass,
    region: node.regionId,
    cards: node.cards,
    reservePrice,
    validFrom: 0n,
    validUntil: NEVER,
    nonce,
  };
  const id = askId(DOMAIN, ask);
  return { id, signed: { ask, signature: signDigest(id, owner.key) }, signer: owner.address };
}

type Wish = Omit<Order, 'consumer' | 'duration' | 'latestStart' | 'minReputation' | 'minTier' | 'workload'>;

function signedOrder(by: Party, classes: Hex[], wish: Wish): SlotOrder {
  const order: Order = {
    consumer: by.address,
    duration: 3_600,
    latestStart: NEVER,
    minReputation: 0,
    minTier: 0,
    workload: workloadHash(WORKLOAD),
    ...wish,
  };
  const id = orderId(DOMAIN, order);
  return { id, signed: { order, classes, signature: signDigest(id, by.key) }, signer: by.address };
}

function twoClasses(pick: (below: number) => number, shape: Shape): Hex[] {
  const first = pick(shape.classes);
  const second = (first + 1 + pick(shape.classes - 1)) % shape.classes;
  return [first, second].map((n) => classId(className(n))).sort();
}

function parties(kind: string, count: number): Party[] {
  return Array.from({ length: count }, (_, n) => {
    const key = keccakText(`bench ${kind} ${n}`);
    return { key, address: addressOf(key) };
  });
}

function addressOf(key: Hex): Hex {
  const digest = keccakText('whose key is this');
  return recoverSigner(digest, signDigest(digest, key))!;
}

export function className(n: number): string {
  return `CLASS-${n}`;
}

function regionName(n: number): string {
  return `region-${n}`;
}

export function addressText(name: string): Hex {
  return `0x${keccakText(name).slice(26)}`;
}

/** A slot's items cleared as the scheduler clears them, its inputs encoded first. */
export function clearItems(
  { seed, state }: Pick<World, 'seed' | 'state'>,
  slot: bigint,
  { orders, asks }: { orders: readonly SlotOrder[]; asks: readonly SlotAsk[] },
  receipts: SlotReceipts,
): ClearedSlot {
  const manifest = encodeManifest({ domain: DOMAIN, slot, orders, asks, receipts });
  const input = { slot, seed, closeBlock: CLOSE_BLOCK, parameters: PARAMETERS, orders, asks, manifest };
  return clearSlot(input, state);
}
