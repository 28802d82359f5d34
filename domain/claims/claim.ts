/** Claims (ADR 0009) as data: what a contract is told, and what the bond then holds against the scheduler. */
import type { Ask, Hex, Order, SlotHeader } from '../types.ts';

/** `Wrong` of contracts/types/Claim.sol. */
export const WRONG = {
  NONE: 0,
  WINNER: 1,
  PRICE: 2,
  LEFT_OUT: 3,
  UNSERVED: 4,
  OVERSOLD: 5,
  FORGED: 6,
  UNCOMMITTED: 7,
  WITHHELD: 8,
} as const;

export type ClaimName =
  | 'claimWrongWinner'
  | 'claimWrongPrice'
  | 'claimHiddenRunnerUp'
  | 'claimLeftOut'
  | 'claimUnserved'
  | 'claimContradiction'
  | 'claimTwoHeads'
  | 'claimOmitted'
  | 'claimUncommitted'
  | 'claim'
  | 'demand';

/** `Verdict` of contracts/types/Claim.sol without its challenger; its hash is the claim's id. */
export interface Verdict {
  wrong: number;
  slot: bigint;
  /** Order id, or what stands for it. */
  order: Hex;
  /** Ask that the claim says was free; 0 when the claim needs no such word. */
  askId: Hex;
  node: Hex;
  orderKey: bigint;
  left: number;
  idle: number;
  want: number;
  harmed: Hex;
  /** Base units. */
  restitution: bigint;
}

export interface Claim {
  /** The contract that checks it. */
  judge: 'claims' | 'receipts' | 'oversold';
  name: ClaimName;
  /** The function's arguments; where the claim is announced first, its salt comes before them. */
  args: readonly unknown[];
  /** Whether it is announced first (`ISecrets`). */
  announced: boolean;
  /** Whether it waits for the scheduler's answer, and so needs the deposit. */
  waits: boolean;
  /** What the bond will be told; null when that depends on the time of the call (`Oversold.claim`). */
  verdict: Verdict | null;
  /** What was wrong, for people. */
  sentence: string;
}

/** A leaf of tree 1 with its message, as `OrderProof` of contracts/types/Claim.sol. */
export interface OrderProof {
  index: number;
  code: number;
  position: number;
  order: Order;
  classes: readonly Hex[];
  proof: readonly Hex[];
}

/** A leaf of tree 2 with its message. */
export interface AskProof {
  index: number;
  left: number;
  idle: number;
  code: number;
  compute: number;
  network: number;
  storage_: number;
  entropyMicroBits: number;
  reputation: number;
  tier: number;
  ask: Ask;
  proof: readonly Hex[];
}

/** A match: the leaf of its page's tree, and the page as the lease book's root binds it. */
export interface MatchProof {
  pageId: bigint;
  page: number;
  index: number;
  count: number;
  start: bigint;
  leaseTop: Hex;
  skip: number;
  orderId: Hex;
  askId: Hex;
  node: Hex;
  cards: number;
  winner: number;
  runnerUp: number;
  step: number;
  price: bigint;
  /** 4-byte indices, packed. */
  shortlist: Hex;
  proof: readonly Hex[];
}

export interface MatchCase {
  header: SlotHeader;
  cleared: MatchProof;
  order: OrderProof;
}
