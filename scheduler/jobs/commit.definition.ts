import { defineSlotJob } from './slot-job.ts';

/** Sees a published slot into the chain. */
export const commitJob = defineSlotJob('commit', { attempts: 200, backoffMs: 250 });
