import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Prolongs the open-ended leases that end soon, once a tick. */
export interface RenewJob {
  /** The slot number stands for the tick; decimal. */
  tick: string;
}

export const renewJob: JobDefinition<RenewJob> = {
  name: 'renew',
  version: 1,
  schema: z.object({ tick: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `renew-${data.tick}`,
  // The next tick does what this one missed.
  attempts: 2,
  backoffMs: 500,
  keep: 2_000,
};
