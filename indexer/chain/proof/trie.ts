import { keccak } from '../../../domain/hash.ts';
import type { Hex } from '../../../domain/types.ts';
import { bytesOf, rlpDigits, rlpList, rlpQuantity } from './rlp.ts';

/** Root of the tree over nothing. */
export const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

interface Leaf {
  /** The key's digits. */
  path: string;
  /** Digits. */
  value: string;
}

/** Root of the Merkle Patricia tree (Yellow Paper, appendix D) whose keys are the encoded places in a list, as of receipts. @param values digits */
export function listRoot(values: readonly string[]): Hex {
  if (values.length === 0) return EMPTY_ROOT;
  const leaves = values.map((value, index) => ({
    path: rlpQuantity(`0x${index.toString(16)}`),
    value,
  }));
  return keccak(bytesOf(node(leaves, 0)));
}

/** The node over leaves that agree in the first `depth` digits. No key is another's beginning: a branch holds no value. */
function node(leaves: readonly Leaf[], depth: number): string {
  const [first] = leaves as [Leaf, ...Leaf[]];
  if (leaves.length === 1)
    return rlpList([rlpDigits(packed(first.path.slice(depth), 2)), rlpDigits(first.value)]);
  let shared = depth;
  while (leaves.every(({ path }) => path[shared] === first.path[shared])) shared++;
  if (shared > depth)
    return rlpList([rlpDigits(packed(first.path.slice(depth, shared), 0)), reference(node(leaves, shared))]);
  const children: Leaf[][] = Array.from({ length: 16 }, () => []);
  for (const leaf of leaves) children[Number.parseInt(leaf.path[depth]!, 16)]!.push(leaf);
  const items = children.map((below) => (below.length === 0 ? NOTHING : reference(node(below, depth + 1))));
  return rlpList([...items, NOTHING]);
}

/** No byte at all, encoded. */
const NOTHING = '80';

/** A short node stands itself where it is named. */
function reference(encoded: string): string {
  return encoded.length < 64 ? encoded : rlpDigits(keccak(bytesOf(encoded)).slice(2));
}

/** @param kind 2 for a leaf, 0 for a part of the way */
function packed(path: string, kind: number): string {
  return path.length % 2 === 1 ? `${kind + 1}${path}` : `${kind}0${path}`;
}
