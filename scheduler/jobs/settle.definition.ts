import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Pays what is due, once a tick. */
export interface SettleJob {
  /** The slot number stands for the tick; decimal. */
  tick: string;
}

export const settleJob: JobDefinition<SettleJob> = {
  name: 'settle',
  version: 1,
  schema: z.object({ tick: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `settle-${data.tick}`,
  // The next tick does what this one missed.
  attempts: 2,
  backoffMs: 500,
  keep: 2_000,
};
