import { keccakBytes, writeHex } from './hash.ts';
import type { Hex } from './types.ts';

/** Which tree a leaf belongs to; part of every leaf's and root's hash. (ADR 0001, Merkle trees) */
export const TAG = { orders: 1, asks: 2, vectors: 3, matches: 4, leases: 6 } as const;

export interface OrderLeaf {
  id: Hex;
  /** Eligibility code, 0 = eligible. */
  code: number;
}

export interface AskLeaf {
  id: Hex;
  node: Hex;
  /** Cards free for this ask at the close. */
  free: number;
  code: number;
}

export interface VectorLeaf {
  node: Hex;
  /** 0 to 10,000 each. */
  compute: number;
  network: number;
  storage: number;
  entropyMicroBits: number;
}

export interface MatchLeaf {
  orderId: Hex;
  askId: Hex;
  runnerUp: Hex | null;
  /** Clock step of the clearing price. */
  step: number;
  /** Base units per card-hour. */
  price: bigint;
  /** Ask ids in order of (distance, entropy gap, lottery, ask id). */
  shortlist: readonly Hex[];
}

/** order id 32 ‖ code 1 */
export function orderLeaf(order: OrderLeaf): Uint8Array {
  const bytes = new Uint8Array(33);
  writeHex(bytes, 0, order.id);
  bytes[32] = order.code;
  return bytes;
}

/** ask id 32 ‖ node 32 ‖ free cards 4 ‖ code 1 */
export function askLeaf(ask: AskLeaf): Uint8Array {
  const bytes = new Uint8Array(69);
  writeHex(bytes, 0, ask.id);
  writeHex(bytes, 32, ask.node);
  writeUint(bytes, 64, 4, ask.free);
  bytes[68] = ask.code;
  return bytes;
}

/** node 32 ‖ compute 2 ‖ network 2 ‖ storage 2 ‖ entropy micro-bits 4 */
export function vectorLeaf(vector: VectorLeaf): Uint8Array {
  const bytes = new Uint8Array(42);
  writeHex(bytes, 0, vector.node);
  writeUint(bytes, 32, 2, vector.compute);
  writeUint(bytes, 34, 2, vector.network);
  writeUint(bytes, 36, 2, vector.storage);
  writeUint(bytes, 38, 4, vector.entropyMicroBits);
  return bytes;
}

/** order id 32 ‖ ask id 32 ‖ runner-up 32 ‖ step 1 ‖ price 16 ‖ keccak256(packed shortlist ask ids) 32 */
export function matchLeaf(match: MatchLeaf): Uint8Array {
  const bytes = new Uint8Array(145);
  writeHex(bytes, 0, match.orderId);
  writeHex(bytes, 32, match.askId);
  if (match.runnerUp !== null) writeHex(bytes, 64, match.runnerUp);
  bytes[96] = match.step;
  writeHex(bytes, 97, `0x${match.price.toString(16).padStart(32, '0')}`);
  const packed = new Uint8Array(32 * match.shortlist.length);
  match.shortlist.forEach((id, index) => writeHex(packed, 32 * index, id));
  bytes.set(keccakBytes(packed), 113);
  return bytes;
}

/** Big-endian, `length` ≤ 4 bytes. */
function writeUint(bytes: Uint8Array, offset: number, length: number, value: number): void {
  for (let index = 0; index < length; index++) bytes[offset + index] = value >>> (8 * (length - 1 - index));
}
