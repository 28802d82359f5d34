/**
 * What refutes a claim: earlier matches of the slot that used the ask or its node, or a nearer ask of the same provider on the
 * shortlist. The scheduler answers with it; a challenger does not claim where it exists. One function serves both, so that they
 * can't see it differently.
 */
import type { Verdict } from './claim.ts';
import type { Commitment, CommittedMatch } from './commitment.ts';
import { isNearer, type Offer, type Standing } from './standing.ts';

/** Cards of an ask and of its node that were free at the close, and what an order wants of them. */
export type Room = Pick<Verdict, 'askId' | 'node' | 'orderKey' | 'left' | 'idle' | 'want'>;

/** The earlier matches, in ascending clearing order, that leave no room for the order; null when all of them leave room. */
export function usesThatRefute({ byNode }: Pick<Commitment, 'byNode'>, room: Room): CommittedMatch[] | null {
  const shown: CommittedMatch[] = [];
  let [ofAsk, ofNode] = [0, 0];
  // An ask has one node, so that a match that used the ask used its node too.
  for (const match of byNode.get(room.node) ?? []) {
    if (match.key >= room.orderKey) break;
    const { skip, askId, cards } = match.leaf;
    if (skip !== 0) continue;
    if (askId === room.askId) ofAsk += cards;
    ofNode += cards;
    shown.push(match);
    if (ofAsk + room.want > room.left || ofNode + room.want > room.idle) return shown;
  }
  return null;
}

/** The place on the shortlist of a nearer ask of the same provider; null when there is none. */
export function siblingThatRefutes(
  leftOut: { offer: Offer; standing: Standing },
  listed: readonly ({ offer: Offer; standing: Standing } | null)[],
): number | null {
  const place = listed.findIndex(
    (other) =>
      other !== null &&
      other.offer.ask.provider === leftOut.offer.ask.provider &&
      isNearer(other.standing, leftOut.standing),
  );
  return place < 0 ? null : place;
}
