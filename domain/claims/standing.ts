/** How asks stand for an order by their leaves: `Ranking` of the contracts, in TypeScript. */
import { distance, type Resources } from '../distance.ts';
import { entropyGap } from '../entropy.ts';
import { keccakWords, ZERO_HASH } from '../hash.ts';
import type { AskLeaf } from '../leaves.ts';
import { lastStep, tieBreak, type Candidate } from '../rea.ts';
import { allowsClass } from '../requirement.ts';
import { lottery } from '../shortlist.ts';
import type { Ask, Hex, Order, SignedOrder } from '../types.ts';

/** An ask of the slot: its place in the tree of asks, its leaf, its message. */
export interface Offer {
  index: number;
  leaf: AskLeaf;
  ask: Ask;
}

/** An order's wish, and its place in the clearing. */
export interface Wish {
  signed: SignedOrder;
  key: bigint;
  seed: Hex;
  /** The clock's factors. */
  factors: readonly bigint[];
}

export interface Standing extends Candidate {
  /** Last clock step that the ask accepts. */
  step: number;
}

/** Whether the ask was eligible, is of a class and region that the order wants, good enough, and within its start price. */
export function serves({ leaf, ask }: Offer, { order, classes }: SignedOrder): boolean {
  return (
    leaf.code === 0 &&
    ask.reservePrice <= order.startPrice &&
    leaf.reputation >= order.minReputation &&
    leaf.tier >= order.minTier &&
    (order.region === ZERO_HASH || order.region === ask.region) &&
    allowsClass(order.requirement, classes, ask.resourceClass)
  );
}

export function taskOf(order: Order): Resources {
  return { compute: order.taskCompute, network: order.taskNetwork, storage: order.taskStorage };
}

export function standingOf({ leaf, ask }: Offer, { signed: { order }, key, seed, factors }: Wish): Standing {
  const way = lottery(BigInt(keccakWords(ask.supply, seed)), key);
  return {
    key: leaf.id,
    reserve: ask.reservePrice,
    distance: distance(taskOf(order), leaf),
    entropyGap: entropyGap(leaf.entropyMicroBits),
    lottery: `0x${way.toString(16).padStart(64, '0')}`,
    // The contract's clock starts with step 0, whatever the reserve.
    step: Math.max(0, lastStep(order.startPrice, factors, ask.reservePrice)),
  };
}

/** Whether `a` wins against `b`. */
export function ranksBefore(a: Standing, b: Standing): boolean {
  return a.step === b.step ? tieBreak(a, b) < 0 : a.step > b.step;
}

/** The clock step that a runner-up gives. */
export function stepAgainst(winner: Standing, runnerUp: Standing): number {
  return runnerUp.step + (tieBreak(winner, runnerUp) < 0 ? 0 : 1);
}

/** The order of a shortlist. */
export function isNearer(a: Standing, b: Standing): boolean {
  if (a.distance !== b.distance) return a.distance < b.distance;
  if (a.entropyGap !== b.entropyGap) return a.entropyGap < b.entropyGap;
  return a.lottery === b.lottery ? a.key < b.key : a.lottery < b.lottery;
}
