import { hexToBytes, keccakBytes } from '../../../domain/hash.ts';
import type { Hex } from '../../../domain/types.ts';

/** Where an item sets its three bits in the hex digits of a block's bloom, with the digit's bit. */
export type Marks = readonly [digit: number, bit: number][];

/**
 * Whether a block may hold a log of one of the addresses that begins with one of the topics: its bloom has the bits of both.
 * False is certain.
 */
export function bloomFilter(addresses: readonly Hex[], topics: readonly Hex[]): (logsBloom: Hex) => boolean {
  const [byAddress, byTopic] = [addresses.map(marksOf), topics.map(marksOf)];
  return (bloom) =>
    byAddress.some((marks) => has(bloom, marks)) && byTopic.some((marks) => has(bloom, marks));
}

/** Where an item sets its bits. */
export function marksOf(item: Hex): Marks {
  const hash = keccakBytes(hexToBytes(item));
  return [0, 2, 4].map((at) => {
    const bit = ((hash[at]! << 8) | hash[at + 1]!) & 2047;
    // Bit 0 is the last digit's lowest.
    return [2 + 511 - (bit >> 2), 1 << (bit & 3)];
  });
}

function has(bloom: Hex, marks: Marks): boolean {
  return marks.every(([digit, bit]) => (Number.parseInt(bloom[digit]!, 16) & bit) !== 0);
}
