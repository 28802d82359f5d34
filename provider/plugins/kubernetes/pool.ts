/** The leases of one Kubernetes pool: a Job each, found again by its name; a small file a lease holds the rest. */
import { join } from 'node:path';
import type { CoreV1Event, V1Job, V1Pod } from '@kubernetes/client-node';
import { PluginError } from '../../plugin/errors.ts';
import {
  isOver,
  type Inventory,
  type LeaseStatus,
  type PluginLease,
  type Usage,
} from '../../plugin/protocol.ts';
import type { PluginOutput } from '../../plugin/serve.ts';
import { openLeaseStore } from '../../plugin/lease-store.ts';
import { followOutput, type Output } from '../../plugin/output.ts';
import { createSerial } from '../../plugin/serial.ts';
import { clusterError, codeOf, followChanges, ifThere, openPodLog, type Cluster } from './cluster.ts';
import { inventoryOf } from './inventory.ts';
import { jobName, jobOf, LABELS, noNetworkPolicy, secretOf } from './job.ts';
import type { KubernetesSettings } from './settings.ts';
import { statusOf, type KubernetesRecord } from './status.ts';

export interface KubernetesPool {
  start(lease: PluginLease): Promise<LeaseStatus>;
  stop(id: string, graceMs: number): Promise<LeaseStatus>;
  /** @throws PluginError UNKNOWN_LEASE */
  status(id: string): Promise<LeaseStatus>;
  ids(): string[];
  logPath(id: string): string;
  isComplete(id: string): Promise<boolean>;
  usage(id: string): Promise<Usage>;
  release(id: string): Promise<void>;
  inventory(): Promise<Inventory>;
}

export interface PoolOptions {
  cluster: Cluster;
  settings: KubernetesSettings;
  pool: string;
  folder: string;
  output: PluginOutput;
}

