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
  let level = leaves.map((leaf) => leafHash(tag, leaf));
  while (level.length > 1) level = parents(level);
  return level[0] ?? EMPTY_TOP;
}

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
  const bytes = new Uint8Array(65);
  bytes[0] = 0x01;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return keccakBytes(bytes);
}

function bind(tag: TreeTag, count: number, top: Uint8Array): Hex {
  return bytesToHex(keccakBytes(concat(Uint8Array.of(0x02, tag), uintBytes(count, 4), top)));
}
