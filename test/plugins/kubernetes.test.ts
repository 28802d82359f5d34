/** The pure parts of the Kubernetes plugin: Jobs that it makes, and objects of the API's documented forms that it reads. */
import type { V1Job, V1Node, V1Pod } from '@kubernetes/client-node';
import { expect, test } from 'vitest';
import { inventoryOf, quantity } from '../../provider/plugins/kubernetes/inventory.ts';
import { jobName, jobOf, secretOf } from '../../provider/plugins/kubernetes/job.ts';
import { readKubernetesSettings } from '../../provider/plugins/kubernetes/settings.ts';
import { statusOf, type KubernetesRecord } from '../../provider/plugins/kubernetes/status.ts';
import { someLease } from '../support/plugin-client.ts';

const CLASS = 'H100-SXM-80G';
const CHIP = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' };
const SETTINGS = readKubernetesSettings({
  classes: { [CLASS]: { resource: 'nvidia.com/gpu', nodeSelector: CHIP } },
});
const CARD = SETTINGS.classes[CLASS] ?? { resource: '' };
const RECORD: KubernetesRecord = { job: 'job', cards: 2, memoryBytes: 2 ** 30 };
const JOB: V1Job = { metadata: { name: 'job' } };
const AT = new Date('2026-11-21T16:00:00Z');

const pod = (status: V1Pod['status']): V1Pod => ({ metadata: { name: 'job-x1' }, status });
const ended = (exitCode: number, reason: string): V1Pod =>
  pod({
    phase: exitCode === 0 ? 'Succeeded' : 'Failed',
    containerStatuses: [container({ terminated: { exitCode, reason, startedAt: AT, finishedAt: AT } })],
  });
const container = (state: object) => ({
  name: 'work',
  image: '',
  imageID: '',
  ready: false,
  restartCount: 0,
  state,
});

test('job_isBoundedInEverythingAndAllowedNothing', () => {
  const lease = someLease(CLASS, 'true', {
    env: { TOKEN: 'sesame' },
    limits: { cards: 2, seconds: 90, memoryBytes: 2 ** 31, cores: 4 },
    files: [{ path: 'a/b.txt', base64: 'aGk=' }],
  });
  const job = jobOf(lease, SETTINGS, CARD, 'image:1', 'pool');
  expect(job.spec).toMatchObject({ backoffLimit: 0, activeDeadlineSeconds: 90 });
  const spec = job.spec?.template.spec;
  expect(spec).toMatchObject({
    restartPolicy: 'Never',
    automountServiceAccountToken: false,
    hostNetwork: false,
    nodeSelector: CHIP,
    securityContext: { runAsNonRoot: true },
  });
  expect(spec?.containers[0]).toMatchObject({
    resources: { limits: { 'nvidia.com/gpu': '2', cpu: '4', memory: String(2 ** 31) } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    },
  });
  expect(spec?.containers[0]?.volumeMounts?.map(({ mountPath }) => mountPath)).toContain('/work/a/b.txt');
  expect(job.metadata?.labels?.['cardhour/network']).toBe('none');
  expect(JSON.stringify(job)).not.toContain('sesame');
  const secret = secretOf(lease, SETTINGS, 'pool');
  expect(Buffer.from(secret.data?.['env-TOKEN'] ?? '', 'base64').toString()).toBe('sesame');
});

test('jobName_fitsAndDiffersByPoolAndLease', () => {
  const long = 'a'.repeat(63);
  expect(jobName('p', long).length).toBeLessThanOrEqual(57);
  expect(jobName('p', long)).not.toBe(jobName('q', long));
  expect(jobName('p', `${'a'.repeat(31)}-b`)).toMatch(/^[a-z0-9]([a-z0-9-]*[a-z0-9])$/);
});

