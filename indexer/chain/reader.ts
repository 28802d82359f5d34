import { BaseError, createPublicClient, http, numberToHex } from 'viem';
import type { RpcBlock, RpcLog } from 'viem';
import { CONTRACTS } from '../../contracts/events.ts';
import type { RawLog } from '../../contracts/events.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import type { Hex } from '../../domain/types.ts';

/** What the indexer needs of a block. `timestamp` is unix seconds. */
export interface Header {
  number: bigint;
  hash: Hex;
  parentHash: Hex;
  timestamp: bigint;
}

interface ChainLog extends RawLog {
  blockHash: Hex;
  transactionHash: Hex;
}

/** Consecutive blocks and the market's logs in them, in chain order. */
export interface BlockRange {
  headers: Header[];
  logs: ChainLog[];
}

export interface ChainReader {
  identity(): Promise<{ chainId: number; genesisHash: Hex; hasMarket: boolean }>;
  head(): Promise<Header>;
  /** Headers by number; null for those above the head. */
  headers(numbers: bigint[]): Promise<(Header | null)[]>;
  /**
   * Null when the chain's head is below `to`, or when blocks and logs contradict each other because the chain moved
   * between the answers: asking again is right in both cases.
   */
  range(from: bigint, to: bigint): Promise<BlockRange | null>;
}

/** @throws Refusal CHAIN_UNREACHABLE from every method */
export function createChainReader(rpcUrl: string, deployment: Deployment): ChainReader {
  // One HTTP request carries a whole range: its headers and its logs.
  const transport = http(rpcUrl, { batch: { batchSize: 2_000, wait: 0 }, retryCount: 0, timeout: 30_000 });
  const client = createPublicClient({ transport, cacheTime: 0 });
  const address = CONTRACTS.map((name) => deployment[name]);

  const block = async (tag: Hex | 'latest'): Promise<Header | null> => {
    const found = await client.request({ method: 'eth_getBlockByNumber', params: [tag, false] });
    return found === null ? null : headerOf(found);
  };
  const headers = (numbers: bigint[]): Promise<(Header | null)[]> =>
    reached(rpcUrl, Promise.all(numbers.map((number) => block(numberToHex(number)))));

  return {
    headers,
    async identity() {
      const [chainId, genesis, code] = await reached(
        rpcUrl,
        Promise.all([
          client.request({ method: 'eth_chainId' }),
          block('0x0'),
          client.request({ method: 'eth_getCode', params: [deployment.auction, 'latest'] }),
        ]),
      );
      if (genesis === null) throw unreachable(rpcUrl, 'it has no genesis block');
      return { chainId: Number(chainId), genesisHash: genesis.hash, hasMarket: code !== '0x' };
    },
    async head() {
      const header = await reached(rpcUrl, block('latest'));
      if (header === null) throw unreachable(rpcUrl, 'it has no block');
      return header;
    },
    async range(from, to) {
      const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));
      const filter = { address, fromBlock: numberToHex(from), toBlock: numberToHex(to) };
      const [found, logs] = await Promise.all([
        headers(numbers),
        reached(rpcUrl, client.request({ method: 'eth_getLogs', params: [filter] })),
      ]);
      return coherentRange(found, logs);
    },
  };
}

function coherentRange(found: (Header | null)[], logs: RpcLog[]): BlockRange | null {
  const headers = found.filter((header) => header !== null);
  if (headers.length !== found.length) return null;
  const linked = headers.every(
    (header, index) => index === 0 || header.parentHash === headers[index - 1]?.hash,
  );
  const hashes = new Set(headers.map((header) => header.hash));
  const mined = logs.filter(isMined);
  if (!linked || mined.length !== logs.length || !mined.every((log) => hashes.has(log.blockHash)))
    return null;
  return { headers, logs: mined };
}

function isMined(log: RpcLog): log is RpcLog & ChainLog {
  return log.blockHash !== null && log.transactionHash !== null;
}

function headerOf({ number, hash, parentHash, timestamp }: RpcBlock): Header {
  if (number === null || hash === null)
    throw new Error('The node gave a pending block where a mined one was asked for.');
  return { number: BigInt(number), hash, parentHash, timestamp: BigInt(timestamp) };
}

async function reached<T>(rpcUrl: string, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof BaseError) throw unreachable(rpcUrl, error.shortMessage, error);
    throw error;
  }
}

function unreachable(rpcUrl: string, reason: string, cause?: Error): Refusal {
  const refusal = new Refusal(
    'CHAIN_UNREACHABLE',
    `The chain at ${rpcUrl} does not answer: ${reason}`,
    'Start the chain, or set RPC_URL to one that runs.',
  );
  refusal.cause = cause;
  return refusal;
}
