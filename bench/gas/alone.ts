/** What one party does alone: buys at a list price, puts money in and takes it out. */
import { listingId } from '../../domain/eip712.ts';
import { keccakText } from '../../domain/hash.ts';
import type { Listing } from '../../domain/types.ts';
import { floorOf, type Floor } from './cost.ts';
import { FAR, type Party, type Seller, type Spent, type World } from './world.ts';

const HOUR = 3_600;
const MONEY = 10n ** 9n;

/** Two Buys of one listing: the first is its parties' first trade. */
export async function buyListPrice(world: World): Promise<{
  used: { buyListPrice: number };
  fresh: { buyListPrice: number };
  floor: { buyListPrice: Floor };
}> {
  const buyer = await world.newcomer('buyer');
  await world.call(buyer, 'vault', 'deposit', MONEY);
  const seller = await world.seller('lister', 1);
  const first = await buy(world, buyer, seller);
  const second = await buy(world, buyer, seller);
  return {
    used: { buyListPrice: second.gas },
    fresh: { buyListPrice: first.gas },
    floor: { buyListPrice: await floorOf(world.chain, second, 1) },
  };
}

async function buy(world: World, buyer: Party, seller: Seller): Promise<Spent> {
  const { ask } = seller.asks[0]!;
  const listing: Listing = {
    provider: seller.address,
    node: ask.supply,
    nodeEpoch: 0,
    resourceClass: ask.resourceClass,
    region: ask.region,
    cards: 8,
    pricePerCardHour: 2_000_000n,
    validFrom: 0n,
    validUntil: FAR,
    nonce: 1n,
  };
  const signature = await seller.sign(listingId(world.domain, listing));
  const workload = keccakText('what runs');
  return world.call(buyer, 'market', 'buy', listing, signature, 1, HOUR, workload, MONEY);
}

/** Deposits and withdrawals; the last of each finds every balance above zero and leaves it so. */
export async function moneyMoves(
  world: World,
): Promise<Record<'used' | 'fresh', { deposit: number; withdraw: number }>> {
  const saver = await world.newcomer('saver');
  const first = await world.call(saver, 'vault', 'deposit', MONEY);
  const second = await world.call(saver, 'vault', 'deposit', MONEY);
  const part = await world.call(saver, 'vault', 'withdraw', MONEY / 2n);
  const wallet = await world.newcomer('empty wallet', MONEY);
  await world.call(wallet, 'vault', 'deposit', MONEY);
  const all = await world.call(wallet, 'vault', 'withdraw', MONEY);
  return {
    used: { deposit: second.gas, withdraw: part.gas },
    fresh: { deposit: first.gas, withdraw: all.gas },
  };
}
