import { entropyGap } from '../../entropy.ts';
import type { Score } from '../score.ts';

/** Eq. (6) as 002's section 3.4.2 reads: the node whose entropy is nearest to the balance entropy once the task has run on it. */
export const nearestAfter: Score = {
  name: 'nearestAfter',
  cost: ({ afterMicroBits }) => entropyGap(afterMicroBits),
};
