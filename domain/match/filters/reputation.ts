import type { AtLeast } from '../filter.ts';

/** The provider's reputation, 0 to 10,000, is as good as the task wants. */
export const reputation: AtLeast<{ reputation: number }, { minReputation: number }, 'NO_REPUTATION'> = {
  kind: 'atLeast',
  reason: 'NO_REPUTATION',
  fact: (node) => node.reputation,
  wish: (task) => (task.minReputation === 0 ? null : task.minReputation),
};
