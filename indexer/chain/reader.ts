import { CONTRACTS, EVENT_TOPICS } from '../../contracts/events.ts';
import type { Deployment } from '../../contracts/deployment.ts';
import type { Hex } from '../../domain/types.ts';
import type { StoredChainEvent } from '../store/events.ts';
import { Behind, Lie, type Endpoint, type Endpoints } from './endpoints.ts';
import { askHeader, headerCall, readHeader, shortOf, type Header } from './header.ts';
import { fetchEvents, type LogsOptions, type Proofs } from './logs.ts';
import { bloomFilter } from './proof/bloom.ts';

/** Consecutive blocks and the market's events in them, in chain order. */
export interface BlockRange {
  headers: Header[];
  events: StoredChainEvent[];
}

export interface ChainIdentity {
  chainId: number;
  genesisHash: Hex;
  hasMarket: boolean;
}

export interface ChainReader {
  readonly endpoints: Endpoints;
  identityOf(endpoint: Endpoint): Promise<ChainIdentity>;
  head(): Promise<Header>;
  /** The newest block that the chain calls final; null when it has no such word. */
  finalized(): Promise<Header | null>;
  /** A node's block with the number; null when it is above its head. */
  headerAt(endpoint: Endpoint, number: bigint): Promise<Header | null>;
  headOf(endpoint: Endpoint): Promise<Header>;
  /** Headers by number, descending, all of one node; null for those above its head. */
  headers(numbers: bigint[]): Promise<(Header | null)[]>;
  /** Null when the chain's head is below `to`, or the chain moved between the answers. */
  range(from: bigint, to: bigint): Promise<BlockRange | null>;
}

/** @throws Refusal CHAIN_UNREACHABLE from every method; RpcTrouble, Lie or Behind from those that name an endpoint */
export function createChainReader(endpoints: Endpoints, deployment: Deployment, proofs: Proofs): ChainReader {
  const addresses = CONTRACTS.map((name) => deployment[name]);
  const options: LogsOptions = {
    deployment,
    addresses,
    proofs,
    mayHold: bloomFilter(addresses, EVENT_TOPICS),
  };
  const proven = proofs !== 'none';

  const rangeOf = async (endpoint: Endpoint, from: bigint, to: bigint): Promise<BlockRange> => {
    const numbers = Array.from({ length: Number(to - from) + 1 }, (_, index) => from + BigInt(index));
    const answers = await endpoint.ask(numbers.map(headerCall));
    const headers = answers.map((answer, index) => readHeader(answer, proven, numbers[index]));
    const broken = headers.some(
      (header, index) => index > 0 && header.parentHash !== headers[index - 1]?.hash,
    );
    if (broken)
      throw new Behind(`its blocks ${from} to ${to} do not follow one another: it changed branches`);
    return { headers: headers.map(shortOf), events: await fetchEvents(endpoint, headers, options) };
  };

  const headerAt = async (endpoint: Endpoint, number: bigint): Promise<Header | null> =>
    orNull(askHeader(endpoint, number, proven));

  return {
    endpoints,
    headerAt,
    headOf: (endpoint) => askHeader(endpoint, 'latest', proven),
    async identityOf(endpoint) {
      const [chainId, genesis, code] = await endpoint.ask([
        { method: 'eth_chainId', params: [] },
        headerCall(0n),
        { method: 'eth_getCode', params: [deployment.auction, 'latest'] },
      ]);
      if (!/^0x[0-9a-f]{1,8}$/.test(String(chainId)) || !/^0x/.test(String(code)))
        throw new Lie('it says neither which chain it is of nor what stands there');
      const { hash } = readHeader(genesis, proven, 0n);
      return { chainId: Number(chainId), genesisHash: hash, hasMarket: code !== '0x' };
    },
    head: () => endpoints.through((endpoint) => askHeader(endpoint, 'latest', proven)),
    finalized: () =>
      endpoints.through((endpoint) => askHeader(endpoint, 'finalized', proven)).catch(() => null),
    headers: (numbers) =>
      endpoints.through(async (endpoint) => {
        const answers = await endpoint.ask(numbers.map(headerCall));
        const found = answers.map((answer, index) =>
          answer === null ? null : shortOf(readHeader(answer, proven, numbers[index])),
        );
        const first = found.findIndex((header) => header !== null);
        if (first !== -1 && found.indexOf(null, first) !== -1)
          throw new Lie('it lacks blocks below those that it has');
        return found;
      }),
    range: (from, to) => orNull(endpoints.through((endpoint) => rangeOf(endpoint, from, to))),
  };
}

async function orNull<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (error instanceof Behind) return null;
    throw error;
  }
}
