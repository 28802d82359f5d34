import { describe, expect, test } from 'vitest';
import { WRONG, type Verdict } from '../../domain/claims/claim.ts';
import {
  commitmentOf,
  knownLeaves,
  type Commitment,
  type CommittedMatch,
} from '../../domain/claims/commitment.ts';
import { answersTo } from '../../domain/claims/rebut.ts';
import { createSight, type Candidate, type Sight } from '../../domain/claims/sight.ts';
import {
  isNearer,
  ranksBefore,
  serves,
  standingOf,
  type Offer,
  type Wish,
} from '../../domain/claims/standing.ts';
import { NO_RUNNER_UP } from '../../domain/leaves.ts';
import { SHORTLIST_WIDTH } from '../../domain/parameters.ts';
import { crowded, honestEvidence } from './world.ts';

/**
 * Every claim that the contracts take against an honest slot (their conditions, written out again from contracts/Claims.sol): all
 * that a liar can bring forward is that an ask was free.
 */
describe('an honest slot has an answer to every claim that the contracts take', () => {
  const seeds = Array.from({ length: 25 }, (_, i) => i + 1);
  test.each(seeds)('market %i', (seed) => {
    const slot = honest(seed);
    const sight = createSight(slot);
    for (const lie of [...liesOfMatches(sight), ...liesOfUnserved(sight)])
      expect(answersTo(lie, slot), `${lie.wrong} of order ${lie.order}, ask ${lie.askId}`).not.toEqual([]);
  });

  test('and these are many', () => {
    const lies = seeds.map((seed) => {
      const sight = createSight(honest(seed));
      return [...liesOfMatches(sight), ...liesOfUnserved(sight)];
    });
    const count = (wrong: number) => lies.flat().filter((lie) => lie.wrong === wrong).length;
    expect(count(WRONG.LEFT_OUT)).toBeGreaterThan(100);
    expect(count(WRONG.UNSERVED)).toBeGreaterThan(20);
    // Who is listed was free, whoever won.
    expect(count(WRONG.WINNER) + count(WRONG.PRICE)).toBe(0);
  });
});

test('a demand is answered with any leaf of the slot', () => {
  const slot = honest(3);
  for (const [tree, leaves] of [
    [1n, slot.orders],
    [2n, slot.asks],
  ] as const)
    for (const index of leaves.keys()) {
      const order = `0x${((tree << 32n) | BigInt(index)).toString(16).padStart(64, '0')}` as const;
      const [answer] = answersTo({ ...nothing(slot), wrong: WRONG.WITHHELD, order }, slot);
      expect(answer?.name).toBe(tree === 1n ? 'answerOrder' : 'answerAsk');
      expect(answer?.args[1]).toMatchObject({ index });
    }
});

function honest(seed: number): Commitment {
  const evidence = honestEvidence(crowded(seed));
  return commitmentOf(evidence, knownLeaves(evidence, null))!;
}

/** Wrong winner, hidden runner-up, left out. */
function liesOfMatches(sight: Sight): Verdict[] {
  return sight.slot.matches.flatMap((match) => {
    const wish = sight.wishOf(match.leaf.orderId)!;
    const listed = sight.listed(match, wish) as Candidate[];
    const [winner, second] = [listed[match.leaf.winner]!, listed[match.leaf.runnerUp]];
    const lies: Verdict[] = [];
    for (const offer of offersOf(sight.slot)) {
      if (!serves(offer, wish.signed) || !hasRoom(offer, wish)) continue;
      const standing = standingOf(offer, wish);
      const place = match.leaf.shortlist.indexOf(offer.index);
      const of = (wrong: number) => verdictOf(sight, wrong, match, wish, offer);
      if (place >= 0 && ranksBefore(standing, winner.standing)) lies.push(of(WRONG.WINNER));
      const between = place >= 0 && place !== match.leaf.winner && place !== match.leaf.runnerUp;
      const none = match.leaf.runnerUp === NO_RUNNER_UP;
      if (between && (none || ranksBefore(standing, second!.standing))) lies.push(of(WRONG.PRICE));
      const end = listed.length < SHORTLIST_WIDTH || isNearer(standing, listed.at(-1)!.standing);
      if (place < 0 && end) lies.push(of(WRONG.LEFT_OUT));
    }
    return lies;
  });
}

function liesOfUnserved(sight: Sight): Verdict[] {
  const { slot } = sight;
  return slot.orders
    .filter(({ code }) => code === 0)
    .flatMap(({ id }) => {
      const wish = sight.wishOf(id)!;
      return offersOf(slot)
        .filter((offer) => serves(offer, wish.signed) && hasRoom(offer, wish))
        .map((offer) => verdictOf(sight, WRONG.UNSERVED, { leaf: { orderId: id } }, wish, offer));
    });
}

/** At the close: what the contract looks at by itself. */
function hasRoom({ leaf }: Offer, { signed }: Wish): boolean {
  return signed.order.cards <= leaf.left && signed.order.cards <= leaf.idle;
}

function offersOf({ asks, askOf }: Commitment): Offer[] {
  return asks.map((leaf, index) => ({ index, leaf, ask: askOf.get(leaf.id)!.ask }));
}

function verdictOf(
  sight: Sight,
  wrong: number,
  { leaf }: { leaf: Pick<CommittedMatch['leaf'], 'orderId'> },
  wish: Wish,
  offer: Offer,
): Verdict {
  return { ...nothing(sight.slot), wrong, order: leaf.orderId, ...sight.roomOf(offer, wish) };
}

function nothing({ header: { slot } }: Commitment): Verdict {
  const zero = `0x${'0'.repeat(64)}` as const;
  return {
    ...{ wrong: WRONG.NONE, slot, order: zero, askId: zero, node: zero, orderKey: 0n },
    ...{ left: 0, idle: 0, want: 0, harmed: `0x${'0'.repeat(40)}`, restitution: 0n },
  };
}
