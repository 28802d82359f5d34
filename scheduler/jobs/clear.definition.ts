import { defineSlotJob } from './slot-job.ts';

/** Identify, filter, match, auction, roots, and the publishing of inputs and result: one job, since only megabytes would travel between (ADR 0012). */
export const clearJob = defineSlotJob('clear', { attempts: 200, backoffMs: 250 });
