/** The scheduler's answer to a claim or a demand, as the contracts take it. */
import { TAG } from '../merkle.ts';
import type { Hex } from '../types.ts';
import { siblingThatRefutes, usesThatRefute } from './answers.ts';
import { WRONG, type Verdict } from './claim.ts';
import type { Commitment, CommittedMatch } from './commitment.ts';
import { askProof, matchCase, matchProof, orderProof } from './proofs.ts';
import { createSight } from './sight.ts';
import { standingOf } from './standing.ts';

/** A call that answers; the verdict comes before the arguments. */
export interface Answer {
  judge: 'claims' | 'receipts';
  name: 'answerUsed' | 'answerServed' | 'answerSibling' | 'answerOrder' | 'answerAsk';
  args: readonly unknown[];
}

/** What refutes the claim, in the order in which it is told; empty when nothing does: then the claim is right. */
export function answersTo(verdict: Verdict, slot: Commitment): Answer[] {
  if (verdict.wrong === WRONG.WITHHELD) return shown(verdict, slot);
  const own = verdict.wrong === WRONG.UNSERVED && matchOf(verdict, slot);
  if (own) return [{ judge: 'claims', name: 'answerServed', args: [slot.header, matchProof(slot, own)] }];
  const uses = usesThatRefute(slot, verdict);
  if (uses)
    return uses.map((match) => ({
      ...{ judge: 'claims', name: 'answerUsed', args: [slot.header, matchProof(slot, match)] },
    }));
  return verdict.wrong === WRONG.LEFT_OUT ? sibling(verdict, slot) : [];
}

/** The demanded item, with its signature. */
function shown({ order: place }: Verdict, slot: Commitment): Answer[] {
  const [tree, index] = [BigInt(place) >> 32n, Number(BigInt(place) & 0xffff_ffffn)];
  if (tree === BigInt(TAG.orders)) {
    const proof = orderProof(slot, index);
    const signature = signatureOf(slot.orderOf, slot.orders[index]?.id);
    return proof && signature
      ? [{ judge: 'receipts', name: 'answerOrder', args: [slot.header, proof, signature] }]
      : [];
  }
  const proof = askProof(slot, index);
  const signature = signatureOf(slot.askOf, slot.asks[index]?.id);
  return proof && signature
    ? [{ judge: 'receipts', name: 'answerAsk', args: [slot.header, proof, signature] }]
    : [];
}

function signatureOf(of: ReadonlyMap<Hex, { signature: Hex }>, id: Hex | undefined): Hex | undefined {
  return id === undefined ? undefined : of.get(id)?.signature;
}

function matchOf({ order }: Verdict, { matches }: Commitment): CommittedMatch | undefined {
  return matches.find(({ leaf }) => leaf.orderId === order);
}

function sibling(verdict: Verdict, slot: Commitment): Answer[] {
  const match = matchOf(verdict, slot);
  const sight = createSight(slot);
  const wish = sight.wishOf(verdict.order);
  const index = slot.asks.findIndex(({ id }) => id === verdict.askId);
  const [of, leftOut] = [match && matchCase(slot, match), askProof(slot, index)];
  if (!match || !wish || !of || !leftOut) return [];
  const offer = { index, leaf: slot.asks[index]!, ask: leftOut.ask };
  const place = siblingThatRefutes({ offer, standing: standingOf(offer, wish) }, sight.listed(match, wish));
  const nearer = place === null ? null : askProof(slot, match.leaf.shortlist[place]!);
  return nearer ? [{ judge: 'claims', name: 'answerSibling', args: [of, leftOut, nearer, place] }] : [];
}
