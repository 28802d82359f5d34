/** A lease's status out of its Job and its pod, whose phases and reasons are those of the Kubernetes API reference (Pod v1, Job v1). */
import type { V1ContainerStatus, V1Job, V1Pod } from '@kubernetes/client-node';
import type { LeaseStatus } from '../../plugin/protocol.ts';

/** Kept in the plugin's folder: what the API server no longer knows once a pod is gone. */
export interface KubernetesRecord {
  job: string;
  cards: number;
  memoryBytes: number;
  /** The pod that ran, when one was seen. */
  pod?: string;
  startedAt?: number;
  stopped?: boolean;
  final?: LeaseStatus;
}

/** Reasons of a waiting container that no waiting mends. */
const HOPELESS = ['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull'];
const NEVER_STARTS = ['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError'];

/** @param note why no pod could be made, from the Job's events; empty without */
export function statusOf(
  id: string,
  record: KubernetesRecord,
  job: V1Job | null,
  pod: V1Pod | null,
  note: string,
): LeaseStatus {
  const cards = Array.from({ length: record.cards }, (_, i) => `${pod?.metadata?.name ?? record.job}/${i}`);
  const container = pod?.status?.containerStatuses?.[0];
  const ended = container?.state?.terminated;
  const startedAt = timeOf(ended?.startedAt ?? container?.state?.running?.startedAt) ?? record.startedAt;
  const times = startedAt === undefined ? {} : { startedAt };
  const failure = job?.status?.conditions?.find(({ type, status }) => type === 'Failed' && status === 'True');
  const over = {
    id,
    cards,
    ...times,
    endedAt: timeOf(ended?.finishedAt ?? failure?.lastTransitionTime) ?? Date.now(),
  };
  if (!job && !record.stopped)
    return { id, state: 'lost', reason: `the cluster has no job ${record.job} any more` };

  if (record.stopped && (!pod || ended)) return { ...over, state: 'exited' };
  if (failure?.reason === 'DeadlineExceeded')
    return { ...over, state: 'exited', reason: 'its time was over' };
  if (pod?.status?.phase === 'Failed' && pod.status.reason !== undefined)
    return { ...over, state: 'failed', reason: `${pod.status.reason}: ${pod.status.message ?? ''}` };
  if (ended) {
    const exitCode = (ended.signal ?? 0) > 0 ? 128 + (ended.signal ?? 0) : ended.exitCode & 0xff;
    if (ended.reason === 'ContainerCannotRun' || ended.reason === 'StartError')
      return { id, state: 'failed', reason: `it could not be started: ${ended.message ?? ended.reason}` };
    if (ended.reason === 'OOMKilled') {
      const mib = Math.floor(record.memoryBytes / 2 ** 20);
      return {
        ...over,
        state: 'exited',
        exitCode,
        reason: `out of memory: it needed more than its ${mib} MiB`,
      };
    }
    return { ...over, state: 'exited', exitCode };
  }
  if (failure)
    return { ...over, state: 'failed', reason: `${failure.reason ?? ''}: ${failure.message ?? ''}` };
  const { reason: waiting = '', message = '' } = container?.state?.waiting ?? {};
  if (HOPELESS.includes(waiting) || NEVER_STARTS.includes(waiting))
    return { id, state: 'failed', reason: `${waiting}: ${message}` };
  if (pod && container?.state?.running)
    return { id, state: record.stopped ? 'stopping' : 'running', cards, ...times };
  // It ran, and its node took it along.
  if (!pod && record.pod !== undefined)
    return { ...over, state: 'lost', reason: `its pod ${record.pod} is gone` };
  return { id, state: 'pending', reason: pendingReason(pod, container, note) };
}

function pendingReason(pod: V1Pod | null, container: V1ContainerStatus | undefined, note: string): string {
  const unscheduled = pod?.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (unscheduled) return `${unscheduled.reason ?? ''}: ${unscheduled.message ?? ''}`;
  const waiting = container?.state?.waiting?.reason;
  if (waiting !== undefined) return `its container waits: ${waiting}`;
  return note === '' ? 'its pod is about to be made' : note;
}

function timeOf(time: Date | string | undefined): number | undefined {
  const value = time === undefined ? Number.NaN : new Date(time).getTime();
  return value > 0 ? value : undefined;
}
