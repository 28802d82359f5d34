/** A small market made of events alone: what the domain's tests clear, publish, and tamper with. */
import { askId, orderId } from '../../domain/eip712.ts';
import type { BlockFact, SlotEvidence } from '../../domain/evidence.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { leaseId } from '../../domain/lease-page.ts';
import { applyEvent } from '../../domain/market-fold.ts';
import { encodeManifest, type Manifest } from '../../domain/manifest.ts';
import { packMatches } from './pack-matches.ts';
import { emptyMarket, type MarketState } from '../../domain/market-state.ts';
import { classId, regionId } from '../../domain/names.ts';
import { matchRoot } from '../../domain/page.ts';
import { DEFAULTS, slotEnd, type Parameters } from '../../domain/parameters.ts';
import { clearSlot, type ClearedSlot, type SlotAsk, type SlotOrder } from '../../domain/slot.ts';
import type { Ask, Hex, MarketEvent, Order, SigningDomain } from '../../domain/types.ts';
import { APPROVED, QUOTED } from '../../domain/signing.ts';
import { lockFor, owed, feeUp } from '../../domain/units.ts';

export const DOMAIN: SigningDomain = { chainId: 31337, auction: address('auction') };
export const TREASURY = address('treasury');
export const CLASSES = ['H100-SXM-80G', 'A100-SXM-80G', 'V100-SXM2-32G'];
export const REGIONS = ['cn-310000', 'cn-110000'];
export const SLOT = 173_000_000n;

export function address(name: string): Hex {
  return `0x${keccakText(name).slice(26)}`;
}

