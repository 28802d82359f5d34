/**
 * Transactions of type 2 (EIP-1559) as signed bytes. A page's call is 45 KB, and ethers reads and writes its hex a dozen times: thirty
 * times as long as this. A test holds both equal. (ADR 0014)
 */
import { bytesToHex, concat, hexToBytes, keccak, uintBytes } from '../../domain/hash.ts';
import { signDigest } from '../../domain/signature.ts';
import type { Hex } from '../../domain/types.ts';

export interface Unsigned {
  chainId: number;
  nonce: number;
  to: Hex;
  data: Hex;
  gasLimit: bigint;
  /** Wei per gas. */
  maxFeePerGas: bigint;
  maxPriorityFeePerGas: bigint;
}

export interface Signed {
  raw: Hex;
  hash: Hex;
}

const TYPE = Uint8Array.of(2);
/** No value is sent, no storage is announced. */
const NO_VALUE = rlpBytes(new Uint8Array(0));
const NO_ACCESS_LIST = rlpList([]);

/** @param key private key of the sender */
export function signTransaction(key: Hex, transaction: Unsigned): Signed {
  const { chainId, nonce, maxPriorityFeePerGas, maxFeePerGas, gasLimit, to, data } = transaction;
  const fields = [
    rlpInteger(chainId),
    rlpInteger(nonce),
    rlpInteger(maxPriorityFeePerGas),
    rlpInteger(maxFeePerGas),
    rlpInteger(gasLimit),
    rlpBytes(hexToBytes(to)),
    NO_VALUE,
    rlpBytes(hexToBytes(data)),
    NO_ACCESS_LIST,
  ];
  const signature = signDigest(keccak(concat(TYPE, rlpList(fields))), key);
  const yParity = Number(`0x${signature.slice(130)}`) - 27;
  const [r, s] = [signature.slice(2, 66), signature.slice(66, 130)].map((word) => BigInt(`0x${word}`));
  const signed = concat(TYPE, rlpList([...fields, rlpInteger(yParity), rlpInteger(r!), rlpInteger(s!)]));
  return { raw: bytesToHex(signed), hash: keccak(signed) };
}

/** Big-endian without leading zeros; nothing for zero. */
function rlpInteger(value: number | bigint): Uint8Array {
  return rlpBytes(value === 0 || value === 0n ? new Uint8Array(0) : shortest(value));
}

function rlpBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0]! < 0x80) return bytes;
  return concat(head(0x80, bytes.length), bytes);
}

function rlpList(items: readonly Uint8Array[]): Uint8Array {
  const content = concat(...items);
  return concat(head(0xc0, content.length), content);
}

/** Below 56 the length is in the first byte; beyond, its own length is, and it follows. */
function head(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  const size = shortest(length);
  return concat(Uint8Array.of(base + 55 + size.length), size);
}

function shortest(value: number | bigint): Uint8Array {
  const digits = value.toString(16);
  return uintBytes(value, (digits.length + 1) >> 1);
}
