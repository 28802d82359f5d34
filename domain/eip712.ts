/**
 * EIP-712 for the market's messages. The digest of a message is its id: bound to the chain and the Auction contract.
 * `TYPES` serves wallets (viem and ethers take it as it is); our own encoder serves ids, and a test holds both equal.
 */
import {
  concat,
  hexToBytes,
  keccak,
  keccakBytes,
  keccakText,
  uintBytes,
  writeHex,
  writeUint,
} from './hash.ts';
import type { Ask, Consent, Hex, Listing, Order, Outage, Quote, Receipt, SigningDomain } from './types.ts';

const field = (name: string, type: string) => ({ name, type });

export const TYPES = {
  Ask: [
    field('provider', 'address'),
    field('supply', 'bytes32'),
    field('supplyKind', 'uint8'),
    field('nodeEpoch', 'uint32'),
    field('resourceClass', 'bytes32'),
    field('region', 'bytes32'),
    field('cards', 'uint32'),
    field('reservePrice', 'uint128'),
    field('validFrom', 'uint64'),
    field('validUntil', 'uint64'),
    field('nonce', 'uint256'),
  ],
  Listing: [
    field('provider', 'address'),
    field('node', 'bytes32'),
    field('nodeEpoch', 'uint32'),
    field('resourceClass', 'bytes32'),
    field('region', 'bytes32'),
    field('cards', 'uint32'),
    field('pricePerCardHour', 'uint128'),
    field('validFrom', 'uint64'),
    field('validUntil', 'uint64'),
    field('nonce', 'uint256'),
  ],
  Order: [
    field('consumer', 'address'),
    field('requirement', 'bytes32'),
    field('cards', 'uint32'),
    field('duration', 'uint32'),
    field('startPrice', 'uint128'),
    field('taskCompute', 'uint16'),
    field('taskNetwork', 'uint16'),
    field('taskStorage', 'uint16'),
    field('region', 'bytes32'),
    field('latestStart', 'uint64'),
    field('validUntil', 'uint64'),
    field('minReputation', 'uint16'),
    field('minTier', 'uint8'),
    field('workload', 'bytes32'),
    field('nonce', 'uint256'),
  ],
  Receipt: [
    field('scheduler', 'address'),
    field('slot', 'uint64'),
    field('seq', 'uint32'),
    field('item', 'bytes32'),
    field('head', 'bytes32'),
  ],
  Consent: [
    field('provider', 'address'),
    field('node', 'bytes32'),
    field('members', 'bytes32'),
    field('cards', 'uint16'),
    field('power', 'uint64'),
    field('reservePrice', 'uint96'),
    field('validFrom', 'uint40'),
    field('validUntil', 'uint40'),
    field('nonce', 'uint64'),
  ],
  Outage: [
    field('leaseId', 'uint64'),
    field('node', 'bytes32'),
    field('from', 'uint40'),
    field('to', 'uint40'),
  ],
  Quote: [field('orderId', 'bytes32'), field('validUntil', 'uint64')],
};

export type MessageType = keyof typeof TYPES;

export function eip712Domain({ chainId, auction }: SigningDomain) {
  return { name: 'Cardhour', version: '1', chainId, verifyingContract: auction };
}

export function askId(domain: SigningDomain, ask: Ask): Hex {
  return digest(domain, 'Ask', ask);
}

export function listingId(domain: SigningDomain, listing: Listing): Hex {
  return digest(domain, 'Listing', listing);
}

export function orderId(domain: SigningDomain, order: Order): Hex {
  return digest(domain, 'Order', order);
}

export function receiptDigest(domain: SigningDomain, receipt: Receipt): Hex {
  return digest(domain, 'Receipt', receipt);
}

export function consentId(domain: SigningDomain, consent: Consent): Hex {
  return digest(domain, 'Consent', consent);
}

export function outageDigest(domain: SigningDomain, outage: Outage): Hex {
  return digest(domain, 'Outage', outage);
}

export function quoteDigest(domain: SigningDomain, quote: Quote): Hex {
  return digest(domain, 'Quote', quote);
}

const typeHashes = new Map<MessageType, Uint8Array>();
const separators = new Map<string, Uint8Array>();

function digest(domain: SigningDomain, type: MessageType, message: object): Hex {
  const values = message as Record<string, unknown>;
  const columns = COLUMNS[type];
  const words = (WORDS[type] ??= wordsOf(type));
  // Every field fills the same bytes of its word each time.
  for (let i = 0; i < columns.length; i++) writeField(words, 32 * (i + 2), columns[i]!, values);
  SIGNED.set(domainSeparator(domain), 2);
  SIGNED.set(keccakBytes(words), 34);
  return keccak(SIGNED);
}

/** The bytes that are hashed, kept: to allocate them takes longer than to hash them. */
const SIGNED = Uint8Array.of(0x19, 0x01, ...new Uint8Array(64));
const WORDS: Partial<Record<MessageType, Uint8Array>> = {};

function wordsOf(type: MessageType): Uint8Array {
  const words = new Uint8Array(32 * (COLUMNS[type].length + 1));
  words.set(typeHash(type));
  return words;
}

/** A field of a message, its type read once. */
interface Column {
  name: string;
  type: string;
  integer: boolean;
  /** Bytes, at the end of its word. */
  size: number;
}

const COLUMNS = Object.fromEntries(
  Object.entries(TYPES).map(([type, fields]) => [type, fields.map(columnOf)]),
) as Record<MessageType, Column[]>;

function columnOf({ name, type }: { name: string; type: string }): Column {
  const integer = type.startsWith('uint');
  return { name, type, integer, size: integer ? Number(type.slice(4)) / 8 : type === 'address' ? 20 : 32 };
}

/** The word that ends at `end`. @throws RangeError when the value is missing or exceeds its type. */
function writeField(
  words: Uint8Array,
  end: number,
  { name, type, integer, size }: Column,
  values: Record<string, unknown>,
): void {
  const value = values[name];
  if (integer) {
    if (typeof value !== 'number' && typeof value !== 'bigint') throw new RangeError(`${name} is no integer`);
    writeUint(words, end - size, size, value);
    return;
  }
  if (typeof value !== 'string' || value.length !== 2 + 2 * size)
    throw new RangeError(`${name} is no ${type}`);
  writeHex(words, end - size, value as Hex);
}

/** keccak256 of the type as EIP-712 writes it: `ASK_TYPEHASH` and so on in the contracts. */
export function typeHash(type: MessageType): Uint8Array {
  let hash = typeHashes.get(type);
  if (!hash) {
    const fields = TYPES[type].map((f) => `${f.type} ${f.name}`).join(',');
    hash = hexToBytes(keccakText(`${type}(${fields})`));
    typeHashes.set(type, hash);
  }
  return hash;
}

export function domainSeparator(domain: SigningDomain): Uint8Array {
  const key = `${domain.chainId}:${domain.auction}`;
  let hash = separators.get(key);
  if (!hash) {
    const type = 'EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)';
    hash = hexToBytes(
      keccak(
        concat(
          hexToBytes(keccakText(type)),
          hexToBytes(keccakText('Cardhour')),
          hexToBytes(keccakText('1')),
          uintBytes(domain.chainId, 32),
          new Uint8Array(12),
          hexToBytes(domain.auction),
        ),
      ),
    );
    separators.set(key, hash);
  }
  return hash;
}
