/** Orders that the market of `world.ts` takes. */
import { classId } from '../../../domain/names.ts';
import { orderId } from '../../../domain/eip712.ts';
import { ZERO_HASH } from '../../../domain/hash.ts';
import { signDigest } from '../../../domain/signature.ts';
import type { Hex, Order } from '../../../domain/types.ts';
import { workloadHash } from '../../../domain/workload.ts';
import type { Market } from '../../scheduler/market.ts';
import { addressOf, CLASS, keyOf } from '../../scheduler/market.ts';
import type { TestChain } from '../../support/chain.ts';

export const WORKLOAD = { command: ['sh', '-c', 'echo hello'] };

/** @param name account that signs; it needs money in bidding */
export async function rightOrder(
  { chain, market }: { chain: Pick<TestChain, 'rpc'>; market: Pick<Market, 'domain'> },
  nonce: bigint,
  name = 'consumer',
) {
  const block = await chain.rpc<{ timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
  return orderAt(BigInt(block.timestamp), market, nonce, name);
}

/** @param now chain time, unix seconds */
export function orderAt(now: bigint, { domain }: Pick<Market, 'domain'>, nonce: bigint, name: string) {
  const order: Order = {
    consumer: addressOf(name),
    requirement: classId(CLASS),
    cards: 1,
    duration: 3_600,
    startPrice: 2_000_000n,
    taskCompute: 1_250,
    taskNetwork: 0,
    taskStorage: 0,
    region: ZERO_HASH,
    latestStart: now + 86_400n,
    validUntil: now + 86_400n,
    minReputation: 0,
    minTier: 0,
    workload: workloadHash(WORKLOAD),
    nonce,
  };
  const signature: Hex = signDigest(orderId(domain, order), keyOf(name));
  return { order, classes: [] as Hex[], signature, workload: WORKLOAD };
}

/** What a quote for such an order is asked with. */
export function rightWish({ consumer, cards, duration, workload, latestStart }: Order): object {
  return {
    consumer,
    cards,
    duration,
    workload,
    latestStart: latestStart.toString(),
    nonce: '999',
    classes: [classId(CLASS)],
  };
}
