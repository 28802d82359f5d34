/** The cluster's API: clients, its errors as the protocol's, and the two streams that outlast an answer. */
import { get as getPlain, type IncomingMessage } from 'node:http';
import { get as getSecure } from 'node:https';
import { setTimeout as sleep } from 'node:timers/promises';
import { BatchV1Api, CoreV1Api, KubeConfig, NetworkingV1Api, Watch } from '@kubernetes/client-node';
import { PluginError } from '../../plugin/errors.ts';
import { CONTAINER } from './job.ts';
import type { KubernetesSettings } from './settings.ts';

export interface Cluster {
  config: KubeConfig;
  core: CoreV1Api;
  batch: BatchV1Api;
  networking: NetworkingV1Api;
  namespace: string;
}

const RETRY_MS = 1_000;

/** @throws PluginError BAD_SETTINGS */
export function openCluster({ kubeconfig, context, namespace }: KubernetesSettings): Cluster {
  const config = new KubeConfig();
  try {
    if (kubeconfig === undefined) config.loadFromDefault();
    else config.loadFromFile(kubeconfig);
    if (context !== undefined) config.setCurrentContext(context);
    if (!config.getCurrentCluster()) throw new Error('it names no current cluster');
  } catch (error) {
    throw new PluginError('BAD_SETTINGS', `settings.kubeconfig can't be used: ${(error as Error).message}.`);
  }
  return {
    config,
    core: config.makeApiClient(CoreV1Api),
    batch: config.makeApiClient(BatchV1Api),
    networking: config.makeApiClient(NetworkingV1Api),
    namespace,
  };
}

/** HTTP status of the API's answer; undefined without one. */
export function codeOf(error: unknown): number | undefined {
  const { code } = error as { code?: unknown };
  return typeof code === 'number' ? code : undefined;
}

/** The API's own sentence: `message` of its Status object. */
export function sentenceOf(error: unknown): string {
  const { body, message } = error as { body?: unknown; message?: string };
  try {
    const status = (typeof body === 'string' ? JSON.parse(body) : body) as { message?: string } | undefined;
    if (status?.message !== undefined) return status.message;
  } catch {
    // Not a Status: the message of the error itself follows.
  }
  return (message ?? 'no reason given').split('\n')[0] ?? '';
}

export function clusterError(error: unknown): PluginError {
  if (error instanceof PluginError) return error;
  const code = codeOf(error);
  const sentence = sentenceOf(error);
  if (code === undefined || code === 429 || code >= 500)
    return new PluginError('NOT_READY', `The cluster does not answer: ${sentence}.`);
  if (code === 403 && /exceeded quota/.test(sentence)) return new PluginError('NO_CAPACITY', `${sentence}.`);
  if (code === 401 || code === 403)
    return new PluginError('NOT_READY', `The cluster lets this agent not do it: ${sentence}.`);
  return new PluginError('REFUSED', `The cluster takes no such job: ${sentence}.`);
}

/** An answer, or null when what is asked for is not there. @throws PluginError */
export async function ifThere<T>(answer: Promise<T>): Promise<T | null> {
  try {
    return await answer;
  } catch (error) {
    if (codeOf(error) === 404) return null;
    throw clusterError(error);
  }
}

/** Calls `onEvent` with each object under `path` that changes, for ever; `onStart` before the first of each connection. */
export async function followChanges(
  { config }: Cluster,
  path: string,
  labelSelector: string,
  onStart: () => void,
  onEvent: (object: unknown) => void,
): Promise<void> {
  const watch = new Watch(config);
  for (;;) {
    await new Promise<void>((resolve) => {
      onStart();
      watch
        .watch(
          path,
          { labelSelector, allowWatchBookmarks: true },
          (_type, object: unknown) => onEvent(object),
          () => resolve(),
        )
        .catch(() => resolve());
    });
    await sleep(RETRY_MS);
  }
}

/** A pod's output from its first byte. @throws Error with the status of an answer that is none */
export async function openPodLog(
  { config, namespace }: Cluster,
  pod: string,
  follow: boolean,
): Promise<IncomingMessage> {
  const server = config.getCurrentCluster()?.server ?? '';
  const url = new URL(
    `${server}/api/v1/namespaces/${namespace}/pods/${pod}/log?container=${CONTAINER}&follow=${follow}`,
  );
  const options = {};
  await config.applyToHTTPSOptions(options);
  const get = url.protocol === 'http:' ? getPlain : getSecure;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    get(url, options, resolve).on('error', reject);
  });
  if (response.statusCode === 200) return response;
  response.resume();
  throw Object.assign(new Error(`The log of ${pod} answers ${response.statusCode}`), {
    code: response.statusCode,
  });
}
