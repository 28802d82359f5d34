import { entropyGap } from '../../entropy.ts';
import type { Score } from '../score.ts';

/** Eq. (6) as 002's sentence reads: of the nearest nodes, the one whose entropy is farthest from the balance entropy first. */
export const farthest: Score = {
  name: 'farthest',
  cost: ({ entropyMicroBits }) => -entropyGap(entropyMicroBits),
};
