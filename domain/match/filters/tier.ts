import type { AtLeast } from '../filter.ts';

/** Auditors attested as high a tier as the task wants. */
export const tier: AtLeast<{ tier: number }, { minTier: number }, 'NO_TIER'> = {
  kind: 'atLeast',
  reason: 'NO_TIER',
  fact: (node) => node.tier,
  wish: (task) => (task.minTier === 0 ? null : task.minTier),
};
