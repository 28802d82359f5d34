/**
 * What a cluster's controllers do with Jobs and pods, as the Kubernetes documentation tells it: the Job controller (one pod a
 * Job, deadline, quota), the scheduler (requests against what nodes have), foreground deletion. Pods are run by `kubelet.ts`.
 */
import { randomBytes } from 'node:crypto';
import type { V1Job, V1JobCondition, V1Pod } from '@kubernetes/client-node';
import { isReady, quantity } from '../../../provider/plugins/kubernetes/inventory.ts';
import type { Kubelet } from './kubelet.ts';
import type { Objects } from './objects.ts';

export interface Control {
  /** Deletes a Job and then its pods, or the pods first when it is to be seen until they are gone (Foreground). */
  deleteJob(name: string): void;
  /** A later deletion may shorten the grace, never lengthen it. */
  deletePod(name: string, graceSeconds?: number): void;
  stop(): void;
}

const LOOK_MS = 50;

export function startControl(objects: Objects, kubelet: Kubelet): Control {
  const podsOf = (job: string) => objects.list('pods', (pod) => pod.metadata?.labels?.['job-name'] === job);

  const deletePod = (name: string, graceSeconds?: number) => {
    const pod = objects.get('pods', name);
    if (!pod) return;
    const meta = (pod.metadata ??= {});
    const grace = graceSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
    if ((meta.deletionGracePeriodSeconds ?? Infinity) <= grace) return;
    meta.deletionTimestamp = new Date(Date.now() + grace * 1_000);
    meta.deletionGracePeriodSeconds = grace;
    objects.changed('pods', pod);
    const gone = () => objects.remove('pods', name);
    // Without a grace the object goes at once, the process as soon as it can; what never ran has nothing to wait for.
    if (grace === 0 || !kubelet.runs(name)) gone();
    void kubelet.kill(name, grace * 1_000).then(gone);
  };

  const makePod = (job: V1Job): void => {
    const { name = '', uid = '' } = job.metadata ?? {};
    const refusal = overQuota(objects, job);
    if (refusal !== null) return warn(objects, name, `Error creating: ${refusal}`);
    const template = job.spec!.template;
    const labels = { ...template.metadata?.labels, 'job-name': name, 'batch.kubernetes.io/job-name': name };
    const controller = { apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true };
    objects.create('pods', {
      metadata: {
        name: `${name}-${randomBytes(3).toString('hex').slice(0, 5)}`,
        namespace: job.metadata?.namespace,
        labels,
        ownerReferences: [controller],
      },
      spec: structuredClone(template.spec!),
      status: { phase: 'Pending' },
    });
    job.status = { ...job.status, active: 1 };
    objects.changed('jobs', job);
  };

  const end = (job: V1Job, condition: Pick<V1JobCondition, 'type'> & Partial<V1JobCondition>): void => {
    const at = new Date();
    const whole = { status: 'True', lastProbeTime: at, lastTransitionTime: at, ...condition };
    job.status = { ...job.status, active: 0, conditions: [...(job.status?.conditions ?? []), whole] };
    objects.changed('jobs', job);
  };

  const lookAtJob = (job: V1Job): void => {
    const { name = '', deletionTimestamp } = job.metadata ?? {};
    const pods = podsOf(name);
    if (deletionTimestamp !== undefined) {
      if (pods.length === 0) objects.remove('jobs', name);
      return;
    }
    if ((job.status?.conditions ?? []).length > 0) return;
    if (job.status?.startTime === undefined) {
      job.status = { startTime: new Date() };
      objects.changed('jobs', job);
    }
    const due = job.status.startTime!.getTime() + (job.spec?.activeDeadlineSeconds ?? Infinity) * 1_000;
    const phases = pods.map((pod) => pod.status?.phase);
    if (phases.includes('Succeeded')) end(job, { type: 'Complete' });
    else if (phases.includes('Failed') || (pods.length === 0 && job.status.active === 1))
      end(job, {
        type: 'Failed',
        reason: 'BackoffLimitExceeded',
        message: 'Job has reached the specified backoff limit',
      });
    else if (Date.now() >= due) {
      end(job, {
        type: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Job was active longer than specified deadline',
      });
      for (const pod of pods) deletePod(pod.metadata?.name ?? '');
    } else if (pods.length === 0) makePod(job);
  };

  const look = () => {
    for (const job of objects.list('jobs')) lookAtJob(job);
    for (const pod of objects.list('pods', waits)) schedule(objects, kubelet, pod);
  };
  const timer = setInterval(look, LOOK_MS);

  return {
    deleteJob(name) {
      const job = objects.get('jobs', name);
      if (!job) return;
      job.metadata = { ...job.metadata, deletionTimestamp: new Date(), finalizers: ['foregroundDeletion'] };
      objects.changed('jobs', job);
      for (const pod of podsOf(name)) deletePod(pod.metadata?.name ?? '');
      look();
    },
    deletePod,
    stop: () => clearInterval(timer),
  };
}

