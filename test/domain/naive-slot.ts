/**
 * A slot cleared as ADR 0001 reads, with none of domain's code but keccak and names: bigints, full sorts, every lottery
 * drawn, every hour counted. The slow reference for clearSlot.
 */
import { keccak256, concat } from 'viem';
import type { MarketState } from '../../domain/market-state.ts';
import type { SlotAsk } from '../../domain/slot.ts';
import type { Hex } from '../../domain/types.ts';
import type { World } from './world.ts';

const ZERO: Hex = `0x${'00'.repeat(32)}`;
const WAD = 10n ** 18n;

interface NaiveMatch {
  orderId: Hex;
  askId: Hex;
  runnerUp: Hex | null;
  step: number;
  price: bigint;
  shortlist: Hex[];
}

export function naiveSlot(world: World) {
  const { parameters: p, state, seed } = world;
  const end = (world.slot + 1n) * BigInt(p.slotSeconds);
  const ascending = <T extends { id: Hex }>(items: T[]) =>
    [...items].sort((a, b) => (BigInt(a.id) < BigInt(b.id) ? -1 : 1));
  const lock = (cards: number, duration: number, price: bigint) => {
    const due = (BigInt(cards) * BigInt(duration) * price) / 3600n;
    return due + (due * BigInt(p.feeBps) + 9_999n) / 10_000n;
  };
  const leased = (node: Hex) =>
    [...state.leases.values()]
      .filter((lease) => lease.node === node && lease.end > end)
      .reduce((sum, lease) => sum + lease.cards, 0);

  const orders = ascending(world.orders).map(({ id, signed: { order, classes, signature }, signer }) => ({
    id,
    code: first([
      signature === '0x'
        ? !state.approved.has(id)
        : signature === '0x01'
          ? state.quotes.get(id)?.outcome !== 'HELD'
          : signer !== order.consumer,
      order.validUntil < end || order.latestStart < end + BigInt(p.commitDeadlineSeconds),
      state.usedNonces.has(`order:${order.consumer}:${order.nonce}`),
      signature !== '0x01' &&
        (state.accounts.get(order.consumer)?.bidding ?? 0n) <
          lock(order.cards, order.duration, order.startPrice),
      order.cards === 0 ||
        order.duration < p.minLeaseSeconds ||
        order.duration > p.maxLeaseSeconds ||
        order.startPrice === 0n ||
        (classes.length > 0 && keccak256(concat(classes)) !== order.requirement),
    ]),
  }));

  const asks = ascending(world.asks).map(({ id, signed: { ask }, signer }) => {
    const node = state.nodes.get(ask.supply);
    const provider = state.providers.get(ask.provider);
    const idle = node ? Math.max(0, node.cards - leased(node.id)) : 0;
    const left = Math.max(0, ask.cards - (state.filled.get(id) ?? 0));
    const free = Math.min(left, idle);
    const code = first([
      provider !== undefined && signer !== provider.signer,
      end < ask.validFrom || end > ask.validUntil,
      state.usedNonces.has(`ask:${ask.provider}:${ask.nonce}`),
      provider === undefined || provider.exitAt !== null,
      node?.provider !== ask.provider ||
        node.resourceClass !== ask.resourceClass ||
        node.regionId !== ask.region ||
        ask.reservePrice === 0n ||
        ask.supplyKind !== 0,
      node?.epoch !== ask.nodeEpoch,
      free === 0,
    ]);
    const held = code === 0 || code === 7 ? node!.clusteredUntil >= end : false;
    const reputation = score(state, ask.provider, end / 86_400n, p.minProviderStake);
    return {
      id,
      node: ask.supply,
      free,
      left,
      idle,
      code: held ? 8 : code,
      reputation,
      tier: node?.tier ?? 0,
    };
  });
  const standing = (id: Hex) => asks.find((ask) => ask.id === id)!;

  const nodeIds = [...new Set(asks.map((ask) => ask.node))].filter((id) => state.nodes.has(id)).sort();
  const freeOf = new Map(nodeIds.map((id) => [id, Math.max(0, state.nodes.get(id)!.cards - leased(id))]));
  const entropyOf = new Map(nodeIds.map((id) => [id, entropy(state, id, end)]));
  const vectors = nodeIds.map((node) => ({
    node,
    ...vector(state, node, freeOf.get(node)!),
    entropyMicroBits: entropyOf.get(node)!,
  }));

  const leftOf = new Map(asks.map(({ id, free }) => [id, free]));
  const bidding = new Map([...state.accounts].map(([account, { bidding }]) => [account, bidding]));
  const used = new Set<string>();
  const matches: NaiveMatch[] = [];
  const unmatched: { orderId: Hex; reason: string }[] = [];
  const eligible = world.orders.filter(({ id }) => orders.find((order) => order.id === id)!.code === 0);
  const queue = eligible.sort((a, b) => (hash(a.id, seed) < hash(b.id, seed) ? -1 : 1));
  for (const { id, signed } of queue) {
    const { order, classes, signature } = signed;
    const reason = (name: string) => unmatched.push({ orderId: id, reason: name });
    if (used.has(`${order.consumer}:${order.nonce}`)) {
      reason('NONCE');
      continue;
    }
    const held = signature === '0x01';
    if (!held && bidding.get(order.consumer)! < lock(order.cards, order.duration, order.startPrice)) {
      reason('FUNDS');
      continue;
    }
    let left = world.asks.filter((ask) => [0, 7].includes(asks.find((entry) => entry.id === ask.id)!.code));
    const filters: [string, (ask: SlotAsk) => boolean][] = [
      [
        'NO_CLASS',
        ({ signed: { ask } }) =>
          order.requirement === ZERO || [order.requirement, ...classes].includes(ask.resourceClass),
      ],
      ['NO_REGION', ({ signed: { ask } }) => order.region === ZERO || order.region === ask.region],
      ['NO_CARDS', (ask) => Math.min(leftOf.get(ask.id)!, freeOf.get(ask.signed.ask.supply)!) >= order.cards],
      ['NO_REPUTATION', (ask) => standing(ask.id).reputation >= order.minReputation],
      ['NO_TIER', (ask) => standing(ask.id).tier >= order.minTier],
      ['PRICE', ({ signed: { ask } }) => ask.reservePrice <= order.startPrice],
    ];
    let failed = '';
    for (const [name, keeps] of filters) {
      left = left.filter(keeps);
      if (left.length === 0 && failed === '') failed = name;
    }
    if (failed !== '') {
      reason(failed);
      continue;
    }
    const ranked = left
      .map(({ id: askId, signed: { ask } }) => {
        const at = vectors.find((vector) => vector.node === ask.supply)!;
        const [c, l, s] = [
          order.taskCompute - at.compute,
          order.taskNetwork - at.network,
          order.taskStorage - at.storage,
        ];
        const distance = Number(BigInt(c * c + l * l + s * s) / 3n);
        const gap = Math.abs(entropyOf.get(ask.supply)! - 469_000);
        return {
          askId,
          ask,
          distance,
          gap,
          lottery: ring(BigInt(hash(ask.supply, seed)) - BigInt(hash(id, seed))),
        };
      })
      .sort((a, b) =>
        compare([a.distance, a.gap, a.lottery, a.askId], [b.distance, b.gap, b.lottery, b.askId]),
      );
    const shortlist = ranked
      .filter((entry, at) => ranked.findIndex((other) => other.ask.provider === entry.ask.provider) === at)
      .slice(0, 16);
    const steps = clockPrices(order.startPrice, p.gammaWad);
    const inTie = [...shortlist].sort((a, b) =>
      compare([a.gap, a.distance, a.lottery, a.askId], [b.gap, b.distance, b.lottery, b.askId]),
    );
    const lastOf = (reserve: bigint) => steps.filter((price) => price >= reserve).length - 1;
    const byStep = [...inTie].sort((a, b) => lastOf(b.ask.reservePrice) - lastOf(a.ask.reservePrice));
    const [winner, second] = byStep;
    let step = 0;
    if (second)
      step = lastOf(second.ask.reservePrice) + (inTie.indexOf(winner!) < inTie.indexOf(second) ? 0 : 1);
    matches.push({
      orderId: id,
      askId: winner!.askId,
      runnerUp: second?.askId ?? null,
      step,
      price: steps[step]!,
      shortlist: shortlist.map((entry) => entry.askId),
    });
    leftOf.set(winner!.askId, leftOf.get(winner!.askId)! - order.cards);
    freeOf.set(winner!.ask.supply, freeOf.get(winner!.ask.supply)! - order.cards);
    if (!held)
      bidding.set(
        order.consumer,
        bidding.get(order.consumer)! - lock(order.cards, order.duration, steps[step]!),
      );
    used.add(`${order.consumer}:${order.nonce}`);
  }
  const spent = unmatched.filter(({ reason }) => ['FUNDS', 'NONCE'].includes(reason));
  return {
    orders: orders.map(({ id, code }) => ({
      id,
      code: spent.some(({ orderId }) => orderId === id) ? 8 : code,
      position: matches.findIndex(({ orderId }) => orderId === id) + 1,
    })),
    asks: asks.map(({ id, node, left, idle, code, reputation, tier }) => {
      const none = { compute: 0, network: 0, storage: 0, entropyMicroBits: 0 };
      const { compute, network, storage, entropyMicroBits } =
        vectors.find((vector) => vector.node === node) ?? none;
      const state_ = { compute, network, storage, entropyMicroBits, reputation, tier };
      return { id, left, idle, code, ...state_ };
    }),
    matches,
    unmatched,
  };
}

