import { Contract, keccak256, NonceManager, toUtf8Bytes, Wallet, type InterfaceAbi } from 'ethers';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { deploy } from '../../contracts/deploy.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import {
  auctionAbi,
  marketAbi,
  providerRegistryAbi,
  testStablecoinAbi,
  vaultAbi,
} from '../../contracts/generated/abi.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { ZERO_HASH } from '../../domain/hash.ts';
import { classId, regionId } from '../../domain/names.ts';
import { DEFAULTS, type Parameters } from '../../domain/parameters.ts';
import type { Ask, Hex, Order, SignedAsk, SignedOrder, SigningDomain } from '../../domain/types.ts';
import { openProvider } from '../../scheduler/provider.ts';

/** The chain's part that a market needs; `test/support/chain.ts` and the replay's chain both are one. */
export interface MarketChain {
  rpcUrl: string;
}

export const CHAIN_ID = 31_337;
export const CLASS = 'H100-SXM-80G';
export const REGION = 'cn-310000';

/** Private keys that no other network uses: the hash of a name. */
export const keyOf = (name: string): Hex => keccak256(toUtf8Bytes(`cardhour test ${name}`)) as Hex;
export const addressOf = (name: string): Hex => new Wallet(keyOf(name)).address.toLowerCase() as Hex;

export interface Market {
  deployment: Deployment;
  domain: SigningDomain;
  schedulerKey: Hex;
  /** Registers a provider with one node for each name; returns node ids. */
  addProvider(name: string, nodes: readonly { name: string; cards: number }[]): Promise<Hex[]>;
  /** Gives a consumer money to bid with, base units. */
  fundConsumer(name: string, amount: bigint): Promise<void>;
  cancelNonce(name: string, nonce: bigint): Promise<void>;
  requestUnbid(name: string, amount: bigint): Promise<void>;
  /** Gives an account money that is in no bid, base units. */
  deposit(name: string, amount: bigint): Promise<void>;
  /** Accepts a firm quote. */
  takeQuote(name: string, quote: { order: Order; validUntil: bigint; signature: Hex }): Promise<void>;
  /** Sends any call of a contract, and sees that it went through. */
  send(name: string, to: Hex, abi: InterfaceAbi, method: string, ...args: unknown[]): Promise<void>;
  close(): Promise<void>;
}

/** Deploys a market on a chain that mines each transaction. */
export async function openMarket(chain: MarketChain, parameters: Partial<Parameters> = {}): Promise<Market> {
  const provider = openProvider(chain.rpcUrl, CHAIN_ID);
  const fund = async (name: string): Promise<void> => {
    await provider.send('anvil_setBalance', [addressOf(name), '0x56bc75e2d63100000']);
  };
  await Promise.all([fund('deployer'), fund('scheduler')]);
  const deployment = await deploy({
    rpcUrl: chain.rpcUrl,
    deployerKey: keyOf('deployer'),
    scheduler: addressOf('scheduler'),
    treasury: addressOf('treasury'),
    adminDelaySeconds: 0,
    monitors: ['monitor 1', 'monitor 2', 'monitor 3'].map(addressOf),
    parameters: {
      ...DEFAULTS,
      settleLagSeconds: 5,
      noShowGraceSeconds: 5,
      minBillSeconds: 10,
      minLeaseSeconds: 10,
      ...parameters,
    },
  });
  await bondTestMoney({ rpcUrl: chain.rpcUrl, deployment, schedulerKey: keyOf('scheduler') });
  const signers = new Map<string, NonceManager>();
  const signerOf = async (name: string): Promise<NonceManager> => {
    const known = signers.get(name);
    if (known !== undefined) return known;
    await fund(name);
    const signer = new NonceManager(new Wallet(keyOf(name), provider));
    signers.set(name, signer);
    return signer;
  };
  /** Sends and sees that it went through. */
  const call = async (
    name: string,
    to: Hex,
    abi: InterfaceAbi,
    method: string,
    ...args: unknown[]
  ): Promise<void> => {
    const contract = new Contract(to, abi, await signerOf(name));
    const sent: unknown = await contract.getFunction(method)(...args);
    // The node answers before its block is there.
    for (let looks = 0; looks < 1_000; looks += 1) {
      const receipt = await provider.getTransactionReceipt((sent as { hash: string }).hash);
      if (receipt?.status === 1) return;
      if (receipt !== null) break;
      await sleep(5);
    }
    throw new Error(`${method} of ${name} failed`);
  };
  const deposit = async (name: string, amount: bigint): Promise<void> => {
    await call(name, deployment.token, testStablecoinAbi, 'mint', addressOf(name), amount);
    await call(name, deployment.token, testStablecoinAbi, 'approve', deployment.vault, amount);
    await call(name, deployment.vault, vaultAbi, 'deposit', amount);
  };

  return {
    deployment,
    domain: { chainId: CHAIN_ID, auction: deployment.auction },
    schedulerKey: keyOf('scheduler'),
    async addProvider(name, nodes) {
      const stake = deployment.parameters.minProviderStake;
      await deposit(name, stake);
      await call(
        name,
        deployment.registry,
        providerRegistryAbi,
        'register',
        addressOf(name),
        addressOf(name),
        stake,
        '',
      );
      const listings = nodes.map((node) => ({
        x: `test,7010,310000,${name}`,
        y: 'gpu',
        z: `node/${node.name}`,
        className: CLASS,
        region: REGION,
        cards: node.cards,
        networkMbps: 100_000,
        storageGb: 20_000,
      }));
      await call(name, deployment.registry, providerRegistryAbi, 'addNodes', listings);
      return listings.map((node) => keccak256(toUtf8Bytes(`${node.x}/${node.z}`)) as Hex);
    },
    async fundConsumer(name, amount) {
      await deposit(name, amount);
      await call(name, deployment.vault, vaultAbi, 'fundBidding', amount);
    },
    cancelNonce: (name, nonce) => call(name, deployment.auction, auctionAbi, 'cancelOrders', [nonce]),
    deposit,
    takeQuote: (name, { order, validUntil, signature }) =>
      call(name, deployment.market, marketAbi, 'takeQuote', order, validUntil, signature),
    send: call,
    requestUnbid: (name, amount) => call(name, deployment.vault, vaultAbi, 'requestUnbid', amount),
    async close() {
      provider.destroy();
      await Promise.resolve();
    },
  };
}

