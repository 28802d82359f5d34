import { keccak_256 } from '@noble/hashes/sha3.js';
import type { Hex } from './types.ts';

const HEX_OF_BYTE = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));
const ENCODER = new TextEncoder();

/** 32 zero bytes: "none" wherever an id is optional. */
export const ZERO_HASH: Hex = `0x${'00'.repeat(32)}`;

/** Bytes as lower-case 0x-hex. */
export function bytesToHex(bytes: Uint8Array): Hex {
  let text = '';
  for (const byte of bytes) text += HEX_OF_BYTE[byte];
  return `0x${text}`;
}

/** Writes the bytes of `hex` into `target` from `offset` on. @throws RangeError when `hex` is not 0x-hex of whole bytes or does not fit */
export function writeHex(target: Uint8Array, offset: number, hex: string): void {
  const length = (hex.length - 2) >> 1;
  if ((hex.length & 1) !== 0 || hex.charCodeAt(0) !== 48 || hex.charCodeAt(1) !== 120)
    throw new RangeError(`not 0x-hex of whole bytes: ${hex}`);
  if (offset + length > target.length) throw new RangeError(`${length} bytes do not fit at ${offset}`);
  for (let index = 0; index < length; index++) {
    const at = 2 + 2 * index;
    const byte = (nibble(hex.charCodeAt(at)) << 4) | nibble(hex.charCodeAt(at + 1));
    if (byte < 0) throw new RangeError(`not 0x-hex of whole bytes: ${hex}`);
    target[offset + index] = byte;
  }
}

/** Value of a hex digit's character code; negative when it is none. */
function nibble(code: number): number {
  if (code >= 48 && code <= 57) return code - 48;
  const lower = code | 32;
  return lower >= 97 && lower <= 102 ? lower - 87 : -1;
}

/** @throws RangeError when `hex` is not 0x-hex of whole bytes */
export function hexToBytes(hex: string): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, (hex.length - 2) >> 1));
  writeHex(bytes, 0, hex);
  return bytes;
}

export function utf8(text: string): Uint8Array {
  return ENCODER.encode(text);
}

export function concatHex(...parts: Hex[]): Hex {
  return `0x${parts.map((part) => part.slice(2)).join('')}`;
}

/** keccak256 as bytes. */
export function keccakBytes(bytes: Uint8Array): Uint8Array {
  return keccak_256(bytes);
}

/** keccak256 as 0x-hex. */
export function keccak(bytes: Uint8Array): Hex {
  return bytesToHex(keccakBytes(bytes));
}

/** keccak256 of the text's UTF-8 bytes. */
export function keccakText(text: string): Hex {
  return keccak(utf8(text));
}