function first(faults: boolean[]): number {
  return faults.indexOf(true) + 1;
}

function hash(...words: Hex[]): Hex {
  return keccak256(concat(words));
}

function ring(way: bigint): Hex {
  return `0x${BigInt.asUintN(256, way).toString(16).padStart(64, '0')}`;
}

function compare(a: (number | string)[], b: (number | string)[]): number {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
}

function clockPrices(start: bigint, gammaWad: bigint): bigint[] {
  const prices = [];
  for (let k = 0, g = WAD; k < 256; k++, g = (g * gammaWad) / WAD) prices.push((start * g) / WAD);
  return prices;
}

/** ADR 0008 by its words, its constants by the definition: the whole 30th root. */
function score(state: MarketState, provider: Hex, day: bigint, prior: bigint): number {
  const known = state.outcomes.get(provider);
  if (!known) return 5_000;
  const age = day - BigInt(known.day);
  const least = (a: bigint, b: bigint) => (a < b ? a : b);
  const left = (counted: bigint, fresh: bigint) => {
    if (age === 0n) return counted;
    let factor = 2n ** 64n;
    for (const k of [1n, 2n, 4n, 8n, 16n])
      if (((age % 30n) / k) % 2n === 1n) factor = (factor * root30(2n ** (1920n - k))) / 2n ** 64n;
    return least(((counted + fresh) * factor) / 2n ** (64n + age / 30n), 2n ** 96n - 1n);
  };
  const good = left(known.good, known.newGood);
  const bad = left(known.bad, known.newBad);
  return Number((10_000n * (prior + 2n * good)) / (2n * (prior + good + 4n * bad)));
}

