/** A lease as a Job with one pod, its files and environment as a Secret; bounded in everything, allowed nothing. */
import { createHash } from 'node:crypto';
import type { V1Job, V1NetworkPolicy, V1Secret, V1VolumeMount } from '@kubernetes/client-node';
import type { PluginLease } from '../../plugin/protocol.ts';
import type { CardShape, KubernetesSettings } from './settings.ts';

export const LABELS = {
  pool: 'cardhour/pool',
  lease: 'cardhour/lease',
  network: 'cardhour/network',
} as const;
export const CONTAINER = 'work';
const WORK = '/work';
const TMP_BYTES = 64 * 2 ** 20;
const POLICY = 'cardhour-no-network';

/** A pod's name may have 63 characters, of which the Job controller adds six. */
export function jobName(pool: string, leaseId: string): string {
  const hash = createHash('sha256').update(`${pool}/${leaseId}`).digest('hex').slice(0, 10);
  return `cardhour-${leaseId.slice(0, 32).replace(/-+$/, '')}-${hash}`;
}

/** The environment and the files, which may be secrets: whoever may read Jobs need not see them. */
export function secretOf(lease: PluginLease, settings: KubernetesSettings, pool: string): V1Secret {
  const files = (lease.files ?? []).map(({ base64 }, index) => [`file-${index}`, base64] as const);
  const env = Object.entries(lease.env).map(([name, value]) => [envKey(name), toBase64(value)] as const);
  return {
    metadata: { name: jobName(pool, lease.id), namespace: settings.namespace, labels: labelsOf(lease, pool) },
    type: 'Opaque',
    immutable: true,
    data: Object.fromEntries([...files, ...env]),
  };
}

export function jobOf(
  lease: PluginLease,
  settings: KubernetesSettings,
  card: CardShape,
  image: string,
  pool: string,
): V1Job {
  const { limits } = lease;
  const name = jobName(pool, lease.id);
  const labels = labelsOf(lease, pool);
  const resources = {
    cpu: String(limits.cores ?? settings.cores),
    memory: String(limits.memoryBytes ?? settings.memoryBytes),
    // Both folders together: the kubelet evicts a pod that writes more.
    'ephemeral-storage': String((limits.diskBytes ?? settings.diskBytes) + TMP_BYTES),
    ...(limits.cards > 0 ? { [card.resource]: cardAmount(card, limits.cards, limits.cores) } : {}),
  };
  return {
    metadata: { name, namespace: settings.namespace, labels },
    spec: {
      completions: 1,
      parallelism: 1,
      // Nothing runs twice: a pod that fails is not replaced.
      backoffLimit: 0,
      activeDeadlineSeconds: limits.seconds,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: false,
          enableServiceLinks: false,
          hostNetwork: false,
          hostPID: false,
          hostIPC: false,
          // The most that a stop can give: whoever deletes the Job, the garbage collector too, may only shorten it.
          terminationGracePeriodSeconds: 30,
          ...(card.nodeSelector === undefined ? {} : { nodeSelector: card.nodeSelector }),
          ...(card.tolerations === undefined
            ? {}
            : { tolerations: card.tolerations.map((key) => ({ key, operator: 'Exists' })) }),
          ...(settings.runtimeClass === undefined ? {} : { runtimeClassName: settings.runtimeClass }),
          ...(settings.priorityClass === undefined ? {} : { priorityClassName: settings.priorityClass }),
          ...(settings.pullSecrets === undefined
            ? {}
            : { imagePullSecrets: settings.pullSecrets.map((secret) => ({ name: secret })) }),
          securityContext: {
            runAsNonRoot: true,
            runAsUser: settings.user,
            runAsGroup: settings.user,
            fsGroup: settings.user,
            seccompProfile: { type: 'RuntimeDefault' },
          },
          containers: [
            {
              name: CONTAINER,
              image,
              imagePullPolicy: settings.pull,
              ...(lease.command.length > 0 ? { command: lease.command, args: [] } : {}),
              workingDir: WORK,
              env: [
                { name: 'HOME', value: WORK },
                ...Object.keys(lease.env).map((variable) => ({
                  name: variable,
                  valueFrom: { secretKeyRef: { name, key: envKey(variable) } },
                })),
              ],
              resources: { limits: resources, requests: resources },
              securityContext: {
                privileged: false,
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ['ALL'] },
              },
              volumeMounts: [
                { name: 'work', mountPath: WORK },
                { name: 'tmp', mountPath: '/tmp' },
                ...(lease.files ?? []).map(({ path, executable }, index) =>
                  fileMount(path, index, executable),
                ),
              ],
            },
          ],
          volumes: [
            { name: 'work', emptyDir: { sizeLimit: String(limits.diskBytes ?? settings.diskBytes) } },
            { name: 'tmp', emptyDir: { sizeLimit: String(TMP_BYTES) } },
            ...((lease.files ?? []).length > 0
              ? [
                  { name: 'files', secret: { secretName: name, defaultMode: 0o444 } },
                  { name: 'programs', secret: { secretName: name, defaultMode: 0o555 } },
                ]
              : []),
          ],
        },
      },
    },
  };
}

/** Forbids all traffic of leases that did not ask for a network, where the cluster's network plugin enforces policies. */
export function noNetworkPolicy(namespace: string): V1NetworkPolicy {
  return {
    metadata: { name: POLICY, namespace },
    spec: {
      podSelector: { matchLabels: { [LABELS.network]: 'none' } },
      policyTypes: ['Ingress', 'Egress'],
      ingress: [],
      egress: [],
    },
  };
}

function labelsOf(lease: PluginLease, pool: string): Record<string, string> {
  return { [LABELS.pool]: pool, [LABELS.lease]: lease.id, [LABELS.network]: lease.network ? 'full' : 'none' };
}

/** Cards of the class `cpu` are cores: those that the lease asks for count as well. */
function cardAmount(card: CardShape, cards: number, cores = 0): string {
  return String(card.resource === 'cpu' ? Math.max(cards, cores) : cards);
}

function fileMount(path: string, index: number, executable = false): V1VolumeMount {
  const name = executable ? 'programs' : 'files';
  return { name, mountPath: `${WORK}/${path}`, subPath: `file-${index}`, readOnly: true };
}

function envKey(name: string): string {
  return `env-${name}`;
}

function toBase64(text: string): string {
  return Buffer.from(text).toString('base64');
}
