import { keccak, keccakBytes } from '../../../domain/hash.ts';
import type { Hex } from '../../../domain/types.ts';
import { rlpBytes, rlpList, rlpQuantity } from './rlp.ts';

/** Root of the tree over nothing. */
export const EMPTY_ROOT: Hex = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421';

interface Leaf {
  /** The key's half bytes. */
  path: readonly number[];
  value: Uint8Array;
}

/** Root of the Merkle Patricia tree (Yellow Paper, appendix D) whose keys are the encoded places in a list, as of receipts. */
export function listRoot(values: readonly Uint8Array[]): Hex {
  if (values.length === 0) return EMPTY_ROOT;
  const leaves = values.map((value, index) => ({
    path: halves(rlpQuantity(`0x${index.toString(16)}`)),
    value,
  }));
  return keccak(node(leaves, 0));
}

/** The node over leaves that agree in the first `depth` halves. No key is another's beginning: a branch holds no value. */
function node(leaves: readonly Leaf[], depth: number): Uint8Array {
  const [first] = leaves as [Leaf, ...Leaf[]];
  if (leaves.length === 1)
    return rlpList([rlpBytes(packed(first.path.slice(depth), 2)), rlpBytes(first.value)]);
  let shared = depth;
  while (leaves.every(({ path }) => path[shared] === first.path[shared])) shared++;
  if (shared > depth)
    return rlpList([rlpBytes(packed(first.path.slice(depth, shared), 0)), reference(node(leaves, shared))]);
  const children: Leaf[][] = Array.from({ length: 16 }, () => []);
  for (const leaf of leaves) children[leaf.path[depth]!]!.push(leaf);
  const items = children.map((below) =>
    below.length === 0 ? rlpBytes(NOTHING) : reference(node(below, depth + 1)),
  );
  return rlpList([...items, rlpBytes(NOTHING)]);
}

const NOTHING = new Uint8Array();

/** A short node stands itself where it is named. */
function reference(encoded: Uint8Array): Uint8Array {
  return encoded.length < 32 ? encoded : rlpBytes(keccakBytes(encoded));
}

/** @param kind 2 for a leaf, 0 for a part of the way */
function packed(path: readonly number[], kind: number): Uint8Array {
  const odd = path.length % 2;
  const all = odd === 1 ? [kind + 1, ...path] : [kind, 0, ...path];
  return Uint8Array.from(
    { length: all.length / 2 },
    (_, index) => (all[2 * index]! << 4) | all[2 * index + 1]!,
  );
}

function halves(bytes: Uint8Array): number[] {
  return [...bytes].flatMap((byte) => [byte >> 4, byte & 15]);
}
