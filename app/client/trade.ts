import type { Deployment } from '../../contracts/deployment.ts';
import { auctionAbi, leaseBookAbi, marketAbi } from '../../contracts/generated/abi.ts';
import { eip712Domain, TYPES } from '../../domain/eip712.ts';
import { slotAt, slotEnd } from '../../domain/parameters.ts';
import type { Hex, Listing, Order } from '../../domain/types.ts';
import { lockFor } from '../../domain/units.ts';
import { taskVector } from '../../domain/vectors.ts';
import { workloadHash, type Workload } from '../../domain/workload.ts';
import type { LeaseRefView, ListingView } from '../views.ts';
import { ApiError, getJson, postJson } from './api.ts';
import { deposit, move, readFunds } from './funds.ts';
import { send } from './send.ts';
import type { Wallet } from './use-wallet.ts';

/** Tells the person what the wallet asks for next. */
export type Say = (step: string) => void;

/** A shell command as the workload that a lease runs. */
export function workloadOf(command: string): Workload {
  return { command: ['sh', '-c', command] };
}

/** Buys cards of a listing now: deposits what is missing, stores the workload, and locks the exact cost. */
export async function buy(
  wallet: Wallet,
  deployment: Deployment,
  listing: ListingView,
  terms: { cards: number; duration: number; command: string },
  say: Say,
): Promise<void> {
  const { cards, duration } = terms;
  const owner = wallet.account.address;
  const offer = offerOf(listing);
  const total = await wallet.readContract({
    address: deployment.leaseBook,
    abi: leaseBookAbi,
    functionName: 'quote',
    args: [cards, duration, offer.pricePerCardHour],
  });
  const { available } = await readFunds(wallet, deployment, owner);
  if (available < total) {
    say('Sign the permit, then the deposit of what is missing.');
    await deposit(wallet, deployment, total - available);
  }
  const { hash } = await postJson<{ hash: Hex }>('/api/v1/workloads', workloadOf(terms.command));
  say('Confirm the purchase in your wallet.');
  await send(wallet, {
    address: deployment.market,
    abi: marketAbi,
    functionName: 'buy',
    args: [offer, listing.signature as Hex, cards, duration, hash, total],
  });
}

function offerOf({ message }: ListingView): Listing {
  const text = (name: string): Hex => String(message[name]) as Hex;
  const whole = (name: string): bigint => BigInt(message[name] ?? 0);
  return {
    provider: text('provider'),
    node: text('node'),
    nodeEpoch: Number(message['nodeEpoch']),
    resourceClass: text('resourceClass'),
    region: text('region'),
    cards: Number(message['cards']),
    pricePerCardHour: whole('pricePerCardHour'),
    validFrom: whole('validFrom'),
    validUntil: whole('validUntil'),
    nonce: whole('nonce'),
  };
}

/** A bid as the gateway took it; with a note when nobody would serve it at its price now. */
export interface HandedIn {
  id: Hex;
  note?: { sentence: string; fix: string };
}

/** How long a bid stands in the book, seconds. */
const BID_LIFE = 900n;

/** Signs a bid: moves what its start price may lock into bidding first, as far as it is not there yet. */
export async function bid(
  wallet: Wallet,
  deployment: Deployment,
  terms: {
    requirement: Hex;
    region: Hex;
    cards: number;
    duration: number;
    startPrice: bigint;
    command: string;
  },
  say: Say,
): Promise<HandedIn> {
  const { parameters, auction, chainId } = deployment;
  const consumer = wallet.account.address.toLowerCase() as Hex;
  const { cards, duration, startPrice, requirement, region } = terms;
  const lock = lockFor(cards, duration, startPrice, parameters.feeBps);
  const funds = await readFunds(wallet, deployment, consumer);
  const missing = lock - funds.bidding;
  if (missing > 0n) {
    if (funds.available < missing) {
      say('Sign the permit, then the deposit of what is missing.');
      await deposit(wallet, deployment, missing - funds.available);
    }
    say('Confirm moving the money into bidding.');
    await move(wallet, deployment, 'fundBidding', missing);
  }
  const workload = workloadOf(terms.command);
  const { timestamp: now } = await wallet.getBlock({ blockTag: 'latest' });
  const validUntil = slotEnd(slotAt(now + BID_LIFE, parameters), parameters);
  const order: Order = {
    consumer,
    requirement,
    cards,
    duration,
    startPrice,
    ...taskVector({ cards, networkMbps: 0, storageGb: 0 }),
    region,
    latestStart: validUntil + BigInt(parameters.commitDeadlineSeconds),
    validUntil,
    minReputation: 0,
    minTier: 0,
    workload: workloadHash(workload),
    nonce: await freeNonce(wallet, deployment, consumer),
  };
  say('Sign the bid.');
  const signature = await wallet.signTypedData({
    account: wallet.account,
    domain: eip712Domain({ chainId, auction }),
    types: { Order: TYPES.Order },
    primaryType: 'Order',
    message: { ...order },
  });
  say('Handing in the bid.');
  return handIn({ order, classes: [], signature, workload });
}

/** A nonce that no order of the account has used. */
export async function freeNonce(wallet: Wallet, { auction }: Deployment, account: Hex): Promise<bigint> {
  for (;;) {
    const [high = 0, low = 0] = crypto.getRandomValues(new Uint32Array(2));
    const nonce = (BigInt(high) << 32n) | BigInt(low);
    const [filled, cancelledAt] = await wallet.readContract({
      address: auction,
      abi: auctionAbi,
      functionName: 'orderNonce',
      args: [account, nonce],
    });
    if (!filled && cancelledAt === 0) return nonce;
  }
}

/** Hands in the order; money that has just moved may take the server a few seconds to see. */
async function handIn(body: unknown): Promise<HandedIn> {
  for (let attempt = 0; ; attempt++) {
    try {
      return await postJson<HandedIn>('/api/v1/orders', body);
    } catch (error) {
      const notSeenYet = error instanceof ApiError && error.code === 'INSUFFICIENT_BIDDING';
      if (!notSeenYet || attempt >= 15) throw error;
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
  }
}

/** Ends a lease: now, if the wallet is its consumer's; after the notice, if it is its provider's. */
export async function closeLease(wallet: Wallet, { leaseBook }: Deployment, leaseId: string): Promise<void> {
  const { ref } = await getJson<{ ref: LeaseRefView }>(`/api/v1/leases/${leaseId}`);
  await send(wallet, {
    address: leaseBook,
    abi: leaseBookAbi,
    functionName: 'close',
    args: [
      {
        ...ref,
        pageId: BigInt(ref.pageId),
        start: Number(ref.start),
        lease: { ...ref.lease, rate: BigInt(ref.lease.rate) },
      },
    ],
  });
}

/** Cancels the order that the account signed with the nonce, on-chain. */
export async function cancelOrder(wallet: Wallet, { auction }: Deployment, nonce: bigint): Promise<void> {
  await send(wallet, { address: auction, abi: auctionAbi, functionName: 'cancelOrders', args: [[nonce]] });
}
