import type { ZodType } from 'zod';

/**
 * What a job is, apart from who does it. Enqueuers import the definition, workers the handler. The version is part of the
 * queue's name: workers of two versions never take each other's jobs.
 */
export interface JobDefinition<Data> {
  readonly name: string;
  readonly version: number;
  /** Data is JSON: integers above 53 bits travel as decimal strings. */
  readonly schema: ZodType<Data>;
  /** Two jobs with the same id are one job. */
  readonly idOf: (data: Data) => string;
  readonly attempts: number;
  /** Milliseconds before each retry. */
  readonly backoffMs: number;
  /** How many finished jobs stay, so that a duplicate of a recent one is recognised; 0 lets a finished job be added again. */
  readonly keep: number;
}

export const queueName = (definition: { name: string; version: number }): string =>
  `cardhour-${definition.name}-v${definition.version}`;
