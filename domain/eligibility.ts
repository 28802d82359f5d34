/** Who takes part in a slot: the chain's state at the closing block and the clock at the slot's end (ADR 0001). */
import { slotEnd, type Parameters } from './parameters.ts';
import { CLUSTER_SUPPLY } from './clusters.ts';
import { nonceKey, type Cluster, type MarketState } from './market-state.ts';
import { scoreAt } from './reputation.ts';
import { explains } from './requirement.ts';
import { isSigned, signingOf, type JudgedOrder } from './signing.ts';
import { idleCards } from './supply.ts';
import { lockFor } from './units.ts';
import type { Ask, Hex, SignedAsk } from './types.ts';

export const ORDER_CODE = {
  ELIGIBLE: 0,
  BAD_SIGNATURE: 1,
  EXPIRED: 2,
  NONCE_USED: 3,
  FUNDS: 4,
  TERMS: 5,
  /** Eligible at the close; earlier matches of the slot used its funds or its nonce. */
  SPENT_IN_SLOT: 8,
} as const;

export const ASK_CODE = {
  ELIGIBLE: 0,
  BAD_SIGNATURE: 1,
  EXPIRED: 2,
  NONCE_USED: 3,
  NOT_SELLING: 4,
  TERMS: 5,
  OLD_EPOCH: 6,
  NO_FREE_CARD: 7,
  /** A cluster alone offers the node. */
  IN_CLUSTER: 8,
} as const;

/** A code of `ORDER_CODE`; the first that applies. */
export function orderCode(
  item: JudgedOrder,
  slot: bigint,
  state: MarketState,
  parameters: Parameters,
): number {
  const { order, classes, signature } = item.signed;
  const end = slotEnd(slot, parameters);
  if (!isSigned(item, state)) return ORDER_CODE.BAD_SIGNATURE;
  if (order.validUntil < end || order.latestStart < end + BigInt(parameters.commitDeadlineSeconds))
    return ORDER_CODE.EXPIRED;
  if (state.usedNonces.has(nonceKey('order', order.consumer, order.nonce))) return ORDER_CODE.NONCE_USED;
  // A quote holds its money apart, whatever else its consumer has or allows.
  if (signingOf(signature) !== 'QUOTE') {
    const lock = lockFor(order.cards, order.duration, order.startPrice, parameters.feeBps);
    const account = state.accounts.get(order.consumer);
    if ((account?.bidding ?? 0n) < lock) return ORDER_CODE.FUNDS;
    if (account !== undefined && account.perLeaseCap !== 0n && account.perLeaseCap < lock)
      return ORDER_CODE.FUNDS;
  }
  const fits = order.duration >= parameters.minLeaseSeconds && order.duration <= parameters.maxLeaseSeconds;
  if (order.cards < 1 || !fits || order.startPrice < 1n || !explains(order.requirement, classes))
    return ORDER_CODE.TERMS;
  if (isTooWide(order)) return ORDER_CODE.TERMS;
  return ORDER_CODE.ELIGIBLE;
}

export interface AskStanding {
  code: number;
  /** Cards of the ask that are left. */
  left: number;
  /** Cards of its node that are idle; 0 unless the node is known. */
  idle: number;
  /** The provider's score, 0 to 10,000. */
  reputation: number;
  /** The node's attestation tier. */
  tier: number;
}

