/** Leaf bytes of the market's trees (ADR 0007, "Trees"). */
import { keccakBytes, writeHex, writeUint } from './hash.ts';
import type { Resources } from './distance.ts';
import type { Hex } from './types.ts';

export interface OrderLeaf {
  id: Hex;
  /** `ORDER_CODE` */
  code: number;
  /** Place among the slot's matches, from 1; 0 for none. */
  position: number;
}

/** An ask, with the state of its node at the close (all 0 when nobody has such a node). */
export interface AskLeaf extends Resources {
  id: Hex;
  /** Cards of the ask that were left at the close. */
  left: number;
  /** Cards of its node that were idle then. */
  idle: number;
  /** `ASK_CODE` */
  code: number;
  entropyMicroBits: number;
  reputation: number;
  tier: number;
}

/** order id 32 ‖ code 1 ‖ position 4 */
export function orderLeaf(order: OrderLeaf): Uint8Array {
  const bytes = new Uint8Array(37);
  writeHex(bytes, 0, order.id);
  writeUint(bytes, 32, 1, order.code);
  writeUint(bytes, 33, 4, order.position);
  return bytes;
}

/** ask id 32 ‖ cards left 2 ‖ node's idle cards 2 ‖ code 1 ‖ compute 2 ‖ network 2 ‖ storage 2 ‖ entropy micro-bits 4 ‖ reputation 2 ‖ tier 1 */
export function askLeaf(ask: AskLeaf): Uint8Array {
  const bytes = new Uint8Array(50);
  writeHex(bytes, 0, ask.id);
  writeUint(bytes, 32, 2, ask.left);
  writeUint(bytes, 34, 2, ask.idle);
  writeUint(bytes, 36, 1, ask.code);
  writeUint(bytes, 37, 2, ask.compute);
  writeUint(bytes, 39, 2, ask.network);
  writeUint(bytes, 41, 2, ask.storage);
  writeUint(bytes, 43, 4, ask.entropyMicroBits);
  writeUint(bytes, 47, 2, ask.reputation);
  writeUint(bytes, 49, 1, ask.tier);
  return bytes;
}

/** `runnerUp` of a match without one. */
export const NO_RUNNER_UP = 255;

export interface MatchLeaf {
  /** Code of `IAuction.Skip`; 0 for a match that became a lease. */
  skip: number;
  orderId: Hex;
  askId: Hex;
  node: Hex;
  cards: number;
  /** Places in the shortlist. */
  winner: number;
  runnerUp: number;
  step: number;
  /** Base units per card-hour. */
  price: bigint;
  /** Places in the tree of asks. */
  shortlist: readonly number[];
}

/**
 * skip 1 ‖ order id 32 ‖ ask id 32 ‖ node 32 ‖ cards 2 ‖ winner 1 ‖ runner-up 1 ‖ step 1 ‖ price 12 ‖ keccak256(shortlist, 4 bytes
 * each) 32
 */
export function matchLeaf(match: MatchLeaf): Uint8Array {
  const bytes = new Uint8Array(146);
  writeUint(bytes, 0, 1, match.skip);
  writeHex(bytes, 1, match.orderId);
  writeHex(bytes, 33, match.askId);
  writeHex(bytes, 65, match.node);
  writeUint(bytes, 97, 2, match.cards);
  writeUint(bytes, 99, 1, match.winner);
  writeUint(bytes, 100, 1, match.runnerUp);
  writeUint(bytes, 101, 1, match.step);
  writeUint(bytes, 102, 12, match.price);
  const shortlist = new Uint8Array(4 * match.shortlist.length);
  match.shortlist.forEach((index, place) => writeUint(shortlist, 4 * place, 4, index));
  bytes.set(keccakBytes(shortlist), 114);
  return bytes;
}

export interface LeaseTerms {
  consumer: Hex;
  provider: Hex;
  /** Base units per card-hour. */
  rate: bigint;
  cards: number;
  /** Seconds. */
  duration: number;
}

/** rate 12 ‖ cards 2 ‖ duration 4 ‖ consumer 20 ‖ provider 20 */
export function leaseLeaf(lease: LeaseTerms): Uint8Array {
  const bytes = new Uint8Array(58);
  writeUint(bytes, 0, 12, lease.rate);
  writeUint(bytes, 12, 2, lease.cards);
  writeUint(bytes, 14, 4, lease.duration);
  writeHex(bytes, 18, lease.consumer);
  writeHex(bytes, 38, lease.provider);
  return bytes;
}
