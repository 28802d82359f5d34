/** A market on a real chain whose scheduler does as it is told: it clears a slot rightly, and commits what a fraud makes of it. */
import { setTimeout as sleep } from 'node:timers/promises';
import { BaseError, createPublicClient, decodeErrorResult, encodeFunctionData, http, type Abi } from 'viem';
import { privateKeyToAccount, type PrivateKeyAccount } from 'viem/accounts';
import * as abis from '../../contracts/generated/abi.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { clearingKey } from '../../domain/claims/commitment.ts';
import type { ShownReceipt } from '../../domain/claims/receipts.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import { askId, orderId, receiptDigest } from '../../domain/eip712.ts';
import { bytesToHex, keccak, keccakText, keccakWords, ZERO_HASH } from '../../domain/hash.ts';
import { askLeaf, orderLeaf, type AskLeaf, type OrderLeaf } from '../../domain/leaves.ts';
import { encodeManifest } from '../../domain/manifest.ts';
import { merkleRoot, TAG } from '../../domain/merkle.ts';
import { classId, regionId } from '../../domain/names.ts';
import { encodePage, type PageMatch } from '../../domain/page.ts';
import type { Parameters } from '../../domain/parameters.ts';
import { clearSlot, type ClearedSlot, type SlotAsk, type SlotOrder } from '../../domain/slot.ts';
import type { Ask, Hex, Order, SlotHeader } from '../../domain/types.ts';
import { account, deployMarket, startChain } from '../support/chain.ts';
import { marketOf } from '../support/leases.ts';

const CLASS = 'H100-SXM-80G';
const REGION = 'cn-310000';
const CARDS = 8;
/** Seconds: over when the next slot but one closes, so that nodes are free again. */
const LEASE = 60;
const RICH = 10n ** 13n;
const USD = 1_000_000n;

const ABIS: Record<'token' | 'vault' | 'registry' | 'auction', Abi> = {
  token: abis.testStablecoinAbi,
  vault: abis.vaultAbi,
  registry: abis.providerRegistryAbi,
  auction: abis.auctionAbi,
};

/** A slot as it is about to be committed; a fraud changes it. */
export interface Draft {
  slot: bigint;
  /** What is right. */
  readonly cleared: ClearedSlot;
  /** Clears it over other items, or as if a node had no leases. */
  readonly clear: (orders: readonly SlotOrder[], asks: readonly SlotAsk[], forgotten?: Hex) => ClearedSlot;
  orders: OrderLeaf[];
  asks: AskLeaf[];
  matches: PageMatch[];
  /** Over what the leaves and matches give. */
  header: Partial<SlotHeader>;
  /** What is published; null when nothing is. */
  inputs: Uint8Array | null;
  /** Those of the items that the slot was promised, orders first. */
  readonly receipts: readonly ShownReceipt[];
  publishesLeaves: boolean;
  /** Without a header, without its pages, or as announced. */
  commits: 'nothing' | 'header' | 'all';
  /** Seconds after the slot's end. */
  delay: bigint;
}

export type Market = Awaited<ReturnType<typeof openMarket>>;

export function partyOf(name: string): PrivateKeyAccount {
  return privateKeyToAccount(keccakText(`cardhour frauds ${name}`));
}

export function addressOf(name: string): Hex {
  return partyOf(name).address.toLowerCase() as Hex;
}

/** Reserves of the providers' usual asks; with the usual start price the runner-up is on step 6. */
export const RESERVES = [1_000_000n, 1_500_000n, 2_000_000n, 2_500_000n, 400_000n];

