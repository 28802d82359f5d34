/**
 * Ethereum's recursive length prefix (Yellow Paper, appendix B), written only. Hexadecimal digits throughout, without 0x: nodes give hex, and
 * one long text becomes bytes in one go.
 */

/** @param digits of whole bytes */
export function rlpDigits(digits: string): string {
  if (digits.length === 2 && digits < '80') return digits;
  return prefix(0x80, digits.length / 2) + digits;
}

/** @param items encoded already */
export function rlpList(items: readonly string[]): string {
  const all = items.join('');
  return prefix(0xc0, all.length / 2) + all;
}

/** Bytes as a node writes them: 0x and an even number of digits. */
export function rlpData(hex: string): string {
  return rlpDigits(hex.slice(2));
}

/** A whole number as a node writes it: 0x and any number of digits, zero being no byte at all. */
export function rlpQuantity(hex: string): string {
  return rlpDigits(even(hex.slice(2).replace(/^0+/, '')));
}

/** @throws Error on what are not the digits of whole bytes: a prefix would lie about them */
export function bytesOf(digits: string): Uint8Array {
  const bytes = Buffer.from(digits, 'hex');
  if (2 * bytes.length !== digits.length) throw new Error('not hexadecimal');
  return bytes;
}

function prefix(base: number, length: number): string {
  if (length < 56) return even((base + length).toString(16));
  const size = even(length.toString(16));
  return (base + 55 + size.length / 2).toString(16) + size;
}

function even(digits: string): string {
  return digits.length % 2 === 0 ? digits : `0${digits}`;
}
