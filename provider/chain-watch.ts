/**
 * Follows the chain for one provider and keeps its ledger on disk. What was read stays valid only while its last block
 * is still the chain's: after a reorganisation all is read again, after a change of chain all is forgotten.
 */
import { createPublicClient, http, toEventSelector, type AbiEvent } from 'viem';
import type { Deployment } from '../contracts/deployment.ts';
import { decodeLogs, type RawLog } from '../contracts/events.ts';
import {
  auctionAbi,
  clustersAbi,
  leaseBookAbi,
  marketAbi,
  providerRegistryAbi,
} from '../contracts/generated/abi.ts';
import type { Hex } from '../domain/types.ts';
import { readState, writeState } from './files.ts';
import { applyEvent, emptyLedger, LEDGER_EVENTS, prune, type Ledger } from './ledger.ts';

export interface ChainView {
  /** Timestamp of the newest block, unix seconds. */
  now: bigint;
  block: bigint;
  ledger: Ledger;
}

export interface ChainWatch {
  /** Reads up to the newest block. @throws when the chain can't be reached */
  poll(): Promise<ChainView>;
}

export interface ChainWatchOptions {
  rpcUrl: string;
  deployment: Deployment;
  provider: Hex;
  /** State file. */
  path: string;
  /** Ids of the offers that may still sell. */
  liveOffers: { has(id: Hex): boolean };
  /** Another chain answers than the one that was followed; what belongs to the old one must go. */
  onReplaced: () => Promise<void>;
}

interface State {
  genesis: Hex;
  auction: Hex;
  /** Last block read; its hash tells whether the chain still has it. */
  block: bigint;
  hash: Hex;
  ledger: Ledger;
}

/** Blocks of one eth_getLogs request: what public nodes allow. */
const LOG_RANGE = 5_000n;

const TOPICS = [...auctionAbi, ...marketAbi, ...leaseBookAbi, ...providerRegistryAbi, ...clustersAbi]
  .filter((item): item is AbiEvent & typeof item => item.type === 'event' && LEDGER_EVENTS.has(item.name))
  .map((event) => toEventSelector(event));

export function createChainWatch(options: ChainWatchOptions): ChainWatch {
  const { deployment, provider, path } = options;
  const client = createPublicClient({
    transport: http(options.rpcUrl, { retryCount: 1, timeout: 10_000 }),
    cacheTime: 0,
  });
  let state = readState<State>(path);

  const header = async (number: bigint) => {
    const block = await client.request({ method: 'eth_getBlockByNumber', params: [toHex(number), false] });
    return block?.hash
      ? { hash: block.hash, number: BigInt(block.number ?? 0), timestamp: BigInt(block.timestamp) }
      : null;
  };

  /** The state to go on from: what was read when the chain still has it, else a new beginning. */
  const resume = async (): Promise<State> => {
    if (state && (await header(state.block))?.hash === state.hash) return state;
    const genesis = (await header(0n))?.hash;
    if (!genesis) throw new Error('the chain has no genesis block');
    if (state && (state.genesis !== genesis || state.auction !== deployment.auction))
      await options.onReplaced();
    const block = BigInt(deployment.deployBlock) - 1n;
    const hash = (await header(block < 0n ? 0n : block))?.hash ?? genesis;
    return {
      genesis,
      auction: deployment.auction,
      block: block < 0n ? 0n : block,
      hash,
      ledger: emptyLedger(),
    };
  };

  const logs = async (from: bigint, to: bigint): Promise<RawLog[]> => {
    const found = await client.request({
      method: 'eth_getLogs',
      params: [
        {
          address: [
            deployment.auction,
            deployment.market,
            deployment.leaseBook,
            deployment.registry,
            deployment.clusters,
          ],
          topics: [TOPICS],
          fromBlock: toHex(from),
          toBlock: toHex(to),
        },
      ],
    });
    // Null marks a log of a pending block, which nobody asked for.
    return found.flatMap(({ blockNumber, logIndex, ...log }) =>
      blockNumber === null || logIndex === null ? [] : { ...log, blockNumber, logIndex },
    );
  };

  return {
    async poll() {
      const head = await client.request({ method: 'eth_getBlockByNumber', params: ['latest', false] });
      if (!head?.hash || head.number === null) throw new Error('the chain has no newest block');
      const [number, now] = [BigInt(head.number), BigInt(head.timestamp)];
      const next = structuredClone(await resume());
      const changed = next.hash !== head.hash;
      for (let from = next.block + 1n; from <= number; from += LOG_RANGE) {
        const to = from + LOG_RANGE - 1n < number ? from + LOG_RANGE - 1n : number;
        for (const event of decodeLogs(deployment, await logs(from, to)))
          applyEvent(next.ledger, provider, event);
        prune(next.ledger, now, options.liveOffers);
      }
      if (changed || state === null) {
        state = { ...next, block: number, hash: head.hash };
        prune(state.ledger, now, options.liveOffers);
        writeState(path, state);
      }
      return { now, block: number, ledger: state.ledger };
    },
  };
}

function toHex(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