export async function openMarket(parameters: Partial<Parameters>) {
  const chain = await startChain();
  const deployment = await deployMarket(chain.rpcUrl, parameters);
  const scheduler = account(1);
  await bondTestMoney({ rpcUrl: chain.rpcUrl, deployment, schedulerKey: scheduler.key });
  await chain.rpc('anvil_autoImpersonateAccount', [true]);
  const client = createPublicClient({ transport: http(chain.rpcUrl), cacheTime: 0 });
  const domain = { chainId: deployment.chainId, auction: deployment.auction };
  const seconds = BigInt(deployment.parameters.slotSeconds);
  const nonces = new Map<string, bigint>();

  /** @throws Error with the chain's reason */
  const call = async (from: Hex, to: keyof typeof ABIS, functionName: string, ...args: unknown[]) => {
    const data = encodeFunctionData({ abi: ABIS[to], functionName, args });
    const transaction = { from, to: deployment[to], data, gas: '0xf42400' };
    await client
      .call({ account: from, to: deployment[to], data, blockTag: 'pending' })
      .catch((error: unknown) => {
        throw new Error(`${functionName} is refused: ${reasonOf(error, ABIS[to])}`);
      });
    const hash = await chain.rpc<Hex>('eth_sendTransaction', [transaction]);
    const ask = () => chain.rpc<{ status: string } | null>('eth_getTransactionReceipt', [hash]);
    let receipt = await ask();
    // The node answers before its block is there.
    for (; receipt === null; receipt = await ask()) await sleep(2);
    if (receipt.status !== '0x1') throw new Error(`${functionName} of ${from} failed`);
  };
  const giveMoney = async (name: string): Promise<void> => {
    const to = addressOf(name);
    await chain.rpc('anvil_setBalance', [to, '0x56bc75e2d63100000']);
    await call(to, 'token', 'mint', to, RICH);
    // A challenger approves what it stakes by itself.
    if (name !== 'challenger') await call(to, 'token', 'approve', deployment.vault, RICH);
  };
  const block = () =>
    chain.rpc<{ number: Hex; hash: Hex; timestamp: Hex }>('eth_getBlockByNumber', ['latest', false]);
  const now = async (): Promise<bigint> => BigInt((await block()).timestamp);
  const nonceOf = (name: string): bigint => {
    const nonce = nonces.get(name) ?? 0n;
    nonces.set(name, nonce + 1n);
    return nonce;
  };

  const nodes: Hex[] = [];
  for (const index of RESERVES.keys()) {
    const name = `provider ${index}`;
    await giveMoney(name);
    const [provider, stake] = [addressOf(name), deployment.parameters.minProviderStake];
    await call(provider, 'vault', 'deposit', stake);
    await call(provider, 'registry', 'register', provider, provider, stake, '');
    const x = `frauds,7010,310000,${index}`;
    // Each in a state of its own: no ties.
    const terms = { className: CLASS, region: REGION, cards: CARDS, networkMbps: 10_000 * (index + 1) };
    await call(provider, 'registry', 'addNodes', [{ x, y: 'gpu', z: 'node/0', ...terms, storageGb: 20_000 }]);
    nodes.push(nodeIdOf(x, 'node/0'));
  }
  await giveMoney('consumer');
  await call(addressOf('consumer'), 'vault', 'deposit', RICH / 2n);
  await call(addressOf('consumer'), 'vault', 'fundBidding', RICH / 2n);
  await giveMoney('challenger');

  const askOf = async (
    index: number,
    terms: Partial<Ask> = {},
    by = `provider ${index}`,
  ): Promise<SlotAsk> => {
    const ask: Ask = {
      ...{ provider: addressOf(`provider ${index}`), supply: nodes[index]!, supplyKind: 0, nodeEpoch: 0 },
      ...{ resourceClass: classId(CLASS), region: regionId(REGION), cards: CARDS },
      ...{ reservePrice: RESERVES[index]!, validFrom: 0n, validUntil: 4_000_000_000n },
      ...{ nonce: nonceOf(`provider ${index}`), ...terms },
    };
    const id = askId(domain, ask);
    const signature = await partyOf(by).sign({ hash: id });
    return { id, signed: { ask, signature }, signer: addressOf(by) };
  };

  const orderOf = async (terms: Partial<Order> = {}, by = 'consumer'): Promise<SlotOrder> => {
    const order: Order = {
      ...{ consumer: addressOf('consumer'), requirement: classId(CLASS), cards: 2, duration: LEASE },
      ...{ startPrice: 4n * USD, taskCompute: 2_500, taskNetwork: 1_000, taskStorage: 2_500 },
      ...{ region: ZERO_HASH, latestStart: 4_000_000_000n, validUntil: 4_000_000_000n },
      ...{ minReputation: 0, minTier: 0, workload: ZERO_HASH, nonce: nonceOf('consumer'), ...terms },
    };
    const id = orderId(domain, order);
    const signature = await partyOf(by).sign({ hash: id });
    return { id, signed: { order, classes: [], signature }, signer: addressOf(by) };
  };

  /** The scheduler's receipts for these items, as one chain. */
  const receiptsFor = async (
    slot: bigint,
    items: readonly (SlotOrder | SlotAsk)[],
    firstSeq = 0,
  ): Promise<ShownReceipt[]> => {
    let head: Hex = ZERO_HASH;
    const shown: ShownReceipt[] = [];
    for (const [index, { id, signed }] of items.entries()) {
      head = keccakWords(head, id);
      const receipt = { scheduler: scheduler.address, slot, seq: firstSeq + index, item: id, head };
      const signature = await privateKeyToAccount(scheduler.key).sign({
        hash: receiptDigest(domain, receipt),
      });
      const message = 'order' in signed ? { order: signed.order } : { ask: signed.ask };
      shown.push({ receipt, signature, signer: scheduler.address, ...message });
    }
    return shown;
  };

  /** The slot's inputs as they are published, with the receipts of all of them. */
  const inputsOf = async (slot: bigint, orders: readonly SlotOrder[], asks: readonly SlotAsk[]) => {
    const byId = <T extends { id: Hex }>(items: readonly T[]) =>
      [...items].sort((a, b) => (a.id < b.id ? -1 : 1));
    const receipts = await receiptsFor(slot, [...orders, ...asks]);
    const signature = receipts.at(-1)?.signature ?? '0x';
    const promised = { items: receipts.map(({ receipt }) => receipt.item), signature };
    const items = { orders: byId(orders), asks: byId(asks) };
    return { bytes: encodeManifest({ domain, slot, ...items, receipts: promised }), receipts };
  };

  /** Publishes other inputs, as if the slot had been made of them. */
  const publish = async (
    draft: Draft,
    { orders, asks }: { orders: readonly SlotOrder[]; asks: readonly SlotAsk[] },
  ): Promise<void> => {
    draft.inputs = (await inputsOf(draft.slot, orders, asks)).bytes;
    draft.header = { ...draft.header, inputsHash: keccak(draft.inputs) };
  };

  /** A closed slot, cleared rightly. */
  const draftOf = async (orders: readonly SlotOrder[], asks: readonly SlotAsk[]): Promise<Draft> => {
    const slot = (await now()) / seconds + 1n;
    await chain.mine((slot + 1n) * seconds - 1n);
    const closeBlock = BigInt((await block()).number);
    await chain.mine((slot + 1n) * seconds);
    const seed = (await block()).hash;
    const state = await marketOf(chain.rpcUrl, deployment);
    const { bytes: manifest, receipts } = await inputsOf(slot, orders, asks);
    const clear: Draft['clear'] = (ofOrders, ofAsks, forgotten) => {
      const seen = forgotten === undefined ? state : structuredClone(state);
      if (forgotten !== undefined) seen.leasesByNode.delete(forgotten);
      const input = { slot, seed, closeBlock, parameters: deployment.parameters, manifest };
      return clearSlot({ ...input, orders: ofOrders, asks: ofAsks }, seen);
    };
    const cleared = clear(orders, asks);
    return {
      ...{ slot, cleared, clear, header: {}, publishesLeaves: true, commits: 'all', delay: 1n },
      orders: cleared.orders.map((leaf) => ({ ...leaf })),
      asks: cleared.asks.map((leaf) => ({ ...leaf })),
      matches: cleared.matches.map(({ order, ask, leaf }) => ({ order, ask, leaf: { ...leaf } })),
      ...{ inputs: manifest, receipts },
    };
  };

  /** Commits a draft as it stands. @throws Error with the contract's refusal */
  const commit = async (draft: Draft): Promise<void> => {
    if (draft.commits === 'nothing') return;
    const { slot, cleared, matches } = draft;
    const header: SlotHeader = {
      ...cleared.header,
      ordersRoot: merkleRoot(TAG.orders, draft.orders.map(orderLeaf)),
      asksRoot: merkleRoot(TAG.asks, draft.asks.map(askLeaf)),
      ...{ orderCount: draft.orders.length, askCount: draft.asks.length, matchCount: matches.length },
      pageCount: matches.length === 0 ? 0 : 1,
      ...draft.header,
    };
    await chain.setTime((slot + 1n) * seconds + draft.delay);
    await call(scheduler.address, 'auction', 'commitSlot', header);
    if (header.pageCount === 0 || draft.commits === 'header') return;
    const key = ({ order }: PageMatch) => clearingKey(orderId(domain, order.order), header.seed);
    const sorted = [...matches].sort((a, b) => (key(a) < key(b) ? -1 : 1));
    await call(scheduler.address, 'auction', 'commitPage', slot, 0, bytesToHex(encodePage(sorted)));
  };

  return {
    chain,
    deployment,
    scheduler,
    nodes,
    call,
    now,
    block,
    askOf,
    orderOf,
    draftOf,
    commit,
    publish,
    receiptsFor,
  };
}

/** The name of the contract's error. */
function reasonOf(error: unknown, abi: Abi): string {
  if (!(error instanceof BaseError)) return String(error);
  const inner = error.walk((cause) => typeof (cause as { data?: unknown }).data === 'string');
  const data = (inner as { data?: Hex } | null)?.data;
  return data === undefined ? error.shortMessage : decodeErrorResult({ abi, data }).errorName;
}