/** @throws PluginError NOT_READY when the cluster does not answer */
export async function openPool({
  cluster,
  settings,
  pool,
  folder,
  output,
}: PoolOptions): Promise<KubernetesPool> {
  const { core, batch, namespace } = cluster;
  const store = openLeaseStore<KubernetesRecord>(folder);
  const serial = createSerial();
  const outputs = new Map<string, Output>();
  const told = new Map<string, string>();
  /** Whose Job the cluster may have or not, for it did not answer: whoever asked for the start asks again. */
  const unsure = new Set<string>();
  const logPath = (id: string) => join(store.folder(id), 'log');

  const recordOf = (id: string): KubernetesRecord => {
    const record = store.read(id);
    if (!record) throw new PluginError('UNKNOWN_LEASE', `This pool knows no lease ${id}.`);
    return record;
  };
  const note = (id: string, part: Partial<KubernetesRecord>) => {
    const record = store.read(id);
    if (record) store.write(id, { ...record, ...part });
  };

  const podOf = async (job: string): Promise<V1Pod | null> => {
    const pods = await core
      .listNamespacedPod({ namespace, labelSelector: `job-name=${job}` })
      .catch((error: unknown) => {
        throw clusterError(error);
      });
    return pods.items[0] ?? null;
  };

  /** Why the controller could not make the pod: a quota, a policy. */
  const eventOf = async (job: string): Promise<string> => {
    const fieldSelector = `involvedObject.kind=Job,involvedObject.name=${job}`;
    const events = await core
      .listNamespacedEvent({ namespace, fieldSelector })
      .catch(() => ({ items: [] as CoreV1Event[] }));
    return events.items.findLast(({ type }) => type === 'Warning')?.message ?? '';
  };

  const status = async (id: string): Promise<LeaseStatus> => {
    const record = recordOf(id);
    if (record.final) return record.final;
    const job = await ifThere<V1Job>(batch.readNamespacedJob({ name: record.job, namespace }));
    if (!job && unsure.has(id) && !record.stopped)
      return { id, state: 'pending', reason: 'the cluster did not answer when it was handed the job' };
    const pod = await podOf(record.job);
    const event = job && !pod ? await eventOf(record.job) : '';
    const now = statusOf(id, record, job, pod, event);
    const podName = pod?.metadata?.name;
    if (podName !== undefined && (now.state === 'running' || isOver(now.state))) follow(id, podName);
    if (podName !== undefined && now.state === 'running' && record.pod === undefined)
      note(id, { pod: podName, ...(now.startedAt === undefined ? {} : { startedAt: now.startedAt }) });
    if (isOver(now.state)) await conclude(id, now, record.job);
    return now;
  };

  const follow = (id: string, pod: string): void => {
    if (outputs.has(id)) return;
    outputs.set(
      id,
      followOutput((stay) => openPodLog(cluster, pod, stay), logPath(id)),
    );
  };

  /** The first to see the end writes it down and takes what holds cards off the cluster; the finished pod stays for its log. */
  const conclude = async (id: string, now: LeaseStatus, job: string): Promise<void> => {
    note(id, { final: now });
    outputs.get(id)?.end();
    if (now.state !== 'exited') await remove(job, 0).catch(() => undefined);
    output.changed(now);
    told.delete(id);
  };

  /** Job and pods, in that order: a job without its pod would make another. */
  const remove = async (job: string, gracePeriodSeconds: number): Promise<void> => {
    await ifThere(
      batch.deleteNamespacedJob({
        name: job,
        namespace,
        propagationPolicy: 'Foreground',
        gracePeriodSeconds,
      }),
    );
    await core
      .deleteCollectionNamespacedPod({ namespace, labelSelector: `job-name=${job}`, gracePeriodSeconds })
      .catch((error: unknown) => {
        throw clusterError(error);
      });
  };

  const submit = async (lease: PluginLease): Promise<LeaseStatus> => {
    const { id, limits } = lease;
    const record = store.read(id);
    const card = settings.classes[lease.node.class];
    const image = lease.image ?? settings.image;
    if (!card) throw new PluginError('REFUSED', `This pool has no cards of ${lease.node.class}.`);
    if (image === undefined)
      throw new PluginError('REFUSED', 'This pool runs images: name one, or set the pool’s own image.');
    const job = jobName(pool, id);
    if (record && (record.final || (await ifThere(batch.readNamespacedJob({ name: job, namespace })))))
      return status(id);
    store.write(id, { job, cards: limits.cards, memoryBytes: limits.memoryBytes ?? settings.memoryBytes });
    try {
      await core
        .createNamespacedSecret({ namespace, body: secretOf(lease, settings, pool) })
        .catch(unlessThere);
      await batch
        .createNamespacedJob({ namespace, body: jobOf(lease, settings, card, image, pool) })
        .catch(unlessThere);
    } catch (error) {
      const known = clusterError(error);
      // After silence the job may be there: the record stays, and the next try looks.
      if (known.kind === 'NOT_READY') unsure.add(id);
      else {
        unsure.delete(id);
        await ifThere(core.deleteNamespacedSecret({ name: job, namespace })).catch(() => undefined);
        store.remove(id);
      }
      throw known;
    }
    unsure.delete(id);
    return status(id);
  };

  /** A job or pod changed: tell what that means for its lease, once. */
  const look = async (id: string): Promise<void> => {
    if (!store.read(id) || store.read(id)?.final) return;
    const now = await status(id).catch(() => null);
    if (!now || isOver(now.state)) return;
    const said = `${now.state} ${now.reason ?? ''}`;
    if (told.get(id) === said) return;
    told.set(id, said);
    output.changed(now);
  };

  const lookAtAll = () => void Promise.all(store.ids().map(look));
  await core.listNamespacedPod({ namespace, limit: 1 }).catch((error: unknown) => {
    throw clusterError(error);
  });
  await cluster.networking
    .createNamespacedNetworkPolicy({ namespace, body: noNetworkPolicy(namespace) })
    .catch(unlessThere)
    .catch((error: unknown) => {
      throw clusterError(error);
    });
  for (const path of [`/apis/batch/v1/namespaces/${namespace}/jobs`, `/api/v1/namespaces/${namespace}/pods`])
    void followChanges(cluster, path, `${LABELS.pool}=${pool}`, lookAtAll, (object) => {
      const { metadata } = object as V1Pod;
      const id = metadata?.labels?.[LABELS.lease];
      if (id !== undefined) void look(id);
    });

  return {
    start: (lease) => serial(lease.id, () => submit(lease)),
    async stop(id, graceMs) {
      const now = await status(id);
      const record = recordOf(id);
      if (isOver(now.state)) return now;
      note(id, { stopped: true });
      await remove(record.job, Math.ceil(graceMs / 1_000));
      return status(id);
    },
    status,
    ids: () => store.ids(),
    logPath,
    async isComplete(id) {
      if (!isOver((await status(id)).state)) return false;
      return outputs.get(id)?.isComplete() ?? true;
    },
    async usage(id) {
      const now = await status(id);
      const held = now.startedAt === undefined ? 0 : (now.endedAt ?? Date.now()) - now.startedAt;
      return { cardMs: recordOf(id).cards * Math.max(0, held) };
    },
    release: (id) =>
      serial(id, async () => {
        const record = store.read(id);
        if (!record) return;
        const now = await status(id);
        if (!isOver(now.state)) throw new PluginError('STILL_RUNNING', `The lease ${id} is ${now.state}.`);
        await remove(record.job, 0);
        await ifThere(core.deleteNamespacedSecret({ name: record.job, namespace }));
        outputs.get(id)?.close();
        outputs.delete(id);
        unsure.delete(id);
        store.remove(id);
      }),
    async inventory() {
      try {
        const [nodes, pods, quotas] = await Promise.all([
          core.listNode(),
          core.listPodForAllNamespaces(),
          core.listNamespacedResourceQuota({ namespace }),
        ]);
        return inventoryOf(settings, nodes.items, pods.items, quotas.items);
      } catch (error) {
        throw clusterError(error);
      }
    },
  };
}

/** A name that is taken: an earlier try made it. */
function unlessThere(error: unknown): void {
  if (codeOf(error) !== 409) throw error;
}
