import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Decides which nodes are proposed to bid as one, once a cycle. */
export interface CycleJob {
  /** Decimal. */
  cycle: string;
}

export const cycleJob: JobDefinition<CycleJob> = {
  name: 'cycle',
  version: 1,
  schema: z.object({ cycle: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `cycle-${data.cycle}`,
  attempts: 10,
  backoffMs: 1_000,
  keep: 100,
};