/** Deterministic numbers: the same seed, the same market. */
export function random(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

export interface World {
  parameters: Parameters;
  slot: bigint;
  seed: Hex;
  closeBlock: bigint;
  state: MarketState;
  orders: SlotOrder[];
  asks: SlotAsk[];
  /** Applies an event to the state; its block precedes the close. */
  emit: (name: string, args: Record<string, unknown>) => void;
}

/** An empty market with a clock: slot `SLOT` is about to close. */
export function emptyWorld(parameters: Partial<Parameters> = {}): World {
  const state = emptyMarket(TREASURY, parameters.feeBps ?? DEFAULTS.feeBps);
  let logIndex = 0;
  return {
    parameters: { ...DEFAULTS, ...parameters },
    slot: SLOT,
    seed: keccakText('seed'),
    closeBlock: 1_000n,
    state,
    orders: [],
    asks: [],
    emit: (name, args) => applyEvent(state, { blockNumber: 900n, logIndex: logIndex++, name, args }),
  };
}

export function addProvider(world: World, name: string): Hex {
  const provider = address(name);
  world.emit('Deposited', { account: provider, amount: 1_000_000_000n });
  world.emit('Staked', { account: provider, amount: 100_000_000n });
  world.emit('ProviderRegistered', {
    provider,
    payout: address(`${name} payout`),
    signer: address(`${name} key`),
    stake: 100_000_000n,
    metadata: name,
  });
  return provider;
}

export interface NodeTerms {
  className: string;
  region: string;
  cards: number;
  networkMbps: number;
  storageGb: number;
}

export function addNode(world: World, provider: Hex, name: string, terms: Partial<NodeTerms> = {}): Hex {
  const node = keccakText(name);
  world.emit('NodeAdded', {
    node,
    provider,
    x: 'x',
    y: 'y',
    z: name,
    className: CLASSES[0],
    region: REGIONS[0],
    cards: 8,
    networkMbps: 100_000,
    storageGb: 20_000,
    ...terms,
  });
  return node;
}

/** An ask of a node of the world, signed by its provider's key unless `signer` says otherwise. */
export function addAsk(world: World, node: Hex, terms: Partial<Ask> = {}, signer?: Hex | null): SlotAsk {
  const known = world.state.nodes.get(node)!;
  const ask: Ask = {
    provider: known.provider,
    supply: node,
    supplyKind: 0,
    nodeEpoch: known.epoch,
    resourceClass: known.resourceClass,
    region: known.regionId,
    cards: known.cards,
    reservePrice: 1_000_000n,
    validFrom: 0n,
    validUntil: 2n ** 39n,
    nonce: BigInt(world.asks.length),
    ...terms,
  };
  const key = world.state.providers.get(ask.provider)?.signer ?? null;
  const item: SlotAsk = {
    id: askId(DOMAIN, ask),
    signed: { ask, signature: '0x' },
    signer: signer === undefined ? key : signer,
  };
  world.asks.push(item);
  return item;
}

/** Any 65 bytes: `signer` says whose they are. */
const BY_KEY: Hex = `0x${'11'.repeat(65)}`;

/** The consumer approves the order on-chain instead of signing it. */
export function approve(world: World, item: SlotOrder): void {
  world.emit('OrderApproved', { orderId: item.id, consumer: item.signed.order.consumer });
  Object.assign(item, { signer: null, signed: { ...item.signed, signature: APPROVED } });
}

/** The consumer accepts the order's start price as a firm quote, with new money. */
export function takeQuote(world: World, item: SlotOrder): bigint {
  const { consumer, cards, duration, startPrice, validUntil } = item.signed.order;
  const amount = lockFor(cards, duration, startPrice, world.parameters.feeBps);
  const deadline = validUntil + BigInt(world.parameters.commitDeadlineSeconds);
  world.emit('Deposited', { account: consumer, amount });
  world.emit('QuoteAccepted', { orderId: item.id, consumer, amount, deadline });
  Object.assign(item, { signer: null, signed: { ...item.signed, signature: QUOTED } });
  return amount;
}

/** An order of a consumer with funds, signed by it unless `signer` says otherwise. */
export function addOrder(
  world: World,
  consumer: Hex,
  terms: Partial<Order> = {},
  {
    classes = [],
    signer = consumer,
    signature = BY_KEY,
  }: { classes?: Hex[]; signer?: Hex | null; signature?: Hex } = {},
): SlotOrder {
  const order: Order = {
    consumer,
    requirement: ZERO_HASH,
    cards: 1,
    duration: 3_600,
    startPrice: 5_000_000n,
    taskCompute: 1_250,
    taskNetwork: 0,
    taskStorage: 0,
    region: ZERO_HASH,
    latestStart: 2n ** 39n,
    validUntil: 2n ** 39n,
    minReputation: 0,
    minTier: 0,
    workload: keccakText('workload'),
    nonce: BigInt(world.orders.length),
    ...terms,
  };
  const item: SlotOrder = { id: orderId(DOMAIN, order), signed: { order, classes, signature }, signer };
  world.orders.push(item);
  return item;
}

export function fund(world: World, consumer: Hex, amount: bigint): void {
  world.emit('Deposited', { account: consumer, amount });
  world.emit('BiddingFunded', { account: consumer, amount });
}

/** A lease from before the slot, `ago` seconds before the slot's end, ordinary in its money. */
export function addLease(
  world: World,
  node: Hex,
  terms: { cards: number; ago: number; duration: number; consumer: Hex },
): bigint {
  const { cards, ago, duration, consumer } = terms;
  const rate = 1_000_000n;
  const id = leaseId(BigInt(world.state.pages.size + 1), 0);
  const locked = lockFor(cards, duration, rate, world.parameters.feeBps);
  world.emit('Deposited', { account: consumer, amount: locked });
  const { provider } = world.state.nodes.get(node)!;
  const start = slotEnd(world.slot, world.parameters) - BigInt(ago);
  const sale = { provider, node, nonce: id, cards, duration, start, rate, workload: node, parent: 0n };
  world.emit('ListingBought', { listingId: keccakText(`lease ${id}`), consumer, leaseId: id, sale });
  return id;
}

/** A random market: `nodes` nodes of `providers` providers with an ask each, and orders. */
export function randomWorld(terms: {
  seed: number;
  nodes: number;
  providers: number;
  orders: number;
  leases?: number;
}): World {
  const world = emptyWorld();
  const pick = random(terms.seed);
  const consumers = ['ann', 'bob', 'cyd'].map(address);
  for (const consumer of consumers) fund(world, consumer, BigInt(20_000_000 + pick(60) * 10_000_000));
  const providers = Array.from({ length: terms.providers }, (_, i) => addProvider(world, `provider ${i}`));
  const nodes = Array.from({ length: terms.nodes }, (_, i) =>
    addNode(world, providers[pick(providers.length)]!, `node ${i}`, {
      className: CLASSES[pick(CLASSES.length)]!,
      region: REGIONS[pick(REGIONS.length)]!,
      cards: 1 + pick(8),
      networkMbps: [0, 10_000, 100_000, 4_294_967_295][pick(4)]!,
      storageGb: pick(3) * 10_000,
    }),
  );
  const today = Number(slotEnd(world.slot, world.parameters) / 86_400n);
  for (const provider of providers) {
    if (pick(3) !== 0) continue;
    const weight = (): bigint => BigInt(pick(3) * pick(400)) * 1_000_000n;
    const [good, bad, newGood, newBad] = [weight(), weight() / 20n, weight(), weight() / 20n];
    world.emit('ReputationChanged', { provider, day: today - pick(70), good, bad, newGood, newBad });
  }
  for (const node of nodes) {
    if (pick(3) !== 0) continue;
    world.emit('NodeAttested', { node, auditor: address('auditor'), tier: 1 + pick(2), evidence: ZERO_HASH });
  }
  for (let i = 0; i < (terms.leases ?? 0); i++) {
    const node = nodes[pick(nodes.length)]!;
    const free = world.state.nodes.get(node)!.cards;
    addLease(world, node, {
      cards: 1 + pick(free),
      ago: pick(100_000),
      duration: 60 + pick(50_000),
      consumer: consumers[pick(3)]!,
    });
  }
  for (const node of nodes)
    addAsk(world, node, {
      cards: 1 + pick(world.state.nodes.get(node)!.cards),
      reservePrice: BigInt(1 + pick(6) * 1_000_000),
    });
  for (let i = 0; i < terms.orders; i++) {
    const cls = classId(CLASSES[pick(CLASSES.length)]!);
    const item = addOrder(world, consumers[pick(3)]!, {
      requirement: pick(2) === 0 ? ZERO_HASH : cls,
      region: pick(3) === 0 ? regionId(REGIONS[pick(2)]!) : ZERO_HASH,
      cards: 1 + pick(4),
      startPrice: BigInt(1 + pick(9) * 2_000_000),
      taskCompute: pick(10_001),
      taskNetwork: pick(10_001),
      taskStorage: pick(10_001),
      minReputation: [0, 5_000, 5_000, 6_500, 9_000][pick(5)]!,
      minTier: pick(8) === 0 ? 1 + pick(3) : 0,
    });
    if (i % 8 === 2) approve(world, item);
    if (i % 8 === 5) takeQuote(world, item);
  }
  return world;
}

/** Few nodes of few providers, several asks a node, more orders than cards: earlier matches take what later ones want. */
export function crowded(seed: number): World {
  const pick = random(seed * 977);
  const world = randomWorld({
    ...{ seed, nodes: 2 + pick(30), providers: 1 + pick(20), orders: 4 + pick(40) },
    leases: pick(3) * 8,
  });
  for (const { signed } of [...world.asks])
    if (pick(2) === 0)
      addAsk(world, signed.ask.supply, { reservePrice: BigInt(1 + pick(4) * 1_000_000), cards: 1 + pick(8) });
  return world;
}

export function clear(world: World): ClearedSlot {
  const { slot, seed, closeBlock, parameters, orders, asks } = world;
  const manifest = encodeManifest(manifestOfWorld(world));
  return clearSlot({ slot, seed, closeBlock, parameters, orders, asks, manifest }, world.state);
}

/** The world's inputs; every item was receipted in this slot, orders first. */
export function manifestOfWorld({ slot, orders, asks }: World): Manifest {
  const byId = <T extends { id: Hex }>(items: readonly T[]): T[] =>
    [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
  const plain = <T>({ id, signed }: { id: Hex; signed: T }) => ({ id, signed });
  const items = [...byId(orders), ...byId(asks)].map(({ id }) => id);
  return {
    domain: DOMAIN,
    slot,
    orders: byId(orders).map(plain),
    asks: byId(asks).map(plain),
    receipts: { items, signature: items.length > 0 ? '0x01' : '0x' },
  };
}

/** What an honest scheduler, the contracts and the gateway leave behind: every lease filled, run and settled. */
export function honestEvidence(world: World, pageMatches = 2): SlotEvidence {
  const cleared = clear(world);
  const { slot, closeBlock, parameters, seed } = world;
  const end = slotEnd(slot, parameters);
  const pages = [];
  for (let at = 0; at < cleared.matches.length; at += pageMatches) {
    const matches = cleared.matches.slice(at, at + pageMatches).map((match) => match.leaf);
    const root = matchRoot(matches);
    pages.push({ page: pages.length, count: matches.length, root, matches });
  }
  const header = { ...cleared.header, pageCount: pages.length };
  const committed = block(closeBlock + 2n, end + 3n);
  const eventsSince = chainEvents(world, cleared, header, pageMatches, end + 4n);
  const stateNow = structuredClone(world.state);
  for (const event of eventsSince) applyEvent(stateNow, event);
  return {
    slot,
    domain: DOMAIN,
    parameters,
    committed: { header, block: committed, scheduler: address('scheduler') },
    closing: block(closeBlock, end - 1n),
    next: { ...block(closeBlock + 1n, end), hash: seed },
    pages,
    manifest: cleared.manifest,
    receiptSigner: address('scheduler'),
    orders: world.orders,
    asks: world.asks,
    leaves: { orders: cleared.orders, asks: cleared.asks },
    stateAtClose: world.state,
    eventsSince,
    stateNow,
  };
}

function chainEvents(
  world: World,
  cleared: ClearedSlot,
  header: object,
  pageMatches: number,
  start: bigint,
): MarketEvent[] {
  const { parameters, slot, closeBlock } = world;
  const events: MarketEvent[] = [];
  const emit = (blockNumber: bigint, name: string, args: Record<string, unknown>) =>
    events.push({ blockNumber, logIndex: events.length, name, args });
  emit(closeBlock + 2n, 'SlotCommitted', { slot, scheduler: address('scheduler'), header });
  for (let at = 0, page = 0; at < cleared.matches.length; at += pageMatches, page++) {
    const matches = cleared.matches.slice(at, at + pageMatches);
    const matchRoot_ = matchRoot(matches.map((match) => match.leaf));
    const packed = packMatches(matches);
    for (const match of matches) {
      const { order, signature } = match.order;
      if (signature !== QUOTED) continue;
      const total = lockFor(order.cards, order.duration, match.price, parameters.feeBps);
      const surplus = world.state.quotes.get(match.orderId)!.amount - total;
      const shared = (surplus * BigInt(parameters.surplusShareBps)) / 10_000n;
      const terms = { orderId: match.orderId, consumer: order.consumer };
      emit(closeBlock + 3n, 'QuoteProcured', { ...terms, total, shared, kept: surplus - shared });
    }
    emit(closeBlock + 3n, 'PageCommitted', {
      ...{ slot, page, pageId: FIRST_PAGE + BigInt(page), start, matchRoot: matchRoot_ },
      ...packed,
    });
  }
  for (let at = 0, page = 0; at < cleared.matches.length; at += pageMatches, page++) {
    const terms = cleared.matches.slice(at, at + pageMatches);
    const owes = terms.map(({ order: { order }, price }) => owed(order.cards, order.duration, price));
    emit(closeBlock + 99n, 'PageSettled', {
      pageId: FIRST_PAGE + BigInt(page),
      until: 2n ** 39n,
      count: terms.length,
      paid: owes.reduce((a, b) => a + b, 0n),
      fee: owes.reduce((sum, paid) => sum + feeUp(paid, parameters.feeBps), 0n),
    });
  }
  return events;
}

/** Id of the slot's first page; pages from before are fewer. */
export const FIRST_PAGE = 1_000n;

function block(number: bigint, timestamp: bigint): BlockFact {
  return { number, timestamp, hash: keccakText(`block ${number}`) };
}
