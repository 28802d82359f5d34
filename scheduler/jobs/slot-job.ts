import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** A job that takes one slot one step on. */
export interface SlotJob {
  /** Slot number, decimal. */
  slot: string;
}

/** The three jobs of a slot differ in name and patience alone. A finished one may be needed again: a reorganisation, a retry. */
export function defineSlotJob(
  name: string,
  patience: Pick<JobDefinition<SlotJob>, 'attempts' | 'backoffMs'>,
): JobDefinition<SlotJob> {
  return {
    name,
    version: 1,
    schema: z.object({ slot: z.string().regex(/^\d{1,20}$/) }),
    idOf: (data) => `${name}-${data.slot}`,
    ...patience,
    keep: 0,
  };
}

/** Nothing is wrong, but this step can't be done yet: the job is tried again. */
export class NotYet extends Error {
  readonly retryable = true;
}
