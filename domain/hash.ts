/** keccak256 and the few byte helpers that encodings need. Hex is lower-case and 0x-prefixed. */
import { keccak_256 } from '@noble/hashes/sha3.js';
import { bytesToHex as toHex, hexToBytes as fromHex, utf8ToBytes } from '@noble/hashes/utils.js';
import type { Hex } from './types.ts';

export const ZERO_HASH: Hex = `0x${'0'.repeat(64)}`;

export function bytesToHex(bytes: Uint8Array): Hex {
  return `0x${toHex(bytes)}`;
}

/** @throws on anything but an even number of hex digits after 0x. */
export function hexToBytes(hex: Hex): Uint8Array {
  return fromHex(hex.slice(2));
}

export function keccakBytes(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

export function keccak(bytes: Uint8Array): Hex {
  return bytesToHex(keccak_256(bytes));
}

export function keccakText(text: string): Hex {
  return keccak(utf8ToBytes(text));
}

/** `value` as `size` big-endian bytes. @throws RangeError when it does not fit. */
export function uintBytes(value: bigint | number, size: number): Uint8Array {
  let rest = BigInt(value);
  if (rest < 0n) throw new RangeError(`${value} is negative`);
  const bytes = new Uint8Array(size);
  for (let i = size - 1; i >= 0; i--) {
    bytes[i] = Number(rest & 0xffn);
    rest >>= 8n;
  }
  if (rest > 0n) throw new RangeError(`${value} does not fit ${size} bytes`);
  return bytes;
}

export function concat(...parts: Uint8Array[]): Uint8Array {
  let length = 0;
  for (const part of parts) length += part.length;
  const joined = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined;
}

/** keccak256 of packed 32-byte words: the lotteries, the clearing order, the receipts' heads. */
export function keccakWords(...words: Hex[]): Hex {
  return keccak(concat(...words.map(hexToBytes)));
}