function waits(pod: V1Pod): boolean {
  return pod.spec?.nodeName === undefined && pod.metadata?.deletionTimestamp === undefined;
}

function isActive(pod: V1Pod): boolean {
  return pod.status?.phase === 'Pending' || pod.status?.phase === 'Running';
}

function requestsOf(pod: { spec?: V1Pod['spec'] }): Record<string, number> {
  const sums: Record<string, number> = {};
  for (const { resources } of pod.spec?.containers ?? [])
    for (const [name, amount] of Object.entries(resources?.requests ?? {}))
      sums[name] = (sums[name] ?? 0) + quantity(amount);
  return sums;
}

/** Places a pod on a node that is ready, has its labels and has room; else says why, as the scheduler does. */
function schedule(objects: Objects, kubelet: Kubelet, pod: V1Pod): void {
  const needs = requestsOf(pod);
  const reasons = new Map<string, number>();
  const nodes = objects.list('nodes');
  for (const node of nodes) {
    const name = node.metadata?.name ?? '';
    const labels = node.metadata?.labels ?? {};
    const wrong = Object.entries(pod.spec?.nodeSelector ?? {}).some(([key, value]) => labels[key] !== value);
    const held = objects.list('pods', (other) => other.spec?.nodeName === name && isActive(other));
    const short = Object.entries(needs).find(
      ([resource, amount]) =>
        held.reduce((sum, other) => sum + (requestsOf(other)[resource] ?? 0), amount) >
        quantity(node.status?.allocatable?.[resource]),
    );
    const why = !isReady(node)
      ? 'node(s) were unschedulable'
      : wrong
        ? "node(s) didn't match Pod's node affinity/selector"
        : short && `Insufficient ${short[0]}`;
    if (why === undefined) {
      pod.spec = { ...pod.spec!, nodeName: name };
      pod.status = { ...pod.status, conditions: [{ type: 'PodScheduled', status: 'True' }] };
      objects.changed('pods', pod);
      return kubelet.start(pod);
    }
    reasons.set(why, (reasons.get(why) ?? 0) + 1);
  }
  const list = [...reasons].map(([why, count]) => `${count} ${why}`).join(', ');
  const message = `0/${nodes.length} nodes are available: ${list}.`;
  if (pod.status?.conditions?.[0]?.message === message) return;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  pod.status = { ...pod.status, conditions: [condition] };
  objects.changed('pods', pod);
}

/** The sentence of the quota's admission; null when the Job's pod fits. Keeps `status.used` of the quotas. */
function overQuota(objects: Objects, job: V1Job): string | null {
  const needs = requestsOf(job.spec!.template);
  const pods = objects.list('pods', isActive);
  for (const quota of objects.list('resourcequotas')) {
    const hard = quota.spec?.hard ?? {};
    const used = Object.fromEntries(
      Object.keys(hard).map((name) => {
        const resource = name.replace(/^requests\./, '');
        return [name, String(pods.reduce((sum, pod) => sum + (requestsOf(pod)[resource] ?? 0), 0))];
      }),
    );
    quota.status = { hard, used };
    for (const [name, limit] of Object.entries(hard)) {
      const need = needs[name.replace(/^requests\./, '')] ?? 0;
      if (need + quantity(used[name]) > quantity(limit))
        return `pods "${job.metadata?.name}-" is forbidden: exceeded quota: ${quota.metadata?.name}, requested: ${name}=${need}, used: ${name}=${used[name]}, limited: ${name}=${limit}`;
    }
  }
  return null;
}

/** One event a message: the real one counts repetitions. */
function warn(objects: Objects, job: string, message: string): void {
  const namespace = objects.get('jobs', job)?.metadata?.namespace ?? '';
  const there = objects.list('events', (event) => event.involvedObject.name === job);
  if (there.some((event) => event.message === message)) return;
  objects.create('events', {
    metadata: { name: `${job}.${there.length}`, namespace },
    involvedObject: { kind: 'Job', name: job, namespace },
    reason: 'FailedCreate',
    type: 'Warning',
    message,
  });
}
