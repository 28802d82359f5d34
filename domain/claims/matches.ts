/** What can be claimed against one match, by the leaves of its own slot. Each function is one claim of ADR 0009. */
import { ZERO_HASH } from '../hash.ts';
import { NO_RUNNER_UP } from '../leaves.ts';
import { SHORTLIST_WIDTH } from '../parameters.ts';
import { priceAt } from '../rea.ts';
import type { Hex } from '../types.ts';
import { formatMoney, owed } from '../units.ts';
import { siblingThatRefutes, type Room } from './answers.ts';
import { WRONG, type Claim, type ClaimName, type Verdict } from './claim.ts';
import type { CommittedMatch } from './commitment.ts';
import { askProof, matchCase } from './proofs.ts';
import type { Candidate, Sight } from './sight.ts';
import { isNearer, ranksBefore, serves, stepAgainst, type Wish } from './standing.ts';

const NOBODY: Hex = `0x${'0'.repeat(40)}`;
const NO_ROOM: Room = { askId: ZERO_HASH, node: ZERO_HASH, orderKey: 0n, left: 0, idle: 0, want: 0 };

/** A match with its order's wish and its shortlist, as all its claims need them. */
interface Accused {
  sight: Sight;
  match: CommittedMatch;
  wish: Wish;
  listed: (Candidate | null)[];
}

/** The claims against a match that nobody can refute. */
export function claimsAgainst(sight: Sight, match: CommittedMatch): Claim[] {
  const wish = sight.wishOf(match.leaf.orderId);
  if (!wish || match.leaf.skip !== 0) return [];
  const accused = { sight, match, wish, listed: sight.listed(match, wish) };
  const claims = [contradiction(accused)];
  const winner = accused.listed[match.leaf.winner];
  if (winner) {
    claims.push(wrongWinner(accused, winner), wrongPrice(accused, winner));
    claims.push(hiddenRunnerUp(accused, winner));
  }
  claims.push(leftOut(accused));
  return claims.filter((claim) => claim !== null).filter(isWorthTelling);
}

/** A wrong is punished once: telling it in another way too is of use only where it pays somebody. */
function isWorthTelling({ verdict }: Claim, index: number, all: readonly Claim[]): boolean {
  const told = all.findIndex((other) => other.verdict!.wrong === verdict!.wrong);
  return told === index || verdict!.restitution > 0n;
}

/** The match contradicts its slot's leaves. */
function contradiction(accused: Accused): Claim | null {
  const { sight, match, wish, listed } = accused;
  const { leaf } = match;
  const order = sight.leafOf(leaf.orderId)!;
  const says = (winner: number, what: string): Claim | null =>
    claim(accused, 'claimContradiction', [winner], {
      ...{ wrong: WRONG.FORGED, room: NO_ROOM, harmed: NOBODY, restitution: 0n },
      sentence: `${at(match)} contradicts the slot's leaves: ${what}`,
    });
  // Any ask of the slot stands for the winner where the order or the places are what is wrong.
  const saysOfOrder = (what: string): Claim | null =>
    says(
      sight.slot.asks.findIndex(({ id }) => sight.slot.askOf.has(id)),
      what,
    );
  if (order.code !== 0) return saysOfOrder(`its order has code ${order.code}, it is not eligible`);
  if (order.position === 0) return saysOfOrder('its order is not matched');
  const { winner, runnerUp, shortlist } = leaf;
  const places = `winner ${winner}, runner-up ${runnerUp}, ${shortlist.length} on the shortlist`;
  const inside = winner < shortlist.length && (runnerUp < shortlist.length || runnerUp === NO_RUNNER_UP);
  if (shortlist.length > SHORTLIST_WIDTH || !inside || winner === runnerUp)
    return saysOfOrder(`its places can't be (${places})`);
  const first = listed[winner];
  if (!first) return null;
  if (first.offer.leaf.id !== leaf.askId)
    return says(first.offer.index, `ask ${leaf.askId} won, ask ${first.offer.leaf.id} stands at its place`);
  return serves(first.offer, wish.signed)
    ? null
    : says(first.offer.index, `its winner ${leaf.askId} can't serve the order`);
}

/** The best free ask of the shortlist that ranks before the winner. */
function wrongWinner(accused: Accused, winner: Candidate): Claim | null {
  const { match, wish } = accused;
  const { order } = wish.signed;
  const best = bestFree(accused, [match.leaf.winner]);
  if (!best || !ranksBefore(best.standing, winner.standing)) return null;
  const { ask, leaf } = best.offer;
  return claim(accused, 'claimWrongWinner', [winner.offer.index, best.offer.index], {
    wrong: WRONG.WINNER,
    room: accused.sight.roomOf(best.offer, wish),
    harmed: ask.provider,
    restitution: worth(order, match.leaf.price, ask.reservePrice),
    after: [best.place],
    sentence: `${at(match)}: ask ${leaf.id} was free and ranks before the winner ${winner.offer.leaf.id}`,
  });
}

