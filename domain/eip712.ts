/**
 * EIP-712 for the market's messages. The digest of a message is its id: bound to the chain and the Auction contract.
 * `TYPES` serves wallets (viem and ethers take it as it is); our own encoder serves ids, and a test holds both equal.
 */
import { concat, hexToBytes, keccak, keccakText, uintBytes } from './hash.ts';
import type { Ask, Hex, Listing, Order, Receipt, SigningDomain } from './types.ts';

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

const typeHashes = new Map<MessageType, Uint8Array>();
const separators = new Map<string, Uint8Array>();

function digest(domain: SigningDomain, type: MessageType, message: object): Hex {
  const values = message as Record<string, string | bigint | number>;
  const words = TYPES[type].map(({ name, type: kind }) => word(kind, name, values[name]));
  const structHash = hexToBytes(keccak(concat(typeHash(type), ...words)));
  return keccak(concat(Uint8Array.of(0x19, 0x01), separator(domain), structHash));
}

/** One 32-byte word. @throws RangeError when the value is missing or exceeds its type. */
function word(kind: string, name: string, value: string | bigint | number | undefined): Uint8Array {
  if (value === undefined) throw new RangeError(`${name} is missing`);
  const size = kind === 'bytes32' ? 32 : kind === 'address' ? 20 : Number(kind.slice(4)) / 8;
  const bytes = kind.startsWith('uint')
    ? uintBytes(BigInt(value), size)
    : hexToBytes(String(value).toLowerCase() as Hex);
  if (bytes.length !== size) throw new RangeError(`${name} has ${bytes.length} bytes, not ${size}`);
  return size === 32 ? bytes : concat(new Uint8Array(32 - size), bytes);
}

function typeHash(type: MessageType): Uint8Array {
  let hash = typeHashes.get(type);
  if (!hash) {
    const fields = TYPES[type].map((f) => `${f.type} ${f.name}`).join(',');
    hash = hexToBytes(keccakText(`${type}(${fields})`));
    typeHashes.set(type, hash);
  }
  return hash;
}

function separator(domain: SigningDomain): Uint8Array {
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
          word('address', 'auction', domain.auction),
        ),
      ),
    );
    separators.set(key, hash);
  }
  return hash;
}
