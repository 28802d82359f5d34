import { keccak } from '../../../domain/hash.ts';
import type { Hex } from '../../../domain/types.ts';
import { bytesOf, rlpData, rlpList, rlpQuantity } from './rlp.ts';

/** A block's header as `eth_getBlockByNumber` gives it. */
export type RawHeader = Record<string, unknown> & {
  number: Hex;
  hash: Hex;
  parentHash: Hex;
  timestamp: Hex;
  receiptsRoot: Hex;
  logsBloom: Hex;
};

/** In the order of the encoding; what a later fork added is there or not. */
const FIELDS: readonly [name: string, kind: 'data' | 'quantity', later?: boolean][] = [
  ['parentHash', 'data'],
  ['sha3Uncles', 'data'],
  ['miner', 'data'],
  ['stateRoot', 'data'],
  ['transactionsRoot', 'data'],
  ['receiptsRoot', 'data'],
  ['logsBloom', 'data'],
  ['difficulty', 'quantity'],
  ['number', 'quantity'],
  ['gasLimit', 'quantity'],
  ['gasUsed', 'quantity'],
  ['timestamp', 'quantity'],
  ['extraData', 'data'],
  ['mixHash', 'data'],
  ['nonce', 'data'],
  ['baseFeePerGas', 'quantity', true],
  ['withdrawalsRoot', 'data', true],
  ['blobGasUsed', 'quantity', true],
  ['excessBlobGas', 'quantity', true],
  ['parentBeaconBlockRoot', 'data', true],
  ['requestsHash', 'data', true],
];

/** The hash of a header's fields; null when it lacks one that every header has. @throws Error when one is not hexadecimal */
export function headerHash(header: Record<string, unknown>): Hex | null {
  const items: string[] = [];
  for (const [name, kind, later = false] of FIELDS) {
    const value = header[name];
    if (typeof value !== 'string') {
      if (later) continue;
      return null;
    }
    items.push(kind === 'data' ? rlpData(value) : rlpQuantity(value));
  }
  return keccak(bytesOf(rlpList(items)));
}

/** Whether no field of the header can be another, since its hash is the hash of them all. False on chains whose headers have other fields. */
export function hashesItself(header: RawHeader): boolean {
  try {
    return headerHash(header) === header.hash;
  } catch {
    return false;
  }
}
