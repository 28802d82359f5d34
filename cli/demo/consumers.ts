/** Consumers that trade by themselves: now a purchase at a list price, now a bid, so that a local market is alive. */
import { setTimeout as sleep } from 'node:timers/promises';
import { marketAbi } from '../../contracts/generated/abi.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { eip712Domain, TYPES } from '../../domain/eip712.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { requirementOf } from '../../domain/requirement.ts';
import type { Hex, Order } from '../../domain/types.ts';
import { formatMoney, lockFor } from '../../domain/units.ts';
import { workloadHash } from '../../domain/workload.ts';
import { callOf, createChainClient } from './chain-client.ts';
import { createMarketClient, type MarketClass } from './market-client.ts';
import { createRandom } from './random.ts';
import { ACCOUNT_INDEX, CLUSTER_CLASS, demoAccount } from './roster.ts';
import { topUpConsumer } from './setup.ts';
import { demoWorkload } from './workloads.ts';

export interface TradeOptions {
  rpcUrl: string;
  apiUrl: string;
  deployment: Deployment;
  seed: number;
  signal: AbortSignal;
  log: (line: string) => void;
}

/** Rest of a consumer between two trades, seconds. */
const REST_SECONDS = { low: 15, high: 25 };
const LEASE_SECONDS = { low: 20, high: 90 };
const AFTER_FAILURE_SECONDS = 5;
/** Between two bids for the class whose nodes join clusters, seconds: enough to keep most of its cards busy. */
const CLUSTER_REST_SECONDS = { low: 7, high: 12 };
/** Share of the trades that buy; the rest bids. */
const BUY_SHARE = 0.4;
/** Share of the bids that are far too low, so that the market shows refused orders too. */
const LOW_BID_SHARE = 0.15;
/** Seconds that an order stays in the book, and the latest start after it. */
const ORDER_LIFE = 45n;

/** Trades until `signal`; what fails is logged and the trading goes on. */
export async function trade(options: TradeOptions): Promise<void> {
  const [first] = ACCOUNT_INDEX.consumers;
  await Promise.all([
    ...ACCOUNT_INDEX.consumers.map((index) => consume(index, options, null)),
    consume(first, options, CLUSTER_CLASS),
  ]);
}

/** @param only bids for this class alone, buys nothing and sends no transaction: another loop uses the same account */
async function consume(
  index: number,
  { rpcUrl, apiUrl, deployment, seed, signal, log }: TradeOptions,
  only: string | null,
): Promise<void> {
  const account = demoAccount(index);
  const consumer = account.address.toLowerCase() as Hex;
  const random = createRandom(seed * 1_000 + index + (only === null ? 0 : 500));
  const chain = createChainClient(rpcUrl, deployment);
  const market = createMarketClient(apiUrl);
  const { parameters } = deployment;
  const rest = (seconds: number) => sleep(seconds * 1000, undefined, { signal }).catch(() => undefined);
  // Fresh after every restart, and close together: neighbours share a word of the nonce bitmap.
  let nonce = (BigInt(Date.now()) << 12n) + (only === null ? 0n : 1n << 11n);

  const duration = () =>
    Math.max(parameters.minLeaseSeconds, random.between(LEASE_SECONDS.low, LEASE_SECONDS.high));

  const buy = async (classes: MarketClass[]): Promise<void> => {
    const now = await chain.now();
    const listings = classes.flatMap(({ name, listings }) => listings.map((item) => ({ ...item, name })));
    const open = listings.filter(({ listing, left }) => left > 0 && listing.validUntil > now + 10n);
    if (open.length === 0) return log(`consumer ${index}: nothing is listed just now`);
    const { listing, signature, left, name } = random.pick(open);
    const workload = demoWorkload(random);
    const hash = await market.putWorkload(workload);
    const cards = Math.min(left, random.between(1, 3));
    const seconds = duration();
    const most = lockFor(cards, seconds, listing.pricePerCardHour, parameters.feeBps);
    await chain.send(account, [
      callOf(deployment.market, marketAbi, 'buy', [listing, signature, cards, seconds, hash, most]),
    ]);
    log(`consumer ${index}: bought ${cards} x ${name} for ${seconds} s, at most ${formatMoney(most)}`);
  };

  const bid = async (classes: MarketClass[]): Promise<void> => {
    const wanted = random.pick(classes);
    const other = random.next() < 0.25 ? random.pick(classes) : wanted;
    const ids = [...new Set([wanted.id, other.id])].sort();
    const factor = random.next() < LOW_BID_SHARE ? 0.2 + random.next() * 0.2 : 0.75 + random.next() * 0.7;
    const startPrice = (marketPrice(wanted) * BigInt(Math.round(factor * 1000))) / 1000n;
    const cards = random.between(1, only === null ? 4 : 2);
    const workload = demoWorkload(random);
    const validUntil = (await chain.now()) + ORDER_LIFE;
    const order: Order = {
      consumer,
      requirement: requirementOf(ids),
      cards,
      duration: duration(),
      startPrice: startPrice > 0n ? startPrice : 1n,
      taskCompute: Math.min(10_000, cards * 1_250),
      taskNetwork: random.between(0, cards * 1_250),
      taskStorage: random.between(0, cards * 1_250),
      region: ZERO_HASH,
      latestStart: validUntil + BigInt(parameters.slotSeconds + parameters.commitDeadlineSeconds),
      validUntil,
      minReputation: 0,
      minTier: 0,
      workload: workloadHash(workload),
      nonce: (nonce += 1n),
    };
    const signature = await account.signTypedData({
      domain: eip712Domain({ chainId: deployment.chainId, auction: deployment.auction }),
      types: { Order: TYPES.Order },
      primaryType: 'Order',
      message: { ...order },
    });
    await market.putOrder({ order, classes: ids.length > 1 ? ids : [], signature }, workload);
    log(
      `consumer ${index}: bids up to ${formatMoney(order.startPrice)} for ${cards} x ${wanted.name}, ${order.duration} s`,
    );
  };

  while (!signal.aborted) {
    try {
      await untilReady(() => market.ready(), signal);
      if (signal.aborted) return;
      if (only === null) await topUpConsumer(chain, deployment, index);
      const classes = (await market.classes()).filter(({ name }) => only === null || name === only);
      const buys = only === null && random.next() < BUY_SHARE;
      if (classes.length > 0) await (buys ? buy(classes) : bid(classes));
      const pause = only === null ? REST_SECONDS : CLUSTER_REST_SECONDS;
      await rest(random.between(pause.low, pause.high));
    } catch (error) {
      log(`consumer ${index}: ${(error as Error).message.split('\n')[0]}`);
      await rest(AFTER_FAILURE_SECONDS);
    }
  }
}

/** What a card of the class costs: the cheapest listing, else the newest clearing price, else a dollar. */
function marketPrice({ listings, prices }: MarketClass): bigint {
  const listed = listings.map(({ listing }) => listing.pricePerCardHour).sort((a, b) => (a < b ? -1 : 1))[0];
  return listed ?? prices[0] ?? 1_000_000n;
}

async function untilReady(ready: () => Promise<boolean>, signal: AbortSignal): Promise<void> {
  while (!signal.aborted && !(await ready()))
    await sleep(1_000, undefined, { signal }).catch(() => undefined);
}
