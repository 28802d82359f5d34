/** Leaf bytes of the market's trees (ADR 0001, "Merkle trees"). */
import { keccakBytes, writeHex, writeUint } from './hash.ts';
import type { Hex } from './types.ts';
import type { StateVector } from './vectors.ts';

export interface OrderLeaf {
  id: Hex;
  /** `ORDER_CODE` */
  code: number;
}

export interface AskLeaf {
  id: Hex;
  node: Hex;
  /** Cards that could win at the close. */
  free: number;
  /** `ASK_CODE` */
  code: number;
}

/** order id 32 ‖ code 1 */
export function orderLeaf(order: OrderLeaf): Uint8Array {
  const bytes = new Uint8Array(33);
  writeHex(bytes, 0, order.id);
  writeUint(bytes, 32, 1, order.code);
  return bytes;
}

/** ask id 32 ‖ node 32 ‖ free cards 4 ‖ code 1 */
export function askLeaf(ask: AskLeaf): Uint8Array {
  const bytes = new Uint8Array(69);
  writeHex(bytes, 0, ask.id);
  writeHex(bytes, 32, ask.node);
  writeUint(bytes, 64, 4, ask.free);
  writeUint(bytes, 68, 1, ask.code);
  return bytes;
}

/** node 32 ‖ compute 2 ‖ network 2 ‖ storage 2 ‖ entropy micro-bits 4 */
export function vectorLeaf(vector: StateVector): Uint8Array {
  const bytes = new Uint8Array(42);
  writeHex(bytes, 0, vector.node);
  writeUint(bytes, 32, 2, vector.compute);
  writeUint(bytes, 34, 2, vector.network);
  writeUint(bytes, 36, 2, vector.storage);
  writeUint(bytes, 38, 4, vector.entropyMicroBits);
  return bytes;
}

export interface MatchLeaf {
  orderId: Hex;
  askId: Hex;
  runnerUp: Hex | null;
  step: number;
  /** Base units per card-hour. */
  price: bigint;
  shortlist: readonly Hex[];
}

/** order id 32 ‖ ask id 32 ‖ runner-up 32 ‖ step 1 ‖ price 16 ‖ keccak256(packed shortlist ask ids) 32 */
export function matchLeaf(match: MatchLeaf): Uint8Array {
  const bytes = new Uint8Array(145);
  writeHex(bytes, 0, match.orderId);
  writeHex(bytes, 32, match.askId);
  if (match.runnerUp !== null) writeHex(bytes, 64, match.runnerUp);
  writeUint(bytes, 96, 1, match.step);
  writeUint(bytes, 97, 16, match.price);
  const shortlist = new Uint8Array(32 * match.shortlist.length);
  match.shortlist.forEach((id, place) => writeHex(shortlist, 32 * place, id));
  bytes.set(keccakBytes(shortlist), 113);
  return bytes;
}