/** An ask of a whole node for a year from now on. */
export function signAsk(
  domain: SigningDomain,
  provider: string,
  fields: Pick<Ask, 'supply' | 'cards' | 'reservePrice' | 'nonce'> & Partial<Ask>,
  at: bigint,
): { id: Hex } & SignedAsk {
  const ask: Ask = {
    provider: addressOf(provider),
    supplyKind: 0,
    nodeEpoch: 0,
    resourceClass: classId(CLASS),
    region: regionId(REGION),
    validFrom: 0n,
    validUntil: at + 31_536_000n,
    ...fields,
  };
  const id = askId(domain, ask);
  return { id, ask, signature: sign(provider, id) };
}

export function signOrder(
  domain: SigningDomain,
  consumer: string,
  fields: Pick<Order, 'cards' | 'startPrice' | 'nonce'> & Partial<Order>,
  at: bigint,
): { id: Hex } & SignedOrder {
  const order: Order = {
    consumer: addressOf(consumer),
    requirement: classId(CLASS),
    duration: 3_600,
    taskCompute: 1_250,
    taskNetwork: 1_000,
    taskStorage: 1_000,
    region: ZERO_HASH,
    latestStart: at + 86_400n,
    validUntil: at + 86_400n,
    minReputation: 0,
    minTier: 0,
    workload: ZERO_HASH,
    ...fields,
  };
  const id = orderId(domain, order);
  return { id, order, classes: [], signature: sign(consumer, id) };
}

const sign = (name: string, digest: Hex): Hex =>
  new Wallet(keyOf(name)).signingKey.sign(digest).serialized as Hex;

const toJson = (value: unknown): string =>
  JSON.stringify(value, (_key, inner: unknown) => (typeof inner === 'bigint' ? inner.toString() : inner));

/** Stores messages the way the gateway does (`app/server/book.ts`), as accepted in `slot`. */
export async function storeItems(
  pool: pg.Pool,
  slot: bigint,
  asks: readonly ({ id: Hex } & SignedAsk)[],
  orders: readonly ({ id: Hex } & SignedOrder)[],
): Promise<void> {
  for (const { id, ask, signature } of asks) {
    await pool.query(
      'INSERT INTO ask (id, provider, node, message, signature, slot, "validUntil") VALUES ($1, $2, $3, $4, $5, $6, $7)',
      [id, ask.provider, ask.supply, toJson(ask), signature, slot, ask.validUntil],
    );
  }
  for (const { id, order, classes, signature } of orders) {
    await pool.query(
      'INSERT INTO "order" (id, consumer, message, signature, slot, "validUntil") VALUES ($1, $2, $3, $4, $5, $6)',
      [id, order.consumer, toJson({ order, classes }), signature, slot, order.validUntil],
    );
  }
}
