import { createWalletClient, encodeFunctionData, http, publicActions } from 'viem';
import type { Abi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Deployment } from '../../contracts/deployment.ts';
import * as abis from '../../contracts/generated/abi.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import { askId, listingId, orderId } from '../../domain/eip712.ts';
import { ZERO_HASH, keccakText } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import type { Ask, Hex, Listing, Order, SlotHeader } from '../../domain/types.ts';
import { account } from '../support/chain.ts';
import type { TestChain } from '../support/chain.ts';

export const SCHEDULER = 1;
export const PROVIDER = 3;
export const LEAVER = 4;
export const BIDDER = 6;
export const BUYER = 7;
const CLASS = 'H100-SXM-80G';
const REGION = 'cn-310000';
const FAR = 4_000_000_000n;
const WORKLOAD = keccakText('a workload');

const ABIS: Record<'token' | 'vault' | 'registry' | 'auction' | 'leaseBook', Abi> = {
  token: abis.testStablecoinAbi,
  vault: abis.vaultAbi,
  registry: abis.providerRegistryAbi,
  auction: abis.auctionAbi,
  leaseBook: abis.leaseBookAbi,
};

export type Actors = ReturnType<typeof openActors>;

/** Everybody who acts on a market, on a chain that mines each transaction. */
export function openActors(chain: TestChain, deployment: Deployment) {
  const client = createWalletClient({ transport: http(chain.rpcUrl), cacheTime: 0 }).extend(publicActions);
  const domain = { chainId: deployment.chainId, auction: deployment.auction };

  const send = async (
    from: number,
    contract: keyof typeof ABIS,
    method: string,
    args: unknown[],
  ): Promise<void> => {
    const data = encodeFunctionData({ abi: ABIS[contract], functionName: method, args });
    const { address } = account(from);
    const hash = await client.sendTransaction({
      account: address,
      chain: null,
      to: deployment[contract],
      data,
    });
    const { status } = await client.waitForTransactionReceipt({ hash, pollingInterval: 5 });
    if (status !== 'success') throw new Error(`${method} failed`);
  };
  const sign = (by: number, digest: Hex): Promise<Hex> =>
    privateKeyToAccount(account(by).key).sign({ hash: digest });
  const now = async (): Promise<bigint> => (await client.getBlock()).timestamp;

  const deposit = async (who: number, amount: bigint): Promise<void> => {
    await send(who, 'token', 'mint', [account(who).address, amount]);
    await send(who, 'token', 'approve', [deployment.vault, amount]);
    await send(who, 'vault', 'deposit', [amount]);
  };
  const register = async (who: number, node: string, cards: number): Promise<Hex> => {
    const { address } = account(who);
    const x = `acme,7010,310000,${who}`;
    const z = `hall/${node}`;
    await deposit(who, 300_000_000n);
    await send(who, 'registry', 'register', [address, address, 200_000_000n, `{"name":"provider ${who}"}`]);
    const terms = { className: CLASS, region: REGION, cards, networkMbps: 100_000, storageGb: 20_000 };
    await send(who, 'registry', 'addNodes', [[{ x, y: 'gpu', z, ...terms }]]);
    return nodeIdOf(x, z);
  };
  const buy = async (who: number, seller: number, node: Hex, cards: number, nonce: bigint): Promise<Hex> => {
    const listing: Listing = {
      provider: account(seller).address,
      node,
      nodeEpoch: 0,
      resourceClass: classId(CLASS),
      region: regionId(REGION),
      cards,
      pricePerCardHour: 2_000_000n,
      validFrom: 0n,
      validUntil: FAR,
      nonce,
    };
    const id = listingId(domain, listing);
    await send(who, 'auction', 'buy', [listing, await sign(seller, id), 1, 600, WORKLOAD, 10n ** 12n]);
    return id;
  };

  /** Commits a slot of one good match and one that the contract skips. Returns its number. */
  const clearSlot = async (node: Hex, nonce: bigint): Promise<bigint> => {
    const { slotSeconds } = deployment.parameters;
    const slot = (await now()) / BigInt(slotSeconds) + 1n;
    await chain.mine(slot * BigInt(slotSeconds));
    const closing = await client.getBlock();
    await chain.mine((slot + 1n) * BigInt(slotSeconds));
    const seed = await client.getBlock();
    const match = async (startPrice: bigint, orderNonce: bigint) => {
      const order: Order = {
        consumer: account(BIDDER).address,
        requirement: classId(CLASS),
        cards: 1,
        duration: 600,
        startPrice,
        taskCompute: 0,
        taskNetwork: 0,
        taskStorage: 0,
        region: ZERO_HASH,
        latestStart: FAR,
        validUntil: FAR,
        minReputation: 0,
        minTier: 0,
        workload: WORKLOAD,
        nonce: orderNonce,
      };
      const ask: Ask = {
        provider: account(PROVIDER).address,
        supply: node,
        supplyKind: 0,
        nodeEpoch: 0,
        resourceClass: classId(CLASS),
        region: regionId(REGION),
        cards: 4,
        reservePrice: 1_000_000n,
        validFrom: 0n,
        validUntil: FAR,
        nonce,
      };
      const orderSignature = await sign(BIDDER, orderId(domain, order));
      const askSignature = await sign(PROVIDER, askId(domain, ask));
      const shortlist = [askId(domain, ask)];
      return {
        order,
        orderSignature,
        ask,
        askSignature,
        classes: [],
        runnerUp: ZERO_HASH,
        step: 0,
        shortlist,
      };
    };
    const header: SlotHeader = {
      slot,
      closeBlock: closing.number,
      seed: seed.hash,
      gammaWad: deployment.parameters.gammaWad,
      pageCount: 1,
      orderCount: 2,
      askCount: 1,
      nodeCount: 1,
      matchCount: 2,
      ordersRoot: keccakText('orders'),
      asksRoot: keccakText('asks'),
      vectorsRoot: keccakText('vectors'),
      matchesRoot: keccakText('matches'),
      inputsHash: keccakText('inputs'),
    };
    await send(SCHEDULER, 'auction', 'commitSlot', [header]);
    const matches = [await match(3_000_000n, nonce), await match(1n, nonce + 1n)];
    await send(SCHEDULER, 'auction', 'commitPage', [slot, 0, matches]);
    return slot;
  };

  return { client, send, now, deposit, register, buy, clearSlot };
}

