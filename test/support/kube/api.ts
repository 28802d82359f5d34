/**
 * A Kubernetes API server over real HTTP, for no cluster can be had on one machine: lists, watch streams with bookmarks, Status
 * objects, codes and deletion as the API reference (v1.34: Pod v1, Job v1, Secret v1, NetworkPolicy v1, ResourceQuota v1, API
 * concepts: watch, label selectors, deletion) documents them, with objects of those forms. Its pods really run (`kubelet.ts`).
 */
import { createReadStream, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { V1Job, V1Node, V1Secret } from '@kubernetes/client-node';
import { startControl } from './control.ts';
import { createKubelet } from './kubelet.ts';
import { createObjects, NAMES, selects, type Kind, type Objects, type Stored } from './objects.ts';

export interface KubeApi {
  /** For settings.kubeconfig. */
  kubeconfig: string;
  objects: Objects;
  /** Requests so far, as `METHOD path`. */
  asked: string[];
  /** answers; down: 503 for all, and no stream stays open. */
  mode: 'answers' | 'down';
  /** Ends all watch streams, as a server does after some minutes. */
  cutStreams(): void;
  stop(): Promise<void>;
}

export const NAMESPACE = 'cardhour';
export const RESOURCE = 'nvidia.com/gpu';
export const CHIP = { 'nvidia.com/gpu.product': 'NVIDIA-H100-80GB-HBM3' };
export const IMAGE = 'registry.test/base:1';

const TOKEN = 'cardhour-test-token';
const BOOKMARK_MS = 1_000;
const LOG_LOOK_MS = 30;

/** @param nodes how many cards each node has */
export async function startKubeApi(nodes: number[] = [4]): Promise<KubeApi> {
  const objects = createObjects();
  const kubelet = createKubelet(objects, [IMAGE]);
  const control = startControl(objects, kubelet);
  const streams = new Set<ServerResponse>();
  nodes.forEach((cards, index) => objects.create('nodes', nodeWith(`node-${index}`, cards)));

  const watch = (kind: Kind, url: URL, response: ServerResponse) => {
    const selector = url.searchParams.get('labelSelector');
    const send = (type: string, object: Stored) => response.write(`${toJson({ type, object })}\n`);
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    // Without a resource version: what there is comes first, as if it had been added now.
    if (!url.searchParams.has('resourceVersion'))
      for (const object of objects.list(kind, (one: Stored) => selects(selector, one))) send('ADDED', object);
    const end = objects.watch(kind, (type, object) => selects(selector, object) && send(type, object));
    const [apiVersion, name] = NAMES[kind];
    const bookmarks = setInterval(() => {
      const metadata = { resourceVersion: objects.version() };
      send('BOOKMARK', { apiVersion, kind: name, metadata } as Stored);
    }, BOOKMARK_MS);
    streams.add(response);
    response.on('close', () => {
      end();
      clearInterval(bookmarks);
      streams.delete(response);
    });
  };

  const sendLog = async (pod: string, follow: boolean, response: ServerResponse) => {
    const log = kubelet.log(pod);
    if (!log || !objects.get('pods', pod)) {
      const waiting = objects.get('pods', pod) !== undefined;
      const text = waiting
        ? `container "work" in pod "${pod}" is waiting to start`
        : `pods "${pod}" not found`;
      return refuse(response, waiting ? 400 : 404, waiting ? 'BadRequest' : 'NotFound', text);
    }
    response.writeHead(200, { 'content-type': 'text/plain' });
    response.flushHeaders();
    for (let sent = 0; !response.destroyed; await sleep(LOG_LOOK_MS)) {
      // Looked at first: what is read after it is whole.
      const open = kubelet.log(pod)?.open ?? false;
      const size = statSync(log.path, { throwIfNoEntry: false })?.size ?? 0;
      if (size > sent)
        for await (const part of createReadStream(log.path, { start: sent, end: size - 1 }))
          response.write(part);
      sent = Math.max(sent, size);
      if (!follow || !open) return response.end();
    }
  };

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<unknown> => {
    const url = new URL(request.url ?? '', 'http://localhost');
    const method = request.method ?? 'GET';
    api.asked.push(`${method} ${url.pathname}`);
    if (api.mode === 'down') return refuse(response, 503, 'ServiceUnavailable', 'the server is down');
    if (request.headers.authorization !== `Bearer ${TOKEN}`)
      return refuse(response, 401, 'Unauthorized', 'Unauthorized');
    const { kind, name, part, inNamespace } = parsePath(url.pathname);
    if (kind === undefined) return refuse(response, 404, 'NotFound', 'the server could not find the path');
    const selector = url.searchParams.get('labelSelector');
    const fits = (object: Stored) =>
      selects(selector, object) && fieldsFit(url.searchParams.get('fieldSelector'), object);

    if (method === 'GET' && part === 'log')
      return sendLog(name ?? '', url.searchParams.get('follow') === 'true', response);
    if (method === 'GET' && name === undefined) {
      if (url.searchParams.get('watch') === 'true') return watch(kind, url, response);
      const [apiVersion, kindName] = NAMES[kind];
      const items = objects.list(kind, fits);
      const metadata = { resourceVersion: objects.version() };
      return reply(response, 200, { apiVersion, kind: `${kindName}List`, metadata, items });
    }
    if (method === 'POST' && inNamespace) {
      const body = await readJson<Stored>(request);
      const why = invalid(kind, body);
      if (why !== null) return refuse(response, 422, 'Invalid', why);
      const quota = kind === 'jobs' ? jobsOverQuota(objects) : null;
      if (quota !== null) return refuse(response, 403, 'Forbidden', quota);
      const taken = `${kind} "${body.metadata?.name}" already exists`;
      const created = objects.create(kind, withDefaults(body));
      return created ? reply(response, 201, created) : refuse(response, 409, 'AlreadyExists', taken);
    }
    if (method === 'DELETE') {
      const options = { ...Object.fromEntries(url.searchParams), ...(await readJson<object>(request)) };
      const grace = (options as { gracePeriodSeconds?: number | string }).gracePeriodSeconds;
      const seconds = grace === undefined ? undefined : Number(grace);
      if (name === undefined) {
        const items = objects.list(kind, fits);
        for (const { metadata } of items) control.deletePod(metadata?.name ?? '', seconds);
        return reply(response, 200, { kind: 'List', apiVersion: 'v1', metadata: {}, items });
      }
      if (!objects.get(kind, name)) return refuse(response, 404, 'NotFound', `${kind} "${name}" not found`);
      if (kind === 'jobs') control.deleteJob(name);
      else objects.remove(kind, name);
      return reply(response, 200, { kind: 'Status', apiVersion: 'v1', status: 'Success' });
    }
    const found = name === undefined ? undefined : objects.get(kind, name);
    if (method === 'GET' && found) return reply(response, 200, found);
    return refuse(response, 404, 'NotFound', `${kind} "${name}" not found`);
  };

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) =>
      response.headersSent ? response.destroy() : refuse(response, 500, 'InternalError', String(error)),
    );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-kubeconfig-'));
  const kubeconfig = join(folder, 'config');
  writeFileSync(kubeconfig, kubeconfigOf(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));

  const api: KubeApi = {
    kubeconfig,
    objects,
    asked: [],
    mode: 'answers',
    cutStreams() {
      for (const stream of streams) stream.destroy();
    },
    async stop() {
      control.stop();
      await kubelet.stop();
      server.close();
      server.closeAllConnections();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  return api;
}

function nodeWith(name: string, cards: number): V1Node {
  const amounts = { cpu: '64', memory: '256Gi', 'ephemeral-storage': '500Gi', [RESOURCE]: String(cards) };
  return {
    metadata: { name, labels: { ...CHIP, 'kubernetes.io/hostname': name } },
    spec: {},
    status: {
      capacity: amounts,
      allocatable: amounts,
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
      ],
    },
  };
}

