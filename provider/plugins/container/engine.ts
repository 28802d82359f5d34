/** The engine behind the socket: its errors as the protocol's, and an image made present. */
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import Docker from 'dockerode';
import { PluginError } from '../../plugin/errors.ts';
import type { ContainerSettings } from './settings.ts';

/** What the engine answered instead of what was asked; without a status it did not answer at all. */
export interface EngineFailure extends Error {
  statusCode?: number;
  code?: string;
  json?: { message?: string; cause?: string };
}

const RETRY_MS = 1_000;
const REFERENCE = /^[a-zA-Z0-9][a-zA-Z0-9.-]*(:\d+)?(\/?[a-z0-9._-]+)*(:[\w.-]+)?(@sha256:[0-9a-f]{64})?$/;

export function openEngine(socket: string): Docker {
  const remote = /^tcp:\/\/|^https?:\/\//.test(socket);
  if (!remote) return new Docker({ socketPath: socket.replace(/^unix:\/\//, '') });
  const { hostname, port, protocol } = new URL(socket.replace(/^tcp:/, 'http:'));
  return new Docker({ host: hostname, port, protocol: protocol === 'https:' ? 'https' : 'http' });
}

export function statusCodeOf(error: unknown): number | undefined {
  return (error as EngineFailure).statusCode;
}

/** One line for people, whatever the engine wraps it in. */
export function sentenceOf(error: unknown): string {
  const { json, message } = error as EngineFailure;
  return (json?.message ?? message).replace(/\s+/g, ' ').trim().slice(0, 1_000);
}

/** An answer of the engine is our fault or its own; silence may pass. */
export function engineError(error: unknown): Error {
  if (error instanceof PluginError) return error;
  const { code, statusCode } = error as EngineFailure;
  if (statusCode === undefined && code !== undefined)
    return new PluginError('NOT_READY', `The container engine does not answer: ${sentenceOf(error)}.`);
  return new PluginError('INTERNAL', `The container engine failed: ${sentenceOf(error)}.`);
}

/**
 * Makes the image present, pulling as the pool's policy says. @returns the environment that it brings
 * @throws PluginError REFUSED when there is no such image, NOT_READY when a registry or the engine does not answer
 */
export async function ensureImage(
  engine: Docker,
  image: string,
  policy: ContainerSettings['pull'],
): Promise<string[]> {
  if (!REFERENCE.test(image))
    throw new PluginError('REFUSED', `${image} is no image's name: write registry/name:tag or name@digest.`);
  const found = policy === 'always' ? null : await inspect(engine, image);
  if (found) return found;
  if (policy === 'never')
    throw new PluginError('REFUSED', `The image ${image} is not on this machine, and the pool pulls none.`);
  try {
    const progress = await engine.pull(image);
    const said = await new Promise<{ error?: string }[]>((resolve, reject) =>
      engine.modem.followProgress(progress, (error: Error | null, lines: { error?: string }[]) =>
        error ? reject(error) : resolve(lines),
      ),
    );
    // A pull that fails after the answer began says so in a line of it.
    const failed = said.find(({ error }) => error !== undefined);
    if (failed) throw new Error(failed.error);
  } catch (error) {
    const { code, statusCode } = error as EngineFailure;
    if (statusCode === undefined && code !== undefined) throw engineError(error);
    throw new PluginError('REFUSED', `The image ${image} can't be pulled: ${sentenceOf(error)}.`);
  }
  const pulled = await inspect(engine, image);
  if (!pulled) throw new PluginError('REFUSED', `The image ${image} was pulled and is not there.`);
  return pulled;
}

async function inspect(engine: Docker, image: string): Promise<string[] | null> {
  try {
    return (await engine.getImage(image).inspect()).Config.Env ?? [];
  } catch (error) {
    if (statusCodeOf(error) === 404) return null;
    throw engineError(error);
  }
}

/** @throws PluginError NOT_READY */
export async function isPodman(engine: Docker): Promise<boolean> {
  try {
    const { Components = [] } = (await engine.version()) as { Components?: { Name: string }[] };
    return Components.some(({ Name: name }) => name.startsWith('Podman'));
  } catch (error) {
    throw engineError(error);
  }
}

/** Calls `onDeath` with the name of each of the pool's containers that ends, for ever; an engine that is away is asked again. */
export async function followDeaths(
  engine: Docker,
  label: string,
  onDeath: (name: string) => void,
): Promise<void> {
  for (;;) {
    try {
      const stream = await engine.getEvents({
        filters: { type: ['container'], event: ['die'], label: [label] },
      });
      for await (const line of createInterface({ input: stream })) {
        const event = JSON.parse(line) as { Actor?: { Attributes?: { name?: string } } };
        onDeath(event.Actor?.Attributes?.name ?? '');
      }
    } catch {
      // Told by the next request that somebody waits for.
    }
    await sleep(RETRY_MS);
  }
}
