import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Takes one closed slot to its end. */
export interface SlotJob {
  /** Slot number, decimal. */
  slot: string;
}

export const slotJob: JobDefinition<SlotJob> = {
  name: 'slot',
  version: 1,
  schema: z.object({ slot: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `slot-${data.slot}`,
  attempts: 20,
  backoffMs: 250,
};
