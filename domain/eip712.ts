import { keccak, keccakBytes, keccakText, utf8, writeHex } from './hash.ts';
import type { Ask, Hex, Listing, Order, Receipt, SigningDomain } from './types.ts';

interface Field {
  readonly name: string;
  readonly type: string;
}

/** Message types as ethers and viem take them. (ADR 0001, EIP-712) */
export const TYPES = {
  Ask: fields(
    'address provider,bytes32 supply,uint8 supplyKind,uint32 nodeEpoch,bytes32 resourceClass,bytes32 region,uint32 cards,uint128 reservePrice,uint64 validFrom,uint64 validUntil,uint256 nonce',
  ),
  Listing: fields(
    'address provider,bytes32 node,uint32 nodeEpoch,bytes32 resourceClass,bytes32 region,uint32 cards,uint128 pricePerCardHour,uint64 validFrom,uint64 validUntil,uint256 nonce',
  ),
  Order: fields(
    'address consumer,bytes32 requirement,uint32 cards,uint32 duration,uint128 startPrice,uint16 taskCompute,uint16 taskNetwork,uint16 taskStorage,bytes32 region,uint64 latestStart,uint64 validUntil,uint16 minReputation,uint8 minTier,bytes32 workload,uint256 nonce',
  ),
  Receipt: fields('address scheduler,uint64 slot,uint32 seq,bytes32 item,bytes32 head'),
};

const DOMAIN_TYPE = keccakText(
  'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)',
);
const NAME = keccakText('Cardhour');
const VERSION = keccakText('1');

/** Type hash of each message; what a contract calls `ASK_TYPEHASH` and so on. */
export const TYPE_HASHES = {
  Ask: typeHash('Ask', TYPES.Ask),
  Listing: typeHash('Listing', TYPES.Listing),
  Order: typeHash('Order', TYPES.Order),
  Receipt: typeHash('Receipt', TYPES.Receipt),
};

/** The domain as ethers and viem take it. */
export function eip712Domain(domain: SigningDomain) {
  return {
    name: 'Cardhour',
    version: '1',
    chainId: domain.chainId,
    verifyingContract: domain.auction,
  } as const;
}

export function domainSeparator(domain: SigningDomain): Hex {
  const words = new Uint8Array(5 * 32);
  writeHex(words, 0, DOMAIN_TYPE);
  writeHex(words, 32, NAME);
  writeHex(words, 64, VERSION);
  writeInteger(words, 3, BigInt(domain.chainId));
  writeHex(words, 4 * 32 + 12, domain.auction);
  return keccak(words);
}

/** EIP-712 digest of an ask: its id. @throws RangeError when a field is out of its type */
export function askId(domain: SigningDomain, ask: Ask): Hex {
  return digest(domain, TYPE_HASHES.Ask, TYPES.Ask, ask);
}

/** EIP-712 digest of a listing: its id. @throws RangeError when a field is out of its type */
export function listingId(domain: SigningDomain, listing: Listing): Hex {
  return digest(domain, TYPE_HASHES.Listing, TYPES.Listing, listing);
}

/** EIP-712 digest of an order: its id. @throws RangeError when a field is out of its type */
export function orderId(domain: SigningDomain, order: Order): Hex {
  return digest(domain, TYPE_HASHES.Order, TYPES.Order, order);
}

/** EIP-712 digest of a receipt: what the gateway's key signs. @throws RangeError when a field is out of its type */
export function receiptDigest(domain: SigningDomain, receipt: Receipt): Hex {
  return digest(domain, TYPE_HASHES.Receipt, TYPES.Receipt, receipt);
}

/** Next head of a slot's receipt chain: `keccak256(previous head ‖ item)`; the first previous head is `ZERO_HASH`. */
export function nextReceiptHead(previous: Hex, item: Hex): Hex {
  const bytes = new Uint8Array(64);
  writeHex(bytes, 0, previous);
  writeHex(bytes, 32, item);
  return keccak(bytes);
}

const separators = new Map<string, Hex>();

function digest(domain: SigningDomain, type: Hex, layout: readonly Field[], message: object): Hex {
  const key = `${domain.chainId}:${domain.auction}`;
  let separator = separators.get(key);
  if (separator === undefined) {
    separator = domainSeparator(domain);
    separators.set(key, separator);
  }
  const bytes = new Uint8Array(66);
  bytes[0] = 0x19;
  bytes[1] = 0x01;
  writeHex(bytes, 2, separator);
  bytes.set(structHash(type, layout, message as Record<string, unknown>), 34);
  return keccak(bytes);
}

/** All our fields are static: one word each. */
function structHash(type: Hex, layout: readonly Field[], message: Record<string, unknown>): Uint8Array {
  const words = new Uint8Array((layout.length + 1) * 32);
  writeHex(words, 0, type);
  layout.forEach((field, index) => writeField(words, index + 1, field, message[field.name]));
  return keccakBytes(words);
}

function writeField(words: Uint8Array, word: number, field: Field, value: unknown): void {
  if (field.type === 'bytes32' || field.type === 'address') {
    const length = field.type === 'bytes32' ? 32 : 20;
    if (typeof value !== 'string' || value.length !== 2 + 2 * length)
      throw new RangeError(`${field.name} is not ${field.type}: ${String(value)}`);
    writeHex(words, word * 32 + 32 - length, value);
    return;
  }
  const bits = Number(field.type.slice('uint'.length));
  if (typeof value === 'number') {
    if (!Number.isSafeInteger(value) || value < 0 || (bits < 53 && value >= 2 ** bits))
      throw new RangeError(`${field.name} is not ${field.type}: ${value}`);
    writeSmall(words, word * 32 + 32, value);
  } else if (typeof value === 'bigint' && value >= 0n && value >> BigInt(bits) === 0n) {
    writeInteger(words, word, value);
  } else {
    throw new RangeError(`${field.name} is not ${field.type}: ${String(value)}`);
  }
}

function writeInteger(words: Uint8Array, word: number, value: bigint): void {
  let end = word * 32 + 32;
  let rest = value;
  while (rest > 0xffff_ffffn) {
    end -= 4;
    const low = Number(rest & 0xffff_ffffn);
    words[end] = low >>> 24;
    words[end + 1] = low >>> 16;
    words[end + 2] = low >>> 8;
    words[end + 3] = low;
    rest >>= 32n;
  }
  writeSmall(words, end, Number(rest));
}

/** Big-endian, ending before `end`. */
function writeSmall(words: Uint8Array, end: number, value: number): void {
  for (let rest = value, at = end - 1; rest > 0; rest = Math.floor(rest / 256), at--) words[at] = rest % 256;
}

function fields(text: string): Field[] {
  return text.split(',').map((part) => {
    const [type = '', name = ''] = part.split(' ');
    return { name, type };
  });
}

function typeHash(name: string, layout: readonly Field[]): Hex {
  return keccak(utf8(`${name}(${layout.map((field) => `${field.type} ${field.name}`).join(',')})`));
}
