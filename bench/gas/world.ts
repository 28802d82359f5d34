/** A market on a real chain, with as many parties as asked for, that says what each transaction cost. */
import { encodeFunctionData, formatLog, parseEventLogs, type Abi, type RpcLog } from 'viem';
import { privateKeyToAccount } from 'viem/accounts';
import * as abis from '../../contracts/generated/abi.ts';
import { nodeIdOf } from '../../domain/cpi.ts';
import { askId, orderId } from '../../domain/eip712.ts';
import { bytesToHex, keccakText, keccakWords } from '../../domain/hash.ts';
import { leasePageOf, slotSource, type LeasePage } from '../../domain/lease-page.ts';
import { classId, regionId } from '../../domain/names.ts';
import { decodeRecords, encodePage, type PageMatch } from '../../domain/page.ts';
import type { Ask, Hex, Order, SignedAsk, SignedOrder, SlotHeader } from '../../domain/types.ts';
import { bondTestMoney } from '../../contracts/test-bond.ts';
import { account, deployMarket, type TestChain } from '../../test/support/chain.ts';

const CLASS = 'H100-SXM-80G';
const REGION = 'cn-310000';
export const FAR = 4_000_000_000n;
const MANY_CARDS = 30_000;
const GAS_LIMIT = 16_000_000;
const SHORTLIST = 16;

const ABIS: Record<'token' | 'vault' | 'registry' | 'auction' | 'market' | 'leaseBook' | 'claims', Abi> = {
  token: abis.testStablecoinAbi,
  vault: abis.vaultAbi,
  registry: abis.providerRegistryAbi,
  auction: abis.auctionAbi,
  market: abis.marketAbi,
  leaseBook: abis.leaseBookAbi,
  claims: abis.claimsAbi,
};

/** What a transaction was and what it used. */
export interface Spent {
  hash: Hex;
  gas: number;
  data: Hex;
}

interface Receipt {
  status: string;
  gasUsed: string;
  blockNumber: string;
  contractAddress: Hex | null;
}

export interface Party {
  key: Hex;
  address: Hex;
  sign(digest: Hex): Promise<Hex>;
}

export interface Seller extends Party {
  payout: Hex;
  asks: SignedAsk[];
}

export interface Committed {
  /** What each transaction cost. */
  header: Spent;
  page: Spent;
  leases: LeasePage;
  head: SlotHeader;
  /** In their order on the page. */
  matches: PageMatch[];
}

export type World = Awaited<ReturnType<typeof openWorld>>;

export function party(name: string): Party {
  const key = keccakText(`cardhour bench ${name}`);
  const { address, sign } = privateKeyToAccount(key);
  return { key, address: address.toLowerCase() as Hex, sign: (hash) => sign({ hash }) };
}