/** A code of `ASK_CODE`, the first that applies, the ask's and its node's free cards, and how good they are. */
export function askStanding(
  id: Hex,
  { ask }: SignedAsk,
  signer: Hex | null,
  slot: bigint,
  state: MarketState,
  parameters: Parameters,
): AskStanding {
  if (ask.supplyKind === CLUSTER_SUPPLY) return clusterStanding(id, ask, slot, state, parameters);
  const end = slotEnd(slot, parameters);
  const node = state.nodes.get(ask.supply);
  const left = Math.max(0, Math.min(ask.cards, MOST_SOLD) - (state.filled.get(id) ?? 0));
  const idle = node ? idleCards(state, node.id, end) : 0;
  const provider = state.providers.get(ask.provider);
  const code = (): number => {
    if (provider && signer !== provider.signer) return ASK_CODE.BAD_SIGNATURE;
    if (end < ask.validFrom || end > ask.validUntil) return ASK_CODE.EXPIRED;
    if (state.usedNonces.has(nonceKey('ask', ask.provider, ask.nonce))) return ASK_CODE.NONCE_USED;
    if (!provider || provider.exitAt !== null) return ASK_CODE.NOT_SELLING;
    const ofNode =
      node?.provider === ask.provider &&
      node.resourceClass === ask.resourceClass &&
      node.regionId === ask.region;
    if (!ofNode || ask.reservePrice < 1n || ask.supplyKind !== 0 || isTooWide(ask)) return ASK_CODE.TERMS;
    if (node.epoch !== ask.nodeEpoch) return ASK_CODE.OLD_EPOCH;
    if (node.clusteredUntil >= end) return ASK_CODE.IN_CLUSTER;
    return Math.min(left, idle) < 1 ? ASK_CODE.NO_FREE_CARD : ASK_CODE.ELIGIBLE;
  };
  const reputation = scoreAt(state.outcomes.get(ask.provider), end, parameters.minProviderStake);
  return { code: code(), left, idle, reputation, tier: node?.tier ?? 0 };
}

/** The same of a cluster's ask: the chain made it, and its members' nodes all have to be free for what it sells (ADR 24). */
function clusterStanding(
  id: Hex,
  ask: Ask,
  slot: bigint,
  state: MarketState,
  parameters: Parameters,
): AskStanding {
  const end = slotEnd(slot, parameters);
  const formed = state.clusters.get(ask.provider);
  if (formed?.askId !== id) return { code: ASK_CODE.BAD_SIGNATURE, left: 0, idle: 0, reputation: 0, tier: 0 };
  const left = Math.max(0, Math.min(ask.cards, MOST_SOLD) - (state.filled.get(id) ?? 0));
  const idle = idleCards(state, ask.supply, end);
  const least = (of: (member: Cluster['members'][number]) => number): number =>
    formed.members.reduce((most, member) => Math.min(most, of(member)), Infinity);
  const code = (): number => {
    if (end < ask.validFrom || end > ask.validUntil) return ASK_CODE.EXPIRED;
    return Math.min(left, idle) < 1 ? ASK_CODE.NO_FREE_CARD : ASK_CODE.ELIGIBLE;
  };
  return {
    code: code(),
    left,
    idle,
    reputation: least(({ provider }) =>
      scoreAt(state.outcomes.get(provider), end, parameters.minProviderStake),
    ),
    tier: least(({ node }) => state.nodes.get(node)?.tier ?? 0),
  };
}

/** Cards that one ask or listing can sell: the contract counts them in 15 bits. */
export const MOST_SOLD = 0x7fff;

/** Whether a message has a value beyond the contract's words (ADR 0007, "Widths"). */
export function isTooWide(message: {
  cards: number;
  nonce: bigint;
  validUntil: bigint;
  startPrice?: bigint;
  reservePrice?: bigint;
  pricePerCardHour?: bigint;
  latestStart?: bigint;
  validFrom?: bigint;
  nodeEpoch?: number;
}): boolean {
  const {
    startPrice = 0n,
    reservePrice = 0n,
    pricePerCardHour = 0n,
    latestStart = 0n,
    validFrom = 0n,
  } = message;
  return (
    startPrice >= PRICE_END ||
    reservePrice >= PRICE_END ||
    pricePerCardHour >= PRICE_END ||
    message.validUntil >= TIME_END ||
    latestStart >= TIME_END ||
    validFrom >= TIME_END ||
    message.nonce >= NONCE_END ||
    message.cards >= 2 ** 16 ||
    (message.nodeEpoch ?? 0) >= 2 ** 16
  );
}

const PRICE_END = 2n ** 96n;
const TIME_END = 2n ** 40n;
const NONCE_END = 2n ** 64n;