function root30(value: bigint): bigint {
  let [low, high] = [0n, 2n ** 65n];
  while (low + 1n < high) {
    const middle = (low + high) / 2n;
    if (middle ** 30n <= value) low = middle;
    else high = middle;
  }
  return low;
}

function vector(state: MarketState, id: Hex, free: number) {
  const { cards, networkMbps, storageGb } = state.nodes.get(id)!;
  const cap = (value: bigint) => Number(value < 10_000n ? value : 10_000n);
  return {
    compute: cap((BigInt(free) * 10_000n) / 8n),
    network: cap((BigInt(networkMbps) * BigInt(free) * 10_000n) / (BigInt(cards) * 100_000n)),
    storage: cap((BigInt(storageGb) * BigInt(free) * 10_000n) / (BigInt(cards) * 20_000n)),
  };
}

function entropy(state: MarketState, id: Hex, end: bigint): number {
  const { cards } = state.nodes.get(id)!;
  const counts = [0, 0, 0, 0];
  for (let hour = end / 3600n - 24n; hour < end / 3600n; hour++) {
    let used = 0n;
    for (const lease of state.leases.values()) {
      if (lease.node !== id) continue;
      const from = lease.start > hour * 3600n ? lease.start : hour * 3600n;
      const to = lease.end < (hour + 1n) * 3600n ? lease.end : (hour + 1n) * 3600n;
      if (to > from) used += (to - from) * BigInt(lease.cards);
    }
    const percent = (used * 100n) / (BigInt(cards) * 3600n);
    const bin = percent >= 80n ? 3 : percent >= 60n ? 2 : percent >= 30n ? 1 : 0;
    counts[bin] = counts[bin]! + 1;
  }
  return counts.reduce((sum, n) => sum + (n === 0 ? 0 : Math.round(-(n / 24) * Math.log2(n / 24) * 1e6)), 0);
}
