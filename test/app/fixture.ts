import { privateKeyToAccount } from 'viem/accounts';
import type { Deployment } from '../../contracts/deployment.ts';
import { createIntake } from '../../app/server/intake.ts';
import { askId, listingId, orderId } from '../../domain/eip712.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import { DEFAULTS } from '../../domain/parameters.ts';
import { Refusal, type RefusalCode } from '../../domain/refusal.ts';
import type { Ask, Hex, Listing, Order } from '../../domain/types.ts';
import { workloadHash } from '../../domain/workload.ts';
import { openDatabase } from '../../prisma/client.ts';
import { testDatabase } from '../support/postgres.ts';

const keyOf = (digit: string): Hex => `0x${digit.repeat(64)}`;
const addressOf = (key: Hex): Hex => privateKeyToAccount(key).address.toLowerCase() as Hex;
const contract = (digit: string): Hex => `0x${digit.repeat(40)}`;

export const KEYS = {
  consumer: keyOf('1'),
  provider: keyOf('2'),
  stranger: keyOf('3'),
  receipts: keyOf('4'),
};
export const CONSUMER = addressOf(KEYS.consumer);
export const PROVIDER = addressOf(KEYS.provider);
export const SCHEDULER = addressOf(KEYS.receipts);
export const NODE: Hex = keyOf('a');
export const CLASS = 'H100-SXM-80G';
export const REGION = 'cn-310000';
export const WORKLOAD = { command: ['sh', '-c', 'echo hello'] };
/** Chain time: 3 s into slot 170,000,000. */
export const NOW = 1_700_000_003n;

export const DEPLOYMENT: Deployment = {
  chainId: 31337,
  token: contract('1'),
  vault: contract('2'),
  registry: contract('3'),
  authority: contract('7'),
  auction: contract('4'),
  market: contract('8'),
  leaseBook: contract('5'),
  clusters: contract('9'),
  reputation: contract('a'),
  monitors: contract('b'),
  bond: contract('c'),
  claims: contract('d'),
  receipts: contract('e'),
  oversold: contract('f'),
  treasury: contract('6'),
  scheduler: SCHEDULER,
  deployBlock: 0,
  parameters: { ...DEFAULTS },
};
export const DOMAIN = { chainId: DEPLOYMENT.chainId, auction: DEPLOYMENT.auction };

const mirrored = { blockNumber: 1n, blockHash: ZERO_HASH };

/** A market with one provider, one node of 8 cards and one consumer with 1,000 tokens in bidding. */
export async function setup({
  cards = 8,
  bidding = 1_000_000_000n,
}: { cards?: number; bidding?: bigint } = {}) {
  const database = await testDatabase();
  const db = openDatabase(database.url, 4);
  let now = NOW;
  await db.account.create({
    data: {
      address: CONSUMER,
      available: '0',
      bidding: bidding.toString(),
      unbidding: '0',
      staked: '0',
      ...mirrored,
    },
  });
  await db.provider.create({
    data: {
      address: PROVIDER,
      payout: PROVIDER,
      signer: PROVIDER,
      metadata: '',
      stake: '100000000',
      ...mirrored,
    },
  });
  const addNode = async (id: Hex, more: { provider?: Hex; epoch?: number } = {}): Promise<void> => {
    await db.node.create({
      data: {
        id,
        provider: PROVIDER,
        x: 'x',
        y: 'y',
        z: id,
        className: CLASS,
        resourceClass: classId(CLASS),
        region: REGION,
        cards,
        networkMbps: 100_000n,
        storageGb: 20_000n,
        epoch: 0,
        ...mirrored,
        ...more,
      },
    });
  };
  await addNode(NODE);
  const intake = createIntake({
    db,
    deployment: DEPLOYMENT,
    receiptKey: KEYS.receipts,
    chainNow: () => Promise.resolve(now),
  });
  return {
    db,
    intake,
    addNode,
    setNow: (seconds: bigint) => {
      now = seconds;
    },
    close: async () => {
      await db.$disconnect();
      await database.drop();
    },
  };
}

export type World = Awaited<ReturnType<typeof setup>>;

let nonce = 0n;

export async function signedOrder(change: Partial<Order> = {}, key: Hex = KEYS.consumer) {
  const order: Order = {
    consumer: CONSUMER,
    requirement: classId(CLASS),
    cards: 1,
    duration: 3600,
    startPrice: 2_000_000n,
    taskCompute: 1250,
    taskNetwork: 0,
    taskStorage: 0,
    region: ZERO_HASH,
    latestStart: NOW + 3600n,
    validUntil: NOW + 3600n,
    minReputation: 0,
    minTier: 0,
    workload: workloadHash(WORKLOAD),
    nonce: ++nonce,
    ...change,
  };
  return {
    order,
    classes: [] as Hex[],
    signature: await sign(key, orderId(DOMAIN, order)),
    workload: WORKLOAD,
  };
}

export async function signedAsk(change: Partial<Ask> = {}, key: Hex = KEYS.provider) {
  const ask: Ask = {
    provider: PROVIDER,
    supply: NODE,
    supplyKind: 0,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    cards: 4,
    reservePrice: 1_500_000n,
    validFrom: 0n,
    validUntil: NOW + 3600n,
    nonce: ++nonce,
    ...change,
  };
  return { ask, signature: await sign(key, askId(DOMAIN, ask)) };
}

export async function signedListing(change: Partial<Listing> = {}, key: Hex = KEYS.provider) {
  const listing: Listing = {
    provider: PROVIDER,
    node: NODE,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    cards: 4,
    pricePerCardHour: 2_500_000n,
    validFrom: 0n,
    validUntil: NOW + 3600n,
    nonce: ++nonce,
    ...change,
  };
  return { listing, signature: await sign(key, listingId(DOMAIN, listing)) };
}

function sign(key: Hex, hash: Hex): Promise<Hex> {
  return privateKeyToAccount(key).sign({ hash });
}

/** The refusal that a call ends in. @throws Error when it ends otherwise */
export async function refusalOf(call: Promise<unknown>, code: RefusalCode): Promise<Refusal> {
  const refusal: unknown = await call.then(
    () => null,
    (error: unknown) => error,
  );
  if (!(refusal instanceof Refusal)) throw new Error(`expected a refusal ${code}, got ${String(refusal)}`);
  if (refusal.code !== code) throw new Error(`expected ${code}, got ${refusal.code}: ${refusal.message}`);
  return refusal;
}

export async function rowsOf({ db }: World) {
  const [orders, asks, listings, workloads, receipts] = await Promise.all([
    db.order.count(),
    db.ask.count(),
    db.listing.count(),
    db.workload.count(),
    db.receipt.count(),
  ]);
  return { orders, asks, listings, workloads, receipts };
}
