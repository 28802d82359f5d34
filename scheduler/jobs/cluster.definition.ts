import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Forms the clusters whose members consented, lets the others lapse, shares what clusters earned; once a tick. */
export interface ClusterJob {
  /** The slot number stands for the tick; decimal. */
  tick: string;
}

export const clusterJob: JobDefinition<ClusterJob> = {
  name: 'cluster',
  version: 1,
  schema: z.object({ tick: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `cluster-${data.tick}`,
  // The next tick does what this one missed.
  attempts: 2,
  backoffMs: 500,
  keep: 2_000,
};
