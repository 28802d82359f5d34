/** keccak256 and the few byte helpers that encodings need. Hex is lower-case and 0x-prefixed. */
import { keccak256 } from './keccak.ts';
import type { Hex } from './types.ts';

/** Value of a hex digit by its character's code; -1 when it is none. */
const NIBBLE = Int8Array.from({ length: 128 }, (_, code) =>
  /[0-9a-f]/i.test(String.fromCharCode(code)) ? Number.parseInt(String.fromCharCode(code), 16) : -1,
);
const UTF8 = new TextEncoder();

export const ZERO_HASH: Hex = `0x${'0'.repeat(64)}`;

export function bytesToHex(bytes: Uint8Array): Hex {
  if (bytes.length > LONG) return longHex(bytes);
  // One string at once: put together of pairs, it would be flattened when it is first looked up.
  const codes = (CODES[bytes.length] ??= Array.from<number>({ length: 2 + 2 * bytes.length }));
  writeDigits(codes, bytes);
  return String.fromCharCode(...codes) as Hex;
}

/** From so many bytes on, text is faster decoded at once than put together. */
const LONG = 256;
const ASCII = new TextDecoder('latin1');
/** Characters' codes, by length in bytes; written anew each time. */
const CODES: number[][] = [];

function longHex(bytes: Uint8Array): Hex {
  const digits = new Uint8Array(2 + 2 * bytes.length);
  writeDigits(digits, bytes);
  return ASCII.decode(digits) as Hex;
}

function writeDigits(target: number[] | Uint8Array, bytes: Uint8Array): void {
  target[0] = 48;
  target[1] = 120;
  for (let i = 0; i < bytes.length; i++) {
    target[2 * i + 2] = digit(bytes[i]! >> 4);
    target[2 * i + 3] = digit(bytes[i]! & 15);
  }
}

/** Character of a hex digit's value. */
function digit(value: number): number {
  return value < 10 ? 48 + value : 87 + value;
}

/** @throws RangeError on anything but an even number of hex digits after 0x. */
export function hexToBytes(hex: Hex): Uint8Array {
  const bytes = new Uint8Array(Math.max(0, (hex.length - 2) >> 1));
  writeHex(bytes, 0, hex);
  return bytes;
}

/** Writes the bytes of `hex` into `target` from `offset` on. @throws RangeError when it is no hex or does not fit. */
export function writeHex(target: Uint8Array, offset: number, hex: Hex): void {
  const length = (hex.length - 2) / 2;
  if (!Number.isInteger(length) || length < 0 || !hex.startsWith('0x')) throw notHex(hex);
  if (offset + length > target.length) throw new RangeError(`${hex} does not fit`);
  for (let i = 0; i < length; i++) {
    const [high, low] = [hex.charCodeAt(2 + 2 * i), hex.charCodeAt(3 + 2 * i)];
    if (high > 0x7f || low > 0x7f) throw notHex(hex);
    const byte = (NIBBLE[high]! << 4) | NIBBLE[low]!;
    if (byte < 0) throw notHex(hex);
    target[offset + i] = byte;
  }
}

function notHex(text: string): RangeError {
  return new RangeError(`'${text}' is not an even number of hex digits after 0x`);
}

export function keccakBytes(bytes: Uint8Array): Uint8Array {
  return keccak256(bytes);
}

export function keccak(bytes: Uint8Array): Hex {
  return bytesToHex(keccak256(bytes));
}

export function keccakText(text: string): Hex {
  return keccak(UTF8.encode(text));
}

/** `value` as `size` big-endian bytes. @throws RangeError when it does not fit. */
export function uintBytes(value: bigint | number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  writeUint(bytes, 0, size, value);
  return bytes;
}

/** Writes `value` as `size` big-endian bytes at `offset`. @throws RangeError when it does not fit or is no whole number. */
export function writeUint(target: Uint8Array, offset: number, size: number, value: bigint | number): void {
  let at = offset + size - 1;
  let small = typeof value === 'number' ? value : 0;
  if (typeof value === 'bigint') {
    let rest = value;
    // What a double holds exactly needs no arithmetic of big integers.
    for (; rest > SAFE && at - 3 >= offset; rest >>= 32n) {
      let word = Number(rest & 0xffff_ffffn);
      for (let i = 0; i < 4; i++, word >>>= 8) target[at--] = word;
    }
    small = rest > SAFE ? -1 : Number(rest);
  }
  if (!Number.isSafeInteger(small) || small < 0) throw new RangeError(`${value} does not fit ${size} bytes`);
  // In words of 32 bits: whole numbers beyond them are divided as doubles, which is far slower.
  let word = small >>> 0;
  let rest = (small - word) / 0x1_0000_0000;
  for (let left = 4; at >= offset; at--, left--) {
    if (left === 0) {
      word = rest;
      rest = 0;
      left = 4;
    }
    target[at] = word;
    word >>>= 8;
  }
  if (word > 0 || rest > 0) throw new RangeError(`${value} does not fit ${size} bytes`);
}

const SAFE = BigInt(Number.MAX_SAFE_INTEGER);

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
  const bytes = words.length === 2 ? PAIR : new Uint8Array(32 * words.length);
  for (let i = 0; i < words.length; i++) writeHex(bytes, 32 * i, words[i]!);
  return keccak(bytes);
}

/** Kept, since most hashes are of two words; a word of another length does not fit. */
const PAIR = new Uint8Array(64);
