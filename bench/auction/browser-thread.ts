/** The browser's worker: fetches the job, verifies it, says how long that took. */
import { verifyJob, type VerifyJob } from './job.ts';
import { fromTagged } from './tagged.ts';

const job = fromTagged(await (await fetch('/job')).text()) as VerifyJob;
postMessage(await verifyJob(job));
