/** A lease's status out of a job's state. The states are those of squeue(1), "JOB STATE CODES". */
import type { LeaseStatus } from '../../plugin/protocol.ts';
import type { JobFacts } from './commands.ts';

/** Kept in the plugin's folder. */
export interface SlurmRecord {
  name: string;
  cards: number;
  seconds: number;
  /** Written after the job was taken; a plugin that was killed before finds the job by its name. */
  job?: number;
  /** Names of its cards, which Slurm tells only while it runs. */
  held?: string[];
  stopped?: 'asked' | 'disk';
  cpuMs?: number;
  diskBytes?: number;
  /** Told once the job is over: Slurm forgets. */
  final?: LeaseStatus;
}

const WAITING = [
  'PENDING',
  'CONFIGURING',
  'REQUEUED',
  'REQUEUE_HOLD',
  'REQUEUE_FED',
  'SPECIAL_EXIT',
  'RESV_DEL_HOLD',
];
const ACTIVE = ['RUNNING', 'SUSPENDED', 'STOPPED', 'RESIZING', 'SIGNALING', 'COMPLETING', 'STAGE_OUT'];
const BROKEN: Record<string, string> = {
  NODE_FAIL: 'a node of the job failed',
  BOOT_FAIL: 'a node of the job did not boot',
  PREEMPTED: 'the cluster gave its place to another job',
  REVOKED: 'another cluster took the job',
  DEADLINE: 'its deadline passed before it could run',
};

/** @param exitFile what the script wrote of its command's end, which Slurm itself may have forgotten; null without */
export function statusOf(
  id: string,
  record: SlurmRecord,
  job: JobFacts | null,
  exitFile: number | null,
): LeaseStatus {
  if (!job) {
    if (exitFile !== null) return { id, state: 'exited', exitCode: exitFile };
    return { id, state: 'lost', reason: `Slurm knows no job ${record.job ?? record.name} any more.` };
  }
  const { state } = job;
  const cards = cardsOf(record, job);
  const times = job.startedAt === undefined ? {} : { startedAt: job.startedAt };
  if (WAITING.includes(state)) {
    // "None" until the scheduler has looked at it.
    const why = job.reason === '' || job.reason === 'None' ? '' : `: ${job.reason}`;
    return { id, state: 'pending', reason: `queued by Slurm as job ${job.id}${why}` };
  }
  if (ACTIVE.includes(state)) return { id, state: record.stopped ? 'stopping' : 'running', cards, ...times };
  const over = { id, cards, ...times, ...(job.endedAt === undefined ? {} : { endedAt: job.endedAt }) };
  if (record.stopped === 'disk')
    return { ...over, state: 'failed', reason: 'it wrote more than its disk holds, and was stopped' };
  if (record.stopped) return { ...over, state: 'exited' };
  if (state === 'TIMEOUT') return { ...over, state: 'exited', reason: 'its time was over' };
  if (state === 'OUT_OF_MEMORY') return { ...over, state: 'exited', exitCode: 137, reason: 'out of memory' };
  if (state === 'CANCELLED')
    return { ...over, state: 'failed', reason: 'the cluster’s administrator cancelled the job' };
  if (BROKEN[state] !== undefined) return { ...over, state: 'failed', reason: BROKEN[state] };
  const exitCode = job.exit.signal > 0 ? 128 + job.exit.signal : job.exit.code;
  // timeout(1) says 124, and 137 when it had to kill.
  const lasted = ((job.endedAt ?? 0) - (job.startedAt ?? 0)) / 1_000;
  if ((exitCode === 124 || exitCode === 137) && lasted >= record.seconds)
    return { ...over, state: 'exited', reason: 'its time was over' };
  return { ...over, state: 'exited', exitCode: exitCode & 0xff };
}

/** As Slurm names them; for cards that are no generic resource as many names as cards, and no other job's. */
export function cardsOf(record: SlurmRecord, job: JobFacts): string[] {
  if (job.cards.length === record.cards) return job.cards;
  return record.held ?? Array.from({ length: record.cards }, (_, i) => `job${job.id}/${i}`);
}
