import { z } from 'zod';
import type { JobDefinition } from './definition.ts';

/** Answers the claims and demands that are open, once a tick. */
export interface AnswerJob {
  /** The slot number stands for the tick; decimal. */
  tick: string;
}

export const answerJob: JobDefinition<AnswerJob> = {
  name: 'answer',
  version: 1,
  schema: z.object({ tick: z.string().regex(/^\d{1,20}$/) }),
  idOf: (data) => `answer-${data.tick}`,
  // The next tick does what this one missed.
  attempts: 2,
  backoffMs: 500,
  keep: 2_000,
};
