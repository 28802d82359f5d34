/** Ethereum's recursive length prefix (Yellow Paper, appendix B), written only. */

export function rlpBytes(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 1 && bytes[0]! < 0x80) return bytes;
  return Buffer.concat([prefix(0x80, bytes.length), bytes]);
}

/** @param items encoded already */
export function rlpList(items: readonly Uint8Array[]): Uint8Array {
  let length = 0;
  for (const item of items) length += item.length;
  return Buffer.concat([prefix(0xc0, length), ...items]);
}

/** Bytes as a node writes them: 0x and an even number of digits. */
export function rlpData(hex: string): Uint8Array {
  return rlpBytes(Buffer.from(hex.slice(2), 'hex'));
}

/** A whole number as a node writes it: 0x and any number of digits, zero being no byte at all. */
export function rlpQuantity(hex: string): Uint8Array {
  const digits = hex.slice(2).replace(/^0+/, '');
  return rlpBytes(Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex'));
}

function prefix(base: number, length: number): Uint8Array {
  if (length < 56) return Uint8Array.of(base + length);
  const digits = length.toString(16);
  const size = Buffer.from(digits.length % 2 === 0 ? digits : `0${digits}`, 'hex');
  return Buffer.concat([Uint8Array.of(base + 55 + size.length), size]);
}
