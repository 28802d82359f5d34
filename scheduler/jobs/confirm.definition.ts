import { defineSlotJob } from './slot-job.ts';

/** Watches a committed slot until no reorganisation is expected to take it out any more. */
export const confirmJob = defineSlotJob('confirm', { attempts: 600, backoffMs: 1_000 });
