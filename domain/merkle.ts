import { bytesToHex, hexToBytes, keccakBytes } from './hash.ts';
import type { Hex } from './types.ts';

/**
 * Root of a tree: `keccak256(0x02 ‖ tag ‖ uint32 count ‖ top)`, `top` = 0 for no leaf. Leaves and inner nodes are hashed
 * under their own prefixes, an unpaired node moves up as it is. (ADR 0001, Merkle trees)
 * @param leaves leaf bytes, not yet hashed, in the tree's order
 */
export function merkleRoot(tag: number, leaves: readonly Uint8Array[]): Hex {
  let level = leaves.map((leaf) => hashLeaf(tag, leaf));
  while (level.length > 1) level = levelAbove(level);
  return hashRoot(tag, leaves.length, level[0] ?? new Uint8Array(32));
}

/** Siblings from the leaf upwards; a level at which the node moves up unpaired has none. @throws RangeError when there is no such leaf */
export function merkleProof(tag: number, leaves: readonly Uint8Array[], index: number): Hex[] {
  if (!Number.isInteger(index) || index < 0 || index >= leaves.length)
    throw new RangeError(`no leaf ${index} among ${leaves.length}`);
  const proof: Hex[] = [];
  let level = leaves.map((leaf) => hashLeaf(tag, leaf));
  for (let at = index; level.length > 1; at >>= 1) {
    const sibling = level[at ^ 1];
    if (sibling !== undefined) proof.push(bytesToHex(sibling));
    level = levelAbove(level);
  }
  return proof;
}

/** Whether the tree of `count` leaves under `root` has these leaf bytes at `index`. */
export function verifyProof(
  tag: number,
  root: Hex,
  count: number,
  index: number,
  leaf: Uint8Array,
  proof: readonly Hex[],
): boolean {
  if (!Number.isInteger(index) || index < 0 || index >= count) return false;
  let node = hashLeaf(tag, leaf);
  let used = 0;
  for (let at = index, width = count; width > 1; at >>= 1, width = (width + 1) >> 1) {
    if ((at ^ 1) >= width) continue;
    const text = proof[used++];
    if (text === undefined || text.length !== 66) return false;
    const sibling = hexToBytes(text);
    node = (at & 1) === 0 ? hashPair(node, sibling) : hashPair(sibling, node);
  }
  return used === proof.length && hashRoot(tag, count, node) === root;
}

function levelAbove(level: readonly Uint8Array[]): Uint8Array[] {
  const above: Uint8Array[] = [];
  for (let index = 0; index < level.length; index += 2) {
    const left = level[index];
    const right = level[index + 1];
    if (left !== undefined) above.push(right === undefined ? left : hashPair(left, right));
  }
  return above;
}

function hashLeaf(tag: number, leaf: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(2 + leaf.length);
  bytes[1] = tag;
  bytes.set(leaf, 2);
  return keccakBytes(bytes);
}

function hashPair(left: Uint8Array, right: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(65);
  bytes[0] = 1;
  bytes.set(left, 1);
  bytes.set(right, 33);
  return keccakBytes(bytes);
}

function hashRoot(tag: number, count: number, top: Uint8Array): Hex {
  const bytes = new Uint8Array(38);
  bytes[0] = 2;
  bytes[1] = tag;
  new DataView(bytes.buffer).setUint32(2, count);
  bytes.set(top, 6);
  return bytesToHex(keccakBytes(bytes));
}
