import type { Deployment } from '../../contracts/deployment.ts';
import { marketAbi } from '../../contracts/generated/abi.ts';
import type { Hex, Order } from '../../domain/types.ts';
import { taskVector } from '../../domain/vectors.ts';
import type { QuoteAnswer } from '../views.ts';
import { postJson } from './api.ts';
import { deposit, readFunds } from './funds.ts';
import { send } from './send.ts';
import { freeNonce, workloadOf, type Say } from './trade.ts';
import type { Wallet } from './use-wallet.ts';

export interface QuoteWish {
  resourceClass: Hex;
  region: Hex;
  cards: number;
  duration: number;
  command: string;
  /** Seconds from now within which it must start. */
  within: number;
  /** Data that have to come to the cards, and the region where they lie. */
  data?: { region: Hex; gigabytes: number };
}

/** Asks for a firm price; nothing is signed. */
export async function askQuote(
  wallet: Wallet,
  deployment: Deployment,
  wish: QuoteWish,
): Promise<QuoteAnswer> {
  const consumer = wallet.account.address.toLowerCase() as Hex;
  const { hash } = await postJson<{ hash: Hex }>('/api/v1/workloads', workloadOf(wish.command));
  const { timestamp: now } = await wallet.getBlock({ blockTag: 'latest' });
  const { cards, duration, region } = wish;
  return postJson<QuoteAnswer>('/api/v1/quotes', {
    consumer,
    classes: [wish.resourceClass],
    cards,
    duration,
    region,
    ...taskVector({ cards, networkMbps: 0, storageGb: 0 }),
    latestStart: now + BigInt(wish.within),
    workload: hash,
    ...(wish.data === undefined ? {} : { data: wish.data }),
    nonce: await freeNonce(wallet, deployment, consumer),
  });
}

/** Accepts it on-chain: deposits what is missing, and locks all that it can cost. */
export async function acceptQuote(
  wallet: Wallet,
  deployment: Deployment,
  quote: QuoteAnswer,
  say: Say,
): Promise<void> {
  const total = BigInt(quote.breakdown.total);
  const { available } = await readFunds(wallet, deployment, wallet.account.address);
  if (available < total) {
    say('Sign the permit, then the deposit of what is missing.');
    await deposit(wallet, deployment, total - available);
  }
  say('Confirm in your wallet that you accept the quote.');
  await send(wallet, {
    address: deployment.market,
    abi: marketAbi,
    functionName: 'takeQuote',
    args: [orderOf(quote), BigInt(quote.validUntil), quote.signature],
  });
}

function orderOf({ order }: QuoteAnswer): Order {
  const text = (name: keyof Order): Hex => String(order[name]) as Hex;
  const count = (name: keyof Order): number => Number(order[name]);
  const whole = (name: keyof Order): bigint => BigInt(order[name] ?? 0);
  return {
    consumer: text('consumer'),
    requirement: text('requirement'),
    cards: count('cards'),
    duration: count('duration'),
    startPrice: whole('startPrice'),
    taskCompute: count('taskCompute'),
    taskNetwork: count('taskNetwork'),
    taskStorage: count('taskStorage'),
    region: text('region'),
    latestStart: whole('latestStart'),
    validUntil: whole('validUntil'),
    minReputation: count('minReputation'),
    minTier: count('minTier'),
    workload: text('workload'),
    nonce: whole('nonce'),
  };
}
