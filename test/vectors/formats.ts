/** The content of formats.json, computed by domain/. Integers above 32 bits are decimal texts. */
import { formatCpi, type Cpi } from '../../domain/cpi.ts';
import { distance } from '../../domain/distance.ts';
import {
  askId,
  domainSeparator,
  listingId,
  orderId,
  receiptDigest,
  typeHash,
  type MessageType,
} from '../../domain/eip712.ts';
import { entropyGap, entropyMicroBits, type HourBins } from '../../domain/entropy.ts';
import { bytesToHex, keccak, keccakText, keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { askLeaf, leaseLeaf, matchLeaf, orderLeaf } from '../../domain/leaves.ts';
import { encodeManifest, NO_RECEIPTS } from '../../domain/manifest.ts';
import { merkleProof, merkleRoot, TAG, type TreeTag } from '../../domain/merkle.ts';
import { classId, regionId } from '../../domain/names.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import { clock, priceAt } from '../../domain/rea.ts';
import { requirementOf } from '../../domain/requirement.ts';
import type { Ask, Hex, Listing, Order, Receipt, SigningDomain } from '../../domain/types.ts';
import { feeUp, lockFor, owed } from '../../domain/units.ts';
import { nodeResources, taskVector } from '../../domain/vectors.ts';
import { canonicalWorkload, workloadHash, type Workload } from '../../domain/workload.ts';

const DOMAIN: SigningDomain = { chainId: 31337, auction: `0x${'ca4d'.repeat(10)}` };
const PROVIDER: Hex = `0x${'11'.repeat(20)}`;
const CONSUMER: Hex = `0x${'22'.repeat(20)}`;
const MAX_128 = 2n ** 128n - 1n;

export function formats(): string {
  const content = {
    domain: DOMAIN,
    domainSeparator: bytesToHex(domainSeparator(DOMAIN)),
    typeHashes: Object.fromEntries(
      (['Ask', 'Listing', 'Order', 'Receipt'] satisfies MessageType[]).map((type) => [
        type,
        bytesToHex(typeHash(type)),
      ]),
    ),
    ...messages(),
    ...names(),
    ...trees(),
    manifests: manifests(),
    ...states(),
    ...prices(),
    cpis: cpis(),
    workloads: workloads(),
  };
  return `${JSON.stringify(content, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value), 1)}\n`;
}

function messages() {
  const ask: Ask = {
    provider: PROVIDER,
    supply: nodeIdOf('acme,6450,310000,az1', '10.0.0.1,gpu,H100,0'),
    supplyKind: 0,
    nodeEpoch: 3,
    resourceClass: classId('H100-SXM-80G'),
    region: regionId('cn-310000'),
    cards: 8,
    reservePrice: 1_990_000n,
    validFrom: 1_790_000_000n,
    validUntil: 1_800_000_000n,
    nonce: 42n,
  };
  const { supply: node, supplyKind: _, reservePrice: __, ...shared } = ask;
  const listing: Listing = { ...shared, node, pricePerCardHour: 2_500_000n };
  const order: Order = {
    consumer: CONSUMER,
    requirement: classId('H100-SXM-80G'),
    cards: 2,
    duration: 7_200,
    startPrice: 3_000_000n,
    taskCompute: 2_500,
    taskNetwork: 1_000,
    taskStorage: 500,
    region: ZERO_HASH,
    latestStart: 1_790_001_000n,
    validUntil: 1_790_000_600n,
    minReputation: 5_000,
    minTier: 0,
    workload: workloadHash({ command: ['true'] }),
    nonce: 7n,
  };
  const receipt: Receipt = {
    scheduler: `0x${'33'.repeat(20)}`,
    slot: 179_000_000n,
    seq: 1,
    item: orderId(DOMAIN, order),
    head: keccakWords(ZERO_HASH, orderId(DOMAIN, order)),
  };
  const extreme = {
    cards: 2 ** 32 - 1,
    validUntil: 2n ** 64n - 1n,
    nonce: 2n ** 256n - 1n,
  };
  const asks = [ask, { ...ask, ...extreme, reservePrice: MAX_128, supplyKind: 2, region: ZERO_HASH }];
  const listings = [listing, { ...listing, ...extreme, pricePerCardHour: MAX_128 }];
  const orders = [
    order,
    { ...order, ...extreme, startPrice: MAX_128, duration: 2 ** 32 - 1, minTier: 255, taskCompute: 65_535 },
  ];
  const receipts = [receipt, { ...receipt, seq: 2 ** 32 - 1, slot: 2n ** 64n - 1n }];
  return {
    asks: asks.map((message) => ({ message, id: askId(DOMAIN, message) })),
    listings: listings.map((message) => ({ message, id: listingId(DOMAIN, message) })),
    orders: orders.map((message) => ({ message, id: orderId(DOMAIN, message) })),
    receipts: receipts.map((message) => ({ message, digest: receiptDigest(DOMAIN, message) })),
  };
}

function names() {
  const classNames = ['H100-SXM-80G', 'A100-SXM-80G', 'V100-SXM2-32G', '卡时'];
  const classes = classNames.map(classId);
  return {
    classes: classNames.map((name) => ({ name, id: classId(name) })),
    regions: ['cn-310000', 'sg'].map((name) => ({ name, id: regionId(name) })),
    nodes: [
      { x: 'acme,6450,310000,az1', z: '10.0.0.1,gpu,H100,0' },
      { x: '', z: '' },
    ].map((node) => ({ ...node, id: nodeIdOf(node.x, node.z) })),
    requirements: [[], classes.slice(0, 1), classes.slice(0, 2), classes].map((given) => ({
      classes: given.length > 1 ? [...given].sort() : [],
      requirement: requirementOf(given),
    })),
  };
}

function trees() {
  const leafSets: [TreeTag, Uint8Array[]][] = [
    [TAG.orders, ids('order', 8).map((id, i) => orderLeaf({ id, code: i % 6, position: i }))],
    [
      TAG.asks,
      ids('ask', 8).map((id, i) =>
        askLeaf({
          id,
          left: i === 7 ? 32_767 : i,
          idle: i === 7 ? 65_535 : 2 * i,
          code: i,
          ...{ compute: i, network: 10_000 - i, storage: 5_000, entropyMicroBits: 300_000 * i },
          ...{ reputation: 1_000 * i, tier: i },
        }),
      ),
    ],
    [TAG.matches, matchLeaves().map((match) => matchLeaf(match))],
    [TAG.leases, leases().map(leaseLeaf)],
  ];
  const counts = [0, 1, 2, 3, 5, 8];
  return {
    matchLeaves: matchLeaves().map((match) => ({ ...match, bytes: bytesToHex(matchLeaf(match)) })),
    leases: leases().map((lease) => ({ ...lease, bytes: bytesToHex(leaseLeaf(lease)) })),
    merkle: leafSets.flatMap(([tag, leaves]) =>
      counts.map((count) => {
        const some = leaves.slice(0, count);
        const root = merkleRoot(tag, some);
        return { tag, count, leaves: some.map(bytesToHex), root };
      }),
    ),
    proofs: leafSets.flatMap(([tag, leaves]) =>
      [
        [1, 0],
        [3, 2],
        [5, 4],
        [5, 1],
        [8, 6],
      ].map(([count, index]) => {
        const some = leaves.slice(0, count);
        const leaf = bytesToHex(some[index!]!);
        return { tag, count, index, leaf, siblings: merkleProof(tag, some, index!), root: merkleRoot(tag, some) };
      }),
    ),
  };
}

function matchLeaves() {
  return Array.from({ length: 8 }, (_, i) => ({
    skip: i === 3 ? 14 : 0,
    orderId: keccakText(`order ${i}`),
    askId: keccakText(`ask ${i}`),
    node: keccakText(`node ${i}`),
    cards: i === 7 ? 65_535 : i,
    winner: i,
    runnerUp: i % 2 === 0 ? i + 1 : 255,
    step: i === 7 ? 255 : i,
    price: i === 7 ? 2n ** 96n - 1n : BigInt(1_000_000 * i),
    shortlist: Array.from({ length: i }, (__, place) => (place === 6 ? 2 ** 32 - 1 : 100 * i + place)),
  }));
}

function leases() {
  return Array.from({ length: 8 }, (_, i) => ({
    consumer: CONSUMER,
    provider: PROVIDER,
    rate: i === 7 ? 2n ** 96n - 1n : BigInt(1_000_000 * i),
    cards: i === 7 ? 65_535 : i,
    duration: i === 7 ? 2 ** 32 - 1 : 3_600 * i,
  }));
}

/** Slots' inputs: none, and two orders (one of two classes) with an ask, receipted in another order than they stand in. */
function manifests() {
  const { asks, orders } = messages();
  const signature = (digit: string): Hex => `0x${digit.repeat(128)}1b`;
  const classes = [classId('A100-SXM-80G'), classId('H100-SXM-80G')].sort();
  const byId = <T extends { id: Hex }>(items: T[]): T[] => items.sort((a, b) => (a.id < b.id ? -1 : 1));
  const full = {
    domain: DOMAIN,
    slot: 179_000_000n,
    orders: byId([
      { id: orders[0]!.id, signed: { order: orders[0]!.message, classes: [], signature: signature('1') } },
      { id: orders[1]!.id, signed: { order: orders[1]!.message, classes, signature: signature('2') } },
    ]),
    asks: [{ id: asks[0]!.id, signed: { ask: asks[0]!.message, signature: signature('3') } }],
    receipts: { items: [asks[0]!.id, orders[0]!.id, orders[1]!.id], signature: signature('4') },
  };
  const empty = { domain: DOMAIN, slot: 179_000_000n, orders: [], asks: [], receipts: NO_RECEIPTS };
  return [empty, full].map((given) => {
    const bytes = encodeManifest(given);
    return { ...given, bytes: bytesToHex(bytes), hash: keccak(bytes) };
  });
}

function states() {
  const nodes = [
    { cards: 8, networkMbps: 100_000, storageGb: 20_000, free: 8 },
    { cards: 8, networkMbps: 25_000, storageGb: 3_840, free: 3 },
    { cards: 16, networkMbps: 400_000, storageGb: 1, free: 15 },
    { cards: 3, networkMbps: 0, storageGb: 4_294_967_295, free: 0 },
  ];
  const tasks = [
    { cards: 1, networkMbps: 1_000, storageGb: 50 },
    { cards: 64, networkMbps: 99_999, storageGb: 19_999 },
  ];
  const bins: HourBins[] = [
    [24, 0, 0, 0],
    [0, 12, 12, 0],
    [2, 22, 0, 0],
    [3, 0, 21, 0],
    [6, 6, 6, 6],
    [1, 2, 3, 18],
  ];
  const points = [
    { compute: 10_000, network: 10_000, storage: 10_000 },
    { compute: 1_250, network: 1_000, storage: 25 },
    { compute: 0, network: 0, storage: 1 },
    { compute: 0, network: 0, storage: 0 },
  ];
  return {
    nodeVectors: nodes.map(({ free, ...node }) => ({ ...node, free, ...nodeResources(node, free) })),
    taskVectors: tasks.map((task) => ({ ...task, ...taskVector(task) })),
    distances: points.flatMap((task) => points.map((node) => ({ task, node, distance: distance(task, node) }))),
    entropies: bins.map((hours) => {
      const microBits = entropyMicroBits(hours);
      return { hours, microBits, gap: entropyGap(microBits) };
    }),
  };
}

function prices() {
  const gammas = [500_000_000_000_000_000n, 800_000_000_000_000_000n, 973_000_000_000_000_000n];
  const money = [
    { cards: 1, seconds: 3_600, rate: 2_000_000n, feeBps: 200 },
    { cards: 7, seconds: 1, rate: 1_999_999n, feeBps: 1 },
    { cards: 3, seconds: 86_401, rate: 1n, feeBps: 1_000 },
    { cards: 8, seconds: 31_536_000, rate: 10n ** 24n, feeBps: 0 },
  ];
  return {
    clocks: gammas.map((gammaWad) => {
      const factors = clock(gammaWad);
      return { gammaWad, head: factors.slice(0, 8), last: factors[255] };
    }),
    prices: gammas.flatMap((gammaWad) =>
      [0, 1, 7, 255].flatMap((step) =>
        [1n, 2_999_999n, MAX_128].map((start) => {
          return { start, gammaWad, step, price: priceAt(start, clock(gammaWad)[step]!) };
        }),
      ),
    ),
    money: money.map(({ cards, seconds, rate, feeBps }) => {
      const due = owed(cards, seconds, rate);
      return { cards, seconds, rate, feeBps, owed: due, fee: feeUp(due, feeBps), lock: lockFor(cards, seconds, rate, feeBps) };
    }),
  };
}

function cpis() {
  const cpi: Cpi = {
    x: ['acme', '6450', '310000', 'az1'],
    y: ['gpu', 'training', '', '', '100000', 'H100 x 8'],
    s: ['rack', 'EPYC-9654', '192', '1536', '20000', '1'],
    z: ['10.0.0.1', 'gpu', 'H100', '0'],
  };
  const odd: Cpi = { ...cpi, x: ['厂, a/b', '6450', '310000', "az#1*'", 'later'] };
  return [cpi, odd].map((given) => ({ ...given, text: formatCpi(given) }));
}

function workloads() {
  const given: Workload[] = [
    { command: ['true'] },
    { command: ['python', '-c', 'print("卡时")'], env: { B: '2', A: '"1"' } },
  ];
  return given.map((workload) => ({ json: canonicalWorkload(workload), hash: workloadHash(workload) }));
}

/** Distinct ids, ascending. */
function ids(name: string, count: number): Hex[] {
  return Array.from({ length: count }, (_, i) => keccakText(`${name} ${i}`)).sort();
}