/** A market day in which every event of the contracts happens that an honest market has. */
export async function tradeOneDay(chain: TestChain, actors: Actors): Promise<void> {
  const { send, now } = actors;
  const node = await actors.register(PROVIDER, 'a', 8);
  await actors.register(LEAVER, 'b', 2);
  await send(PROVIDER, 'registry', 'addStake', [50_000_000n]);
  await actors.deposit(BUYER, 500_000_000n);
  await actors.deposit(BIDDER, 500_000_000n);
  await send(BUYER, 'vault', 'withdraw', [1_000_000n]);
  await send(BIDDER, 'vault', 'fundBidding', [400_000_000n]);
  await actors.buy(BUYER, PROVIDER, node, 2, 100n);
  await send(BIDDER, 'vault', 'requestUnbid', [399_900_000n]);
  await actors.clearSlot(node, 200n);
  await send(BUYER, 'leaseBook', 'close', [1]);
  await send(BIDDER, 'auction', 'cancelNonces', [[900n, 901n]]);
  await chain.mine((await now()) + 700n);
  await send(BUYER, 'leaseBook', 'settleMany', [[1, 2]]);
  await send(BIDDER, 'vault', 'finishUnbid', []);
  await send(PROVIDER, 'registry', 'rotateSigner', [ZERO_HASH.slice(0, 40) + '01']);
  await send(PROVIDER, 'registry', 'raiseEpoch', [node]);
  await send(LEAVER, 'registry', 'startUnbonding', []);
  await chain.mine((await now()) + 700n);
  await send(LEAVER, 'registry', 'exit', []);
}
