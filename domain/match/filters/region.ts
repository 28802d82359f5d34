import type { OneOf } from '../filter.ts';

/** The node stands in a region that the task allows. */
export const region: OneOf<{ region: number }, { regions: Uint8Array | null }, 'NO_REGION'> = {
  kind: 'oneOf',
  reason: 'NO_REGION',
  fact: (node) => node.region,
  wish: (task) => task.regions,
};
