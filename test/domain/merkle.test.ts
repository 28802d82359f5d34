import fc from 'fast-check';
import { concat, keccak256, toHex } from 'viem';
import { expect, test } from 'vitest';
import { hexToBytes } from '../../domain/hash.ts';
import { merkleProof, merkleRoot, TAG, verifyProof } from '../../domain/merkle.ts';
import type { Hex } from '../../domain/types.ts';

const leaves = fc.array(fc.uint8Array({ maxLength: 80 }), { maxLength: 40 });
const tags = fc.constantFrom(...Object.values(TAG));

test('the root is that of a naive tree', () => {
  fc.assert(
    fc.property(tags, leaves, (tag, given) => {
      expect(merkleRoot(tag, given)).toBe(naiveRoot(tag, given));
    }),
  );
});

test('every leaf has a proof', () => {
  fc.assert(
    fc.property(tags, leaves, (tag, given) => {
      const root = merkleRoot(tag, given);
      given.forEach((leaf, index) => {
        const proof = merkleProof(tag, given, index);
        expect(verifyProof(tag, root, given.length, index, leaf, proof)).toBe(true);
      });
    }),
  );
});

test('a proof holds for its own leaf, place, count, tree and siblings alone', () => {
  const distinct = fc
    .integer({ min: 2, max: 40 })
    .map((n) => Array.from({ length: n }, (_, i) => Uint8Array.of(i)));
  fc.assert(
    fc.property(distinct, fc.nat(), fc.nat(), (given, a, b) => {
      const index = a % given.length;
      const other = b % given.length;
      const root = merkleRoot(TAG.asks, given);
      const proof = merkleProof(TAG.asks, given, index);
      const holds = (leaf: Uint8Array, at: number, count: number, tag: 2 | 1, siblings: Hex[]) =>
        verifyProof(tag, root, count, at, leaf, siblings);
      expect(holds(given[index]!, index, given.length, TAG.orders, proof)).toBe(false);
      expect(holds(given[index]!, index, given.length + 1, TAG.asks, proof)).toBe(false);
      expect(holds(given[index]!, given.length, given.length, TAG.asks, proof)).toBe(false);
      expect(holds(given[index]!, index, given.length, TAG.asks, [...proof, root])).toBe(false);
      if (proof.length > 0)
        expect(holds(given[index]!, index, given.length, TAG.asks, proof.slice(1))).toBe(false);
      if (other !== index) {
        expect(holds(given[other]!, index, given.length, TAG.asks, proof)).toBe(false);
        expect(holds(given[index]!, other, given.length, TAG.asks, proof)).toBe(false);
      }
    }),
  );
});

test('a leaf is not an inner node: neither passes for the other', () => {
  const four = [0, 1, 2, 3].map((i) => Uint8Array.of(i));
  const inner = keccak256(concat(['0x01', naiveLeaf(1, four[0]!), naiveLeaf(1, four[1]!)]));
  expect(merkleRoot(1, [hexToBytes(inner), ...four.slice(2)])).not.toBe(merkleRoot(1, four));
});

function naiveRoot(tag: number, given: Uint8Array[]): Hex {
  const top =
    given.length === 0 ? toHex(0, { size: 32 }) : naiveTop(given.map((leaf) => naiveLeaf(tag, leaf)));
  return keccak256(concat(['0x02', toHex(tag, { size: 1 }), toHex(given.length, { size: 4 }), top]));
}

function naiveLeaf(tag: number, leaf: Uint8Array): Hex {
  return keccak256(concat(['0x00', toHex(tag, { size: 1 }), toHex(leaf)]));
}

/** Top down: the left half is the largest power of two below the width. */
function naiveTop(hashes: Hex[]): Hex {
  if (hashes.length === 1) return hashes[0]!;
  let half = 1;
  while (half * 2 < hashes.length) half *= 2;
  return keccak256(concat(['0x01', naiveTop(hashes.slice(0, half)), naiveTop(hashes.slice(half))]));
}
