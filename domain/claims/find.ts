/** From a slot's evidence to the claims that win. A claim that the scheduler could refute is not among them: it loses its deposit. */
import type { SlotEvidence } from '../evidence.ts';
import type { MatchLeaf } from '../leaves.ts';
import { replayOf } from '../rules/inputs.ts';
import type { Hex } from '../types.ts';
import type { Claim } from './claim.ts';
import { commitmentOf, knownLeaves, type Commitment } from './commitment.ts';
import { demandsOf } from './demands.ts';
import { claimsAgainst } from './matches.ts';
import { oversold } from './oversold.ts';
import { claimsOfReceipts, type ShownReceipt } from './receipts.ts';
import { createSight } from './sight.ts';
import { unserved } from './unserved.ts';
import type { ClearedSlot } from '../slot.ts';

/** What claims need beside the slot's own evidence. */
export interface ClaimContext {
  scheduler: Hex;
  /** Unix seconds of the chain's newest block. */
  now: bigint;
  /** Whether entry is paused, or was at the slot's end or later. */
  paused: boolean;
  /** Receipts that somebody holds. */
  receipts?: readonly ShownReceipt[];
  /** Matches of pages of other slots, for nodes that were sold twice. */
  matchesOf?: (slot: bigint, page: number) => readonly MatchLeaf[] | null;
}

export interface Found {
  /** They win, whatever the scheduler answers. */
  claims: Claim[];
  /** They win unless the scheduler shows what it was asked for. */
  demands: Claim[];
}

/** @param digests ids computed earlier, as for `verifySlot` */
export function findClaims(
  evidence: SlotEvidence,
  context: ClaimContext,
  digests: WeakMap<object, Hex> = new WeakMap(),
): Found {
  const { slot, domain, parameters, committed, stateNow } = evidence;
  const { replay } = replayOf(evidence, digests);
  const leaves = knownLeaves(evidence, replay);
  const commitment = commitmentOf(evidence, leaves);
  const claims: Claim[] = [];
  if (commitment && !isReplay(commitment, replay)) {
    const sight = createSight(commitment);
    for (const match of commitment.matches) claims.push(...claimsAgainst(sight, match));
    claims.push(...unserved(sight));
  }
  const { now, paused, scheduler, receipts: held = [] } = context;
  const header = committed?.header ?? null;
  const whole = header !== null && evidence.pages.length === header.pageCount;
  claims.push(
    ...claimsOfReceipts({ domain, parameters, scheduler, slot, header, whole, leaves, held, now, paused }),
  );
  const matchesOf = (of: bigint, page: number) =>
    of === slot ? (evidence.pages[page]?.matches ?? null) : (context.matchesOf?.(of, page) ?? null);
  if (stateNow) claims.push(...oversold({ slot, parameters, state: stateNow, now, matchesOf }));
  return { claims, demands: demandsOf(evidence, leaves) };
}

/** Whether the slot is, leaf for leaf, what its inputs give: then no match of it can be claimed against. */
function isReplay({ header, matches, whole }: Commitment, replay: ClearedSlot | null): boolean {
  if (!replay || !whole || matches.length !== replay.matches.length) return false;
  if (header.ordersRoot !== replay.header.ordersRoot || header.asksRoot !== replay.header.asksRoot)
    return false;
  return matches.every(({ leaf }, index) => isSame(leaf, replay.matches[index]!.leaf));
}

function isSame(a: MatchLeaf, b: MatchLeaf): boolean {
  return (
    a.skip === b.skip &&
    a.orderId === b.orderId &&
    a.askId === b.askId &&
    a.winner === b.winner &&
    a.runnerUp === b.runnerUp &&
    a.step === b.step &&
    a.shortlist.length === b.shortlist.length &&
    a.shortlist.every((index, place) => index === b.shortlist[place])
  );
}