/** The step does not follow from the runner-up that the match names. */
function wrongPrice(accused: Accused, winner: Candidate): Claim | null {
  const { match, wish, listed } = accused;
  const { runnerUp, step, price } = match.leaf;
  const { order } = wish.signed;
  const second = runnerUp === NO_RUNNER_UP ? null : listed[runnerUp];
  if (second === undefined || (runnerUp !== NO_RUNNER_UP && second === null)) return null;
  const able = !second || serves(second.offer, wish.signed);
  const due = second ? stepAgainst(winner.standing, second.standing) : 0;
  if (able && due === step) return null;
  const right = able ? priceOf(wish, due) : price;
  const [harmed, apart] =
    price > right ? [order.consumer, price - right] : [winner.offer.ask.provider, right - price];
  const why = able
    ? `its price is step ${step}, its runner-up gives step ${due}`
    : `its runner-up ${second.offer.leaf.id} can't serve the order`;
  return claim(accused, 'claimWrongPrice', [winner.offer.index, (second ?? winner).offer.index], {
    ...{ wrong: WRONG.PRICE, room: NO_ROOM, harmed, restitution: worth(order, apart, 0n) },
    sentence: `${at(match)}: ${why}`,
  });
}

/** A free ask of the shortlist ranks between the winner and the runner-up. */
function hiddenRunnerUp(accused: Accused, winner: Candidate): Claim | null {
  const { match, wish, listed } = accused;
  const { runnerUp, price } = match.leaf;
  const second = runnerUp === NO_RUNNER_UP ? null : listed[runnerUp];
  if (second === undefined || (runnerUp !== NO_RUNNER_UP && second === null)) return null;
  const best = bestFree(accused, [match.leaf.winner, runnerUp]);
  if (!best || (second && !ranksBefore(best.standing, second.standing))) return null;
  const { order } = wish.signed;
  const right = priceOf(wish, stepAgainst(winner.standing, best.standing));
  const named = second ? `the runner-up ${second.offer.leaf.id}` : 'none, and no runner-up is named';
  const asks = [winner.offer.index, (second ?? winner).offer.index, best.offer.index];
  return claim(accused, 'claimHiddenRunnerUp', asks, {
    wrong: WRONG.PRICE,
    room: accused.sight.roomOf(best.offer, wish),
    harmed: order.consumer,
    restitution: worth(order, price, right),
    after: [best.place],
    sentence: `${at(match)}: ask ${best.offer.leaf.id} was free and ranks before ${named}`,
  });
}

/** A free ask belongs on the shortlist and is not there. */
function leftOut(accused: Accused): Claim | null {
  const { sight, match, wish, listed } = accused;
  const { shortlist, price } = match.leaf;
  const last = listed.at(-1) ?? null;
  const full = shortlist.length >= SHORTLIST_WIDTH;
  // A listed ask that nobody published may be a nearer one of the same provider: the scheduler would answer with it.
  if (listed.some((one, place) => !one && shortlist[place]! < sight.slot.asks.length)) return null;
  if (full && !last) return null;
  const missing = sight
    .nearestFree(wish)
    .find(
      (other) =>
        !shortlist.includes(other.offer.index) &&
        (!full || isNearer(other.standing, last!.standing)) &&
        siblingThatRefutes(other, listed) === null,
    );
  if (!missing) return null;
  const { ask, leaf, index } = missing.offer;
  return claim(accused, 'claimLeftOut', [(last ?? missing).offer.index, index], {
    wrong: WRONG.LEFT_OUT,
    room: sight.roomOf(missing.offer, wish),
    harmed: ask.provider,
    restitution: worth(wish.signed.order, price, ask.reservePrice),
    sentence: `${at(match)}: ask ${leaf.id} was free, near enough, and is not on the shortlist`,
  });
}

/** The first in rank among the free asks of the shortlist, some places apart. */
function bestFree({ sight, wish, listed }: Accused, except: readonly number[]) {
  let best: (Candidate & { place: number }) | null = null;
  for (const [place, one] of listed.entries()) {
    if (!one || except.includes(place) || !sight.isFree(one.offer, wish)) continue;
    if (!best || ranksBefore(one.standing, best.standing)) best = { ...one, place };
  }
  return best;
}

interface Shown {
  wrong: number;
  room: Room;
  harmed: Hex;
  restitution: bigint;
  /** Arguments after the asks. */
  after?: readonly unknown[];
  sentence: string;
}

/** Null when a message that its proofs need is not known. */
function claim(
  { sight, match }: Accused,
  name: ClaimName,
  asks: readonly number[],
  { wrong, room, harmed, restitution, after = [], sentence }: Shown,
): Claim | null {
  const of = matchCase(sight.slot, match);
  const proofs = asks.map((index) => askProof(sight.slot, index));
  if (!of || proofs.includes(null)) return null;
  const { slot } = sight.slot.header;
  const verdict: Verdict = { wrong, slot, order: match.leaf.orderId, ...room, harmed, restitution };
  const due = restitution === 0n ? '' : `; ${formatMoney(restitution)} is due to ${harmed}`;
  return {
    ...{ judge: 'claims', name, args: [of, ...proofs, ...after], announced: true },
    ...{ waits: room !== NO_ROOM, verdict, sentence: `${sentence}${due}.` },
  };
}

function at({ page, index, leaf }: CommittedMatch): string {
  return `Match ${index} of page ${page}, order ${leaf.orderId}`;
}

function priceOf({ signed, factors }: Wish, step: number): bigint {
  return priceAt(signed.order.startPrice, factors[step] ?? 0n);
}

/** What a price above another is worth for all the card-hours; 0 when it is not above. */
function worth(order: { cards: number; duration: number }, price: bigint, below: bigint): bigint {
  return price > below ? owed(order.cards, order.duration, price - below) : 0n;
}
