import { createWalletClient, encodeFunctionData, http, publicActions } from 'viem';
import type { Abi } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import type { Deployment } from '../../contracts/deployment.ts';
import * as abis from '../../contracts/generated/abi.ts';
import { untilMined } from '../../contracts/receipt.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import { askId, listingId, orderId } from '../../domain/eip712.ts';
import { bytesToHex, ZERO_HASH, keccakText, keccakWords } from '../../domain/hash.ts';
import { encodeSettlement } from '../../domain/lease-page.ts';
import { classId, regionId } from '../../domain/names.ts';
import { encodePage, type PageMatch } from '../../domain/page.ts';
import type { Ask, Hex, Listing, Order, SignedAsk, SlotHeader } from '../../domain/types.ts';
import { account } from '../support/chain.ts';
import type { TestChain } from '../support/chain.ts';
import { marketOf, refOf } from '../support/leases.ts';

export const SCHEDULER = 1;
export const PROVIDER = 3;
export const LEAVER = 4;
export const BIDDER = 6;
export const BUYER = 7;
export const CLASS = 'H100-SXM-80G';
export const REGION = 'cn-310000';
const FAR = 4_000_000_000n;
const RECEIPT_MS = 30_000;
/** In place of a signature. */
const QUOTED: Hex = '0x00';
const WORKLOAD = keccakText('a workload');

type ContractKey =
  | 'token'
  | 'vault'
  | 'registry'
  | 'auction'
  | 'market'
  | 'leaseBook'
  | 'clusters'
  | 'monitors'
  | 'bond'
  | 'receipts';

const ABIS: Record<ContractKey, Abi> = {
  token: abis.testStablecoinAbi,
  vault: abis.vaultAbi,
  registry: abis.providerRegistryAbi,
  auction: abis.auctionAbi,
  market: abis.marketAbi,
  leaseBook: abis.leaseBookAbi,
  clusters: abis.clustersAbi,
  monitors: abis.monitorsAbi,
  bond: abis.bondAbi,
  receipts: abis.receiptsAbi,
};

export type Actors = ReturnType<typeof openActors>;

/** Everybody who acts on a market, on a chain that mines each transaction. */
export function openActors(chain: TestChain, deployment: Deployment) {
  const client = createWalletClient({ transport: http(chain.rpcUrl), cacheTime: 0 }).extend(publicActions);
  const domain = { chainId: deployment.chainId, auction: deployment.auction };

  const send = async (
    from: number,
    contract: ContractKey,
    method: string,
    args: unknown[],
  ): Promise<void> => {
    const data = encodeFunctionData({ abi: ABIS[contract], functionName: method, args });
    const { address } = account(from);
    // What a call uses hangs on the second of its block, and the chain's own estimate leaves nothing over.
    const gas = 2n * (await client.estimateGas({ account: address, to: deployment[contract], data }));
    const hash = await client.sendTransaction({
      account: address,
      chain: null,
      to: deployment[contract],
      data,
      gas,
    });
    const ask = () => chain.rpc<{ status: Hex } | null>('eth_getTransactionReceipt', [hash]);
    const { status } = await untilMined(ask, RECEIPT_MS, 5);
    if (status !== '0x1') throw new Error(`${method} failed`);
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
    const y = 'GPU,bare-metal,,,,H100-SXM5x8/rack,,,,,1';
    const z = `10.0.0.1,GPU,H100-SXM5,${node}`;
    await deposit(who, 300_000_000n);
    await send(who, 'registry', 'register', [address, address, 200_000_000n, `{"name":"provider ${who}"}`]);
    const terms = { className: CLASS, region: REGION, cards, networkMbps: 100_000, storageGb: 20_000 };
    await send(who, 'registry', 'addNodes', [[{ x, y, z, ...terms }]]);
    return nodeIdOf(x, z);
  };
  const listingOf = async (seller: number, node: Hex, cards: number, nonce: bigint) => {
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
    return { id, listing, signature: await sign(seller, id) };
  };
  const buy = async (who: number, seller: number, node: Hex, cards: number, nonce: bigint): Promise<Hex> => {
    const { id, listing, signature } = await listingOf(seller, node, cards, nonce);
    await send(who, 'market', 'buy', [listing, signature, 1, 600, WORKLOAD, 10n ** 12n]);
    return id;
  };

  /** An ask of the provider's node. */
  const askOf = async (node: Hex, nonce: bigint): Promise<SignedAsk> => {
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
    return { ask, signature: await sign(PROVIDER, askId(domain, ask)) };
  };

  /** Commits a slot of one good match, of an order at a firm quote when given, and one that the contract skips. Returns its number. */
  const clearSlot = async (ask: SignedAsk, nonce: bigint, quoted?: Order): Promise<bigint> => {
    const { slotSeconds } = deployment.parameters;
    const slot = (await now()) / BigInt(slotSeconds) + 1n;
    await chain.mine(slot * BigInt(slotSeconds));
    const closing = await client.getBlock();
    await chain.mine((slot + 1n) * BigInt(slotSeconds));
    const seed = await client.getBlock();
    const match = async (order: Order, given?: Hex): Promise<PageMatch> => {
      const signature = given ?? (await sign(BIDDER, orderId(domain, order)));
      return {
        order: { order, classes: [], signature },
        ask,
        leaf: { winner: 0, runnerUp: 255, step: 0, shortlist: [0] },
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
      matchCount: 2,
      ordersRoot: keccakText('orders'),
      asksRoot: keccakText('asks'),
      inputsHash: keccakText('inputs'),
    };
    await send(SCHEDULER, 'auction', 'commitSlot', [header]);
    const good = quoted === undefined ? match(orderOf(3_000_000n, nonce)) : match(quoted, QUOTED);
    const matches = [await good, await match(orderOf(1n, nonce + 1n))];
    const key = (item: PageMatch) => keccakWords(orderId(domain, item.order.order), header.seed);
    matches.sort((a, b) => (key(a) < key(b) ? -1 : 1));
    await send(SCHEDULER, 'auction', 'commitPage', [slot, 0, bytesToHex(encodePage(matches))]);
    return slot;
  };

  /** Sends a call that names a lease with its proof. */
  const sendRef = async (from: number, method: string, leaseId: bigint): Promise<void> =>
    send(from, 'leaseBook', method, [await refOf(chain.rpcUrl, deployment, leaseId)]);

  const settlePage = async (from: number, pageId: bigint): Promise<void> => {
    const page = (await marketOf(chain.rpcUrl, deployment)).pages.get(pageId);
    if (!page) throw new Error(`there is no page ${pageId}`);
    await send(from, 'leaseBook', 'settlePages', [bytesToHex(encodeSettlement([page]))]);
  };

  return {
    client,
    domain,
    send,
    sign,
    sendRef,
    settlePage,
    now,
    deposit,
    register,
    listingOf,
    buy,
    askOf,
    clearSlot,
  };
}

/** An order of the bidder. */
export function orderOf(startPrice: bigint, nonce: bigint): Order {
  return {
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
    nonce,
  };
}