/** Deploys a market; `next` gives the random parts of orders. */
export async function openWorld(chain: TestChain, next: () => number) {
  const deployment = await deployMarket(chain.rpcUrl);
  await bondTestMoney({ rpcUrl: chain.rpcUrl, deployment, schedulerKey: account(1).key });
  const domain = { chainId: deployment.chainId, auction: deployment.auction };
  await chain.rpc('anvil_autoImpersonateAccount', [true]);
  const scheduler = account(1).address;
  const whole = (below: number): number => Math.floor(next() * below);
  const nonces = new Map<Hex, bigint>();

  const transact = async (from: Hex, to: Hex | null, data: Hex): Promise<Spent & { receipt: Receipt }> => {
    const transaction = { from, ...(to === null ? {} : { to }), data, gas: `0x${GAS_LIMIT.toString(16)}` };
    const hash = await chain.rpc<Hex>('eth_sendTransaction', [transaction]);
    let receipt = await chain.rpc<Receipt | null>('eth_getTransactionReceipt', [hash]);
    while (receipt === null) receipt = await chain.rpc<Receipt | null>('eth_getTransactionReceipt', [hash]);
    if (receipt.status !== '0x1') throw new Error(`transaction ${hash} of ${from} failed`);
    return { hash, gas: Number(receipt.gasUsed), data, receipt };
  };
  const call = async (
    from: Party | Hex,
    contract: keyof typeof ABIS,
    functionName: string,
    ...args: unknown[]
  ): Promise<Spent & { receipt: Receipt }> => {
    const data = encodeFunctionData({ abi: ABIS[contract], functionName, args });
    return transact(typeof from === 'string' ? from : from.address, deployment[contract], data);
  };
  const block = () =>
    chain.rpc<{ number: string; hash: Hex; timestamp: string }>('eth_getBlockByNumber', ['latest', false]);
  const now = async (): Promise<bigint> => BigInt((await block()).timestamp);
  const giveEther = (to: Party): Promise<unknown> =>
    chain.rpc('anvil_setBalance', [to.address, '0x56bc75e2d63100000']);

  /** A party with money in its wallet that the vault may take. */
  const newcomer = async (name: string, wallet = 10n ** 12n): Promise<Party> => {
    const created = party(name);
    await giveEther(created);
    await call(created, 'token', 'mint', created.address, wallet);
    await call(created, 'token', 'approve', deployment.vault, 2n ** 256n - 1n);
    return created;
  };

  const consumer = async (name: string): Promise<Party> => {
    const created = await newcomer(name);
    await call(created, 'vault', 'deposit', 10n ** 11n);
    await call(created, 'vault', 'fundBidding', 5n * 10n ** 10n);
    return created;
  };

  /** A provider with a payout address of its own and a signed ask on each of its nodes. */
  const seller = async (name: string, nodes: number): Promise<Seller> => {
    const created = await newcomer(name);
    const stake = deployment.parameters.minProviderStake;
    await call(created, 'vault', 'deposit', stake);
    const payout = party(`${name} payout`).address;
    await call(created, 'registry', 'register', payout, created.address, stake, '');
    const x = `bench,7010,310000,${name}`;
    const terms = { className: CLASS, region: REGION, networkMbps: 100_000, storageGb: 20_000 };
    const listings = Array.from({ length: nodes }, (_, n) => ({
      ...{ x, y: 'gpu', z: `node/${n}` },
      ...{ ...terms, cards: MANY_CARDS },
    }));
    await call(created, 'registry', 'addNodes', listings);
    const asks = listings.map(async ({ z }, n) => {
      const ask: Ask = {
        provider: created.address,
        supply: nodeIdOf(x, z),
        supplyKind: 0,
        nodeEpoch: 0,
        resourceClass: classId(CLASS),
        region: regionId(REGION),
        cards: MANY_CARDS,
        reservePrice: 600_000n + BigInt(whole(100_000)),
        validFrom: 0n,
        validUntil: FAR,
        nonce: BigInt(n),
      };
      return { ask, signature: await created.sign(askId(domain, ask)) };
    });
    return { ...created, payout, asks: await Promise.all(asks) };
  };

  /** The next nonce of an account: they go up by one, as a wallet counts them. */
  const nonceOf = (address: Hex): bigint => {
    const nonce = nonces.get(address) ?? 0n;
    nonces.set(address, nonce + 1n);
    return nonce;
  };

  const orderOf = async (by: Party): Promise<SignedOrder> => {
    const order: Order = {
      consumer: by.address,
      requirement: classId(CLASS),
      cards: 1 + whole(8),
      duration: 3_600,
      startPrice: 3_000_000n + BigInt(whole(2_000_000)),
      taskCompute: whole(10_000),
      taskNetwork: whole(10_000),
      taskStorage: whole(10_000),
      region: regionId(REGION),
      latestStart: FAR,
      validUntil: FAR,
      minReputation: 0,
      minTier: 0,
      workload: keccakText(`workload ${next()}`),
      nonce: nonceOf(by.address),
    };
    return { order, classes: [], signature: await by.sign(orderId(domain, order)) };
  };

  const headerOf = (slot: bigint, closeBlock: bigint, seed: Hex, matchCount: number): SlotHeader => ({
    ...{ slot, closeBlock, seed, matchCount },
    gammaWad: deployment.parameters.gammaWad,
    pageCount: 1,
    orderCount: 1_000 + whole(1_000),
    askCount: 1_000 + whole(1_000),
    ordersRoot: keccakText(`orders ${slot}`),
    asksRoot: keccakText(`asks ${slot}`),
    inputsHash: keccakText(`inputs ${slot}`),
  });

  /**
   * Commits a slot of one page: match i takes ask i of `asks` and an order of consumer i, both in turn. `arrange` may change the
   * matches' leaves, and gives the trees that the header names.
   */
  const commit = async (
    size: number,
    consumers: readonly Party[],
    asks: readonly SignedAsk[],
    arrange: (matches: PageMatch[]) => Partial<SlotHeader> = () => ({}),
  ): Promise<Committed> => {
    const length = BigInt(deployment.parameters.slotSeconds);
    const slot = (await now()) / length + 1n;
    await chain.mine(slot * length);
    const closing = BigInt((await block()).number);
    await chain.mine((slot + 1n) * length);
    const seed = (await block()).hash;
    const matches: PageMatch[] = [];
    for (let i = 0; i < size; i += 1) {
      const order = await orderOf(consumers[i % consumers.length]!);
      const shortlist = Array.from({ length: SHORTLIST }, () => whole(2_000));
      const leaf = { winner: whole(SHORTLIST), runnerUp: whole(SHORTLIST), step: whole(7), shortlist };
      matches.push({ order, ask: asks[i % asks.length]!, leaf });
    }
    const key = new Map(
      matches.map((match) => [match, keccakWords(orderId(domain, match.order.order), seed)]),
    );
    matches.sort((a, b) => (key.get(a)! < key.get(b)! ? -1 : 1));
    const head = { ...headerOf(slot, closing, seed, size), ...arrange(matches) };
    const header = await call(scheduler, 'auction', 'commitSlot', head);
    const data = bytesToHex(encodePage(matches));
    const page = await call(scheduler, 'auction', 'commitPage', slot, 0, data);
    return { header, page, leases: await openedPage(page.receipt.blockNumber, slot), head, matches };
  };

  const openedPage = async (blockNumber: string, slot: bigint): Promise<LeasePage> => {
    const range = { fromBlock: blockNumber, toBlock: blockNumber, address: deployment.auction };
    const logs = await chain.rpc<RpcLog[]>('eth_getLogs', [range]);
    const [event] = parseEventLogs({
      abi: abis.auctionAbi,
      eventName: 'PageCommitted',
      logs: logs.map((log) => formatLog(log)),
    });
    if (!event) throw new Error('no page was committed');
    const { pageId, start, matchRoot, accounts, records } = event.args;
    if (decodeRecords(accounts, records).some(({ skip }) => skip !== 0))
      throw new Error('a match was skipped');
    return leasePageOf(pageId, BigInt(start), slotSource(slot, 0, matchRoot), accounts, records);
  };

  return { chain, deployment, domain, call, transact, giveEther, newcomer, consumer, seller, commit, now };
}
