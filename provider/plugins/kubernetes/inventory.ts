/** What the cluster has for this pool: allocatable less requested, on nodes that take pods, within the namespace's quota. */
import type { V1Node, V1Pod, V1ResourceQuota } from '@kubernetes/client-node';
import type { Inventory } from '../../plugin/protocol.ts';
import type { CardShape, KubernetesSettings } from './settings.ts';

export function inventoryOf(
  { classes }: KubernetesSettings,
  nodes: V1Node[],
  pods: V1Pod[],
  quotas: V1ResourceQuota[],
): Inventory {
  const here = nodes.filter(isReady);
  return {
    cards: Object.entries(classes).map(([name, card]) => {
      const fitting = here.filter((node) => fits(node, card));
      const count = sum(fitting, (node) => quantity(node.status?.allocatable?.[card.resource]));
      const names = new Set(fitting.map((node) => node.metadata?.name));
      const used = sum(pods, (pod) =>
        names.has(pod.spec?.nodeName) && !isOver(pod) ? requested(pod, card) : 0,
      );
      const room = Math.min(...quotas.map((quota) => quotaRoom(quota, card)), count - used);
      return { class: name, count: Math.floor(count), free: Math.max(0, Math.floor(room)) };
    }),
    cores: Math.floor(sum(here, (node) => quantity(node.status?.allocatable?.['cpu']))),
    memoryBytes: Math.floor(sum(here, (node) => quantity(node.status?.allocatable?.['memory']))),
    notes: nodes
      .filter((node) => !isReady(node))
      .map(awayNote)
      .slice(0, 32),
  };
}

export function isReady(node: V1Node): boolean {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  return ready?.status === 'True' && node.spec?.unschedulable !== true;
}

export function awayNote(node: V1Node): string {
  const ready = node.status?.conditions?.find(({ type }) => type === 'Ready');
  const why = node.spec?.unschedulable ? 'cordoned' : (ready?.message ?? ready?.reason ?? 'not ready');
  return `node ${node.metadata?.name ?? ''} is away: ${why}`;
}

/** Kubernetes' quantities: "4", "500m", "16Gi", "1e3". */
export function quantity(text: string | undefined): number {
  const match = /^([0-9.]+(?:e[0-9]+)?)(m|k|M|G|T|P|Ki|Mi|Gi|Ti|Pi)?$/.exec(text ?? '');
  if (!match) return 0;
  const decimal = { m: 1e-3, k: 1e3, M: 1e6, G: 1e9, T: 1e12, P: 1e15 } as Record<string, number>;
  const binary = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, Ti: 2 ** 40, Pi: 2 ** 50 } as Record<
    string,
    number
  >;
  const unit = match[2] ?? '';
  return Number(match[1]) * (decimal[unit] ?? binary[unit] ?? 1);
}

function fits(node: V1Node, { nodeSelector = {} }: CardShape): boolean {
  const labels = node.metadata?.labels ?? {};
  return Object.entries(nodeSelector).every(([name, value]) => labels[name] === value);
}

function requested(pod: V1Pod, { resource }: CardShape): number {
  return sum(pod.spec?.containers ?? [], ({ resources }) => quantity(resources?.requests?.[resource]));
}

function isOver(pod: V1Pod): boolean {
  return pod.status?.phase === 'Succeeded' || pod.status?.phase === 'Failed';
}

function quotaRoom({ status }: V1ResourceQuota, { resource }: CardShape): number {
  const name = `requests.${resource}`;
  const hard = status?.hard?.[name];
  return hard === undefined ? Number.POSITIVE_INFINITY : quantity(hard) - quantity(status?.used?.[name]);
}

function sum<T>(list: T[], value: (item: T) => number): number {
  return list.reduce((total, item) => total + value(item), 0);
}
