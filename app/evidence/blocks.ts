import { keccak256, numberToHex, toRlp, type PublicClient } from 'viem';
import type { BlockFact } from '../../domain/evidence.ts';
import type { Hex } from '../../domain/types.ts';

/** A block as a node gives it; fields that later forks brought may be absent. */
type RawBlock = Record<string, unknown> & { number: Hex; hash: Hex; parentHash: Hex; timestamp: Hex };

/** A header's fields in the order in which its hash takes them (Ethereum yellow paper 4.4.3; EIP-1559, 4895, 4844, 4788, 7685). */
const FIELDS: readonly [name: string, kind: 'bytes' | 'integer', later?: true][] = [
  ['parentHash', 'bytes'],
  ['sha3Uncles', 'bytes'],
  ['miner', 'bytes'],
  ['stateRoot', 'bytes'],
  ['transactionsRoot', 'bytes'],
  ['receiptsRoot', 'bytes'],
  ['logsBloom', 'bytes'],
  ['difficulty', 'integer'],
  ['number', 'integer'],
  ['gasLimit', 'integer'],
  ['gasUsed', 'integer'],
  ['timestamp', 'integer'],
  ['extraData', 'bytes'],
  ['mixHash', 'bytes'],
  ['nonce', 'bytes'],
  ['baseFeePerGas', 'integer', true],
  ['withdrawalsRoot', 'bytes', true],
  ['blobGasUsed', 'integer', true],
  ['excessBlobGas', 'integer', true],
  ['parentBeaconBlockRoot', 'bytes', true],
  ['requestsHash', 'bytes', true],
];

/** A block with what its header hashes to, so that nobody has to believe the node; null when the node has none such. */
export async function readBlock(client: PublicClient, number: bigint): Promise<BlockFact | null> {
  const block: unknown = await client.request({
    method: 'eth_getBlockByNumber',
    params: [numberToHex(number), false],
  });
  if (!isBlock(block)) return null;
  return {
    number: BigInt(block.number),
    hash: block.hash,
    timestamp: BigInt(block.timestamp),
    parentHash: block.parentHash,
    headerHash: headerHash(block),
  };
}

function isBlock(answer: unknown): answer is RawBlock {
  if (typeof answer !== 'object' || answer === null) return false;
  const block = answer as Record<string, unknown>;
  return ['number', 'timestamp', 'hash', 'parentHash'].every(
    (name) => isHex(block[name]) && block[name] !== '0x',
  );
}

/** keccak256 of the header's RLP. Fields that the node leaves out count as empty: the hash is then another one. */
function headerHash(block: Record<string, unknown>): Hex {
  const values: Hex[] = [];
  for (const [name, kind, later] of FIELDS) {
    const value = block[name];
    if (isHex(value)) values.push(kind === 'bytes' ? value : minimal(value));
    else if (later !== true) values.push('0x');
  }
  return keccak256(toRlp(values));
}

function isHex(value: unknown): value is Hex {
  return typeof value === 'string' && /^0x[0-9a-f]*$/i.test(value);
}

/** An integer's bytes without leading zeros. */
function minimal(quantity: Hex): Hex {
  const digits = quantity.slice(2).replace(/^0+/, '');
  if (digits === '') return '0x';
  return `0x${digits.length % 2 === 0 ? digits : `0${digits}`}`;
}
