import { entropyGap } from '../../entropy.ts';
import type { Score } from '../score.ts';

/** Eq. (6) as 002's formula reads: the node whose entropy is nearest to the balance entropy first. It is what slots commit (ADR 1). */
export const nearest: Score = {
  name: 'nearest',
  cost: ({ entropyMicroBits }) => entropyGap(entropyMicroBits),
};