/** `/api/v1/…` and `/apis/GROUP/VERSION/…`, with or without a namespace. */
function parsePath(path: string): { kind?: Kind; name?: string; part?: string; inNamespace: boolean } {
  const parts = path.split('/').slice(path.startsWith('/apis/') ? 4 : 3);
  const inNamespace = parts[0] === 'namespaces';
  const [kind = '', name, part] = inNamespace ? parts.slice(2) : parts;
  return kind in NAMES ? { kind: kind as Kind, name, part, inNamespace } : { inNamespace };
}

function fieldsFit(selector: string | null, object: Stored): boolean {
  return (selector ?? '')
    .split(',')
    .filter((term) => term !== '')
    .every((term) => {
      const [path = '', wanted] = term.split('=');
      const value = path
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], object);
      return value === wanted;
    });
}

const NAME = /^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/;
const LABEL = /^([A-Za-z0-9]([A-Za-z0-9_.-]{0,61}[A-Za-z0-9])?)?$/;

/** What the server's validation says to an object; null when it takes it. */
function invalid(kind: Kind, { metadata, ...rest }: Stored): string | null {
  if (!NAME.test(metadata?.name ?? '')) return `metadata.name: Invalid value: "${metadata?.name}"`;
  if (kind === 'jobs' && (metadata?.name ?? '').length > 63)
    return 'metadata.name: must be no more than 63 characters';
  const template = (rest as V1Job).spec?.template;
  for (const [key, value] of Object.entries({ ...metadata?.labels, ...template?.metadata?.labels }))
    if (!LABEL.test(value)) return `metadata.labels: Invalid value: "${value}" of ${key}`;
  if (kind === 'secrets')
    for (const key of Object.keys((rest as V1Secret).data ?? {}))
      if (!/^[-._a-zA-Z0-9]{1,253}$/.test(key))
        return `data[${key}]: a valid config key must consist of alphanumerics`;
  if (kind === 'jobs' && !['Never', 'OnFailure'].includes(template?.spec?.restartPolicy ?? ''))
    return 'spec.template.spec.restartPolicy: Required value: valid values: "OnFailure", "Never"';
  return null;
}

/** A quota of objects refuses at once; one of resources lets the Job in and its pod wait. */
function jobsOverQuota(objects: Objects): string | null {
  for (const { metadata, spec } of objects.list('resourcequotas')) {
    const limit = spec?.hard?.['count/jobs.batch'];
    const used = objects.list('jobs').length;
    if (limit !== undefined && used >= Number(limit))
      return `jobs.batch is forbidden: exceeded quota: ${metadata?.name}, requested: count/jobs.batch=1, used: count/jobs.batch=${used}, limited: count/jobs.batch=${limit}`;
  }
  return null;
}

function withDefaults(body: Stored): Stored {
  return { ...body, metadata: { ...body.metadata, namespace: NAMESPACE } };
}

function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  reply(response, code, {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message,
    reason,
    code,
  });
}

function reply(response: ServerResponse, code: number, value: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(toJson(value));
}

/** The API's times have whole seconds. */
function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) =>
    typeof part === 'string' && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(part)
      ? part.replace(/\.\d{3}/, '')
      : part,
  );
}

async function readJson<T>(request: IncomingMessage): Promise<T> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return JSON.parse(Buffer.concat(chunks).toString() || '{}') as T;
}

function kubeconfigOf(server: string): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, 'insecure-skip-tls-verify': true } }],
    users: [{ name: 'agent', user: { token: TOKEN } }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'agent', namespace: NAMESPACE } }],
    'current-context': 'test',
  });
}
