/** Leaf bytes of the market's trees (ADR 0001, "Merkle trees"). */
import { concat, hexToBytes, keccakBytes, uintBytes, ZERO_HASH } from './hash.ts';
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

export function orderLeaf(order: OrderLeaf): Uint8Array {
  return concat(hexToBytes(order.id), Uint8Array.of(order.code));
}

export function askLeaf(ask: AskLeaf): Uint8Array {
  return concat(hexToBytes(ask.id), hexToBytes(ask.node), uintBytes(ask.free, 4), Uint8Array.of(ask.code));
}

export function vectorLeaf(vector: StateVector): Uint8Array {
  return concat(
    hexToBytes(vector.node),
    uintBytes(vector.compute, 2),
    uintBytes(vector.network, 2),
    uintBytes(vector.storage, 2),
    uintBytes(vector.entropyMicroBits, 4),
  );
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

export function matchLeaf(match: MatchLeaf): Uint8Array {
  return concat(
    hexToBytes(match.orderId),
    hexToBytes(match.askId),
    hexToBytes(match.runnerUp ?? ZERO_HASH),
    Uint8Array.of(match.step),
    uintBytes(match.price, 16),
    keccakBytes(concat(...match.shortlist.map(hexToBytes))),
  );
}