test('status_saysWhatThePodAndItsJobSay', () => {
  const of = (job: V1Job | null, of: V1Pod | null, part: Partial<KubernetesRecord> = {}, note = '') =>
    statusOf('7-a', { ...RECORD, ...part }, job, of, note);
  expect(of(JOB, null, {}, 'exceeded quota: gpus')).toMatchObject({
    state: 'pending',
    reason: 'exceeded quota: gpus',
  });
  const unscheduled = pod({
    phase: 'Pending',
    conditions: [
      { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/1 nodes are available' },
    ],
  });
  expect(of(JOB, unscheduled)).toMatchObject({
    state: 'pending',
    reason: 'Unschedulable: 0/1 nodes are available',
  });
  const absent = pod({
    phase: 'Pending',
    containerStatuses: [container({ waiting: { reason: 'ErrImagePull', message: 'not found' } })],
  });
  expect(of(JOB, absent)).toMatchObject({ state: 'failed', reason: 'ErrImagePull: not found' });
  const running = pod({ phase: 'Running', containerStatuses: [container({ running: { startedAt: AT } })] });
  expect(of(JOB, running)).toEqual({
    id: '7-a',
    state: 'running',
    cards: ['job-x1/0', 'job-x1/1'],
    startedAt: AT.getTime(),
  });
  expect(of(JOB, running, { stopped: true }).state).toBe('stopping');
  expect(of(JOB, ended(7, 'Error'))).toMatchObject({ state: 'exited', exitCode: 7 });
  expect(of(JOB, ended(137, 'OOMKilled'))).toMatchObject({
    state: 'exited',
    exitCode: 137,
    reason: expect.stringContaining('out of memory') as string,
  });
  expect(of(JOB, ended(143, 'Error'), { stopped: true }).exitCode).toBeUndefined();
  const evicted = pod({
    phase: 'Failed',
    reason: 'Evicted',
    message: 'ephemeral local storage usage exceeds the limit',
  });
  expect(of(JOB, evicted)).toMatchObject({
    state: 'failed',
    reason: expect.stringContaining('Evicted') as string,
  });
  const late: V1Job = {
    status: {
      conditions: [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', lastTransitionTime: AT }],
    },
  };
  expect(of(late, null)).toMatchObject({ state: 'exited', reason: 'its time was over' });
  expect(of(null, null).state).toBe('lost');
  expect(of(JOB, null, { pod: 'job-x1' }).state).toBe('lost');
});

test('inventory_isAllocatableLessRequestedWithinTheQuotaOnNodesWithTheChip', () => {
  const node = (name: string, labels: Record<string, string>, ready: string): V1Node => ({
    metadata: { name, labels },
    status: {
      allocatable: { 'nvidia.com/gpu': '8', cpu: '63500m', memory: '500Gi' },
      conditions: [{ type: 'Ready', status: ready }],
    },
  });
  const nodes = [
    node('a', CHIP, 'True'),
    node('b', { 'nvidia.com/gpu.product': 'A100' }, 'True'),
    node('c', CHIP, 'Unknown'),
  ];
  const user: V1Pod = {
    spec: { nodeName: 'a', containers: [{ name: 'x', resources: { requests: { 'nvidia.com/gpu': '3' } } }] },
  };
  expect(inventoryOf(SETTINGS, nodes, [user], []).cards).toEqual([{ class: CLASS, count: 8, free: 5 }]);
  const quota = {
    status: { hard: { 'requests.nvidia.com/gpu': '4' }, used: { 'requests.nvidia.com/gpu': '3' } },
  };
  const bounded = inventoryOf(SETTINGS, nodes, [user], [quota]);
  expect(bounded.cards[0]?.free).toBe(1);
  expect(bounded.cores).toBe(127);
  expect(bounded.notes).toEqual(['node c is away: not ready']);
  expect([quantity('500m'), quantity('2Ki'), quantity('3k'), quantity('x'), quantity(undefined)]).toEqual([
    0.5, 2_048, 3_000, 0, 0,
  ]);
});
