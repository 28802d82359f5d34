/** What an API server keeps: objects by kind and name, a resource version that each change raises, and who watches. */
import { randomUUID } from 'node:crypto';
import type {
  CoreV1Event,
  V1Job,
  V1NetworkPolicy,
  V1Node,
  V1ObjectMeta,
  V1Pod,
  V1ResourceQuota,
  V1Secret,
} from '@kubernetes/client-node';

export interface Kinds {
  nodes: V1Node;
  pods: V1Pod;
  secrets: V1Secret;
  events: CoreV1Event;
  resourcequotas: V1ResourceQuota;
  jobs: V1Job;
  networkpolicies: V1NetworkPolicy;
}
export type Kind = keyof Kinds;
export type Stored = { metadata?: V1ObjectMeta };
export type ChangeType = 'ADDED' | 'MODIFIED' | 'DELETED';
export type OnChange = (type: ChangeType, object: Stored) => void;

/** apiVersion and kind of each, as the API reference names them. */
export const NAMES: Record<Kind, [apiVersion: string, kind: string]> = {
  nodes: ['v1', 'Node'],
  pods: ['v1', 'Pod'],
  secrets: ['v1', 'Secret'],
  events: ['v1', 'Event'],
  resourcequotas: ['v1', 'ResourceQuota'],
  jobs: ['batch/v1', 'Job'],
  networkpolicies: ['networking.k8s.io/v1', 'NetworkPolicy'],
};

export interface Objects {
  /** Null when the name is taken. */
  create<K extends Kind>(kind: K, object: Kinds[K]): Kinds[K] | null;
  get<K extends Kind>(kind: K, name: string): Kinds[K] | undefined;
  list<K extends Kind>(kind: K, fits?: (object: Kinds[K]) => boolean): Kinds[K][];
  /** Tells those who watch of a change that was made in place. */
  changed(kind: Kind, object: Stored): void;
  remove(kind: Kind, name: string): void;
  /** @returns ends it */
  watch(kind: Kind, listener: OnChange): () => void;
  version(): string;
}

export function createObjects(): Objects {
  const byKind = new Map<Kind, Map<string, Stored>>();
  const listeners = new Map<Kind, Set<OnChange>>();
  let version = 1_000;
  const all = (kind: Kind) => byKind.get(kind) ?? byKind.set(kind, new Map()).get(kind)!;
  const watching = (kind: Kind) => listeners.get(kind) ?? listeners.set(kind, new Set()).get(kind)!;
  const tell = (type: ChangeType, kind: Kind, object: Stored) => {
    version += 1;
    (object.metadata ??= {}).resourceVersion = String(version);
    // What a watcher got stays as it was when it was told.
    for (const listener of [...watching(kind)]) listener(type, structuredClone(object));
  };
  return {
    create(kind, object) {
      const name = object.metadata?.name ?? '';
      if (all(kind).has(name)) return null;
      const [apiVersion, kindName] = NAMES[kind];
      Object.assign(object, { apiVersion, kind: kindName });
      object.metadata = { ...object.metadata, uid: randomUUID(), creationTimestamp: new Date() };
      all(kind).set(name, object);
      tell('ADDED', kind, object);
      return object;
    },
    get: (kind, name) => all(kind).get(name) as never,
    list: (kind, fits = () => true) => ([...all(kind).values()] as never[]).filter(fits),
    changed: (kind, object) => tell('MODIFIED', kind, object),
    remove(kind, name) {
      const object = all(kind).get(name);
      if (!object) return;
      all(kind).delete(name);
      tell('DELETED', kind, object);
    },
    watch(kind, listener) {
      watching(kind).add(listener);
      return () => void watching(kind).delete(listener);
    },
    version: () => String(version),
  };
}

/** Equality-based label selectors, e.g. `a=b,c=d`; empty selects all. */
export function selects(selector: string | null, object: Stored): boolean {
  const labels = object.metadata?.labels ?? {};
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [name = '', value = ''] = term.split(/==?/);
      return labels[name] === value;
    });
}
