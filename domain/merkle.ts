/**
 * The market's Merkle trees (ADR 0001): leaves and inner nodes apart by prefix, an unpaired node moves up as it is, and the
 * root binds the tree's tag and leaf count, so that a count can't be lied about.
 */
import { bytesToHex, concat, hexToBytes, keccakBytes, uintBytes } from './hash.ts';
import type { Hex } from './types.ts';

export const TAG = { orders: 1, asks: 2, matches: 4, leases: 6 } as const;
export type TreeTag = (typeof TAG)[keyof typeof TAG];

const EMPTY_TOP = new Uint8Array(32);

export function leafHash(tag: TreeTag, leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + leaf.length);
  bytes[1] = tag;
  bytes.set(leaf, 2);
  return keccakBytes(bytes);
}

export function merkleRoot(tag: TreeTag, leaves: readonly Uint8Array[]): Hex {
  return bind(tag, leaves.length, merkleTop(tag, leaves));
}

/** Top of the tree, before it is bound to its tag and count; zero for no leaf. */
export function merkleTop(tag: TreeTag, leaves: readonly Uint8Array[]): Uint8Array {
  if (leaves.length === 0) return EMPTY_TOP;
  // One level above the other in the same bytes: a tree of ten thousand leaves makes no array a node.
  const level = new Uint8Array(32 * leaves.length);
  for (let i = 0; i < leaves.length; i++) level.set(leafHash(tag, leaves[i]!), 32 * i);
  for (let width = leaves.length; width > 1; width = (width + 1) >> 1) {
    for (let i = 0; i < width; i += 2) {
      if (i + 1 < width) {
        PAIR.set(level.subarray(32 * i, 32 * i + 64), 1);
        level.set(keccakBytes(PAIR), 16 * i);
      } else level.copyWithin(16 * i, 32 * i, 32 * i + 32);
    }
  }
  return level.slice(0, 32);
}

/** An inner node's bytes: its prefix, and room for what lies below. */
const PAIR = Uint8Array.of(0x01, ...new Uint8Array(64));

/** The siblings of leaf `index`, from the bottom up. @throws RangeError when there is no such leaf. */
export function merkleProof(tag: TreeTag, leaves: readonly Uint8Array[], index: number): Hex[] {
  if (index < 0 || index >= leaves.length) throw new RangeError(`no leaf ${index} of ${leaves.length}`);
  const siblings: Hex[] = [];
  let level = leaves.map((leaf) => leafHash(tag, leaf));
  for (let at = index; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling) siblings.push(bytesToHex(sibling));
    level = parents(level);
  }
  return siblings;
}

/** Whether `leaf` is leaf `index` of `count` under `root`. */
export function verifyProof(
  tag: TreeTag,
  root: Hex,
  count: number,
  index: number,
  leaf: Uint8Array,
  siblings: readonly Hex[],
): boolean {
  if (index < 0 || index >= count) return false;
  let hash = leafHash(tag, leaf);
  let used = 0;
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue;
    const sibling = siblings[used++];
    if (!sibling) return false;
    hash = at & 1 ? inner(hexToBytes(sibling), hash) : inner(hash, hexToBytes(sibling));
  }
  return used === siblings.length && bind(tag, count, hash) === root;
}

function parents(level: Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let i = 0; i < level.length; i += 2)
    above.push(i + 1 < level.length ? inner(level[i]!, level[i + 1]!) : level[i]!);
  return above;
}

function inner(left: Uint8Array, right: Uint8Array): Uint8Array {
  PAIR.set(left, 1);
  PAIR.set(right, 33);
  return keccakBytes(PAIR);
}

function bind(tag: TreeTag, count: number, top: Uint8Array): Hex {
  return bytesToHex(keccakBytes(concat(Uint8Array.of(0x02, tag), uintBytes(count, 4), top)));
}
