import type { Hex } from '../../domain/types.ts';
import { Behind, Lie, type Endpoint } from './endpoints.ts';
import { hashesItself, type RawHeader } from './proof/header.ts';
import { RpcTrouble, type Call } from './rpc.ts';

/** What the indexer keeps of a block. `timestamp` is unix seconds. */
export interface Header {
  number: bigint;
  hash: Hex;
  parentHash: Hex;
  timestamp: bigint;
}

const HASH = /^0x[0-9a-f]{64}$/;
const QUANTITY = /^0x[0-9a-f]{1,16}$/;

export function headerCall(tag: bigint | 'latest' | 'finalized'): Call {
  return { method: 'eth_getBlockByNumber', params: [typeof tag === 'bigint' ? quantity(tag) : tag, false] };
}

/**
 * Reads a header.
 * @param proven whether its hash must be that of its fields
 * @param number which block it must be, when that is known
 * @throws Lie; Behind when there is none
 */
export function readHeader(answer: unknown, proven: boolean, number?: bigint): RawHeader {
  if (answer === null)
    throw new Behind(number === undefined ? 'it has no such block' : `it has no block ${number}`);
  const header = answer as RawHeader;
  if (![header.hash, header.parentHash, header.receiptsRoot].every((word) => HASH.test(String(word))))
    throw new Lie('a header lacks its hashes');
  if (!QUANTITY.test(header.number) || !QUANTITY.test(header.timestamp))
    throw new Lie('a header lacks its number or its time');
  if (!/^0x[0-9a-f]{512}$/.test(header.logsBloom)) throw new Lie('a header lacks its bloom');
  if (number !== undefined && BigInt(header.number) !== number)
    throw new Lie(`asked for block ${number}, it gave ${BigInt(header.number)}`);
  if (proven && !hashesItself(header))
    throw new Lie(`the hash of block ${BigInt(header.number)} is not that of its header`);
  return header;
}

export function shortOf({ number, hash, parentHash, timestamp }: RawHeader): Header {
  return { number: BigInt(number), hash, parentHash, timestamp: BigInt(timestamp) };
}

/** @throws RpcTrouble, Lie; Behind unless it is the newest block that is asked for: every node has one */
export async function askHeader(
  endpoint: Endpoint,
  tag: bigint | 'latest' | 'finalized',
  proven: boolean,
): Promise<Header> {
  const [answer] = await endpoint.ask([headerCall(tag)]);
  if (answer === null && tag === 'latest') throw new RpcTrouble('garbled', 'it names no newest block');
  return shortOf(readHeader(answer, proven, typeof tag === 'bigint' ? tag : undefined));
}

export function quantity(value: bigint): Hex {
  return `0x${value.toString(16)}`;
}
