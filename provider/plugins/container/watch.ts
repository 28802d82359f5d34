/** Stays with a container to its end: its output, its usage, its time. */
import { PassThrough, type Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerStats } from 'dockerode';
import { statusCodeOf } from './engine.ts';
import { followOutput } from '../../plugin/output.ts';
import { demultiplex } from './frames.ts';

export interface Watch {
  /** A look at the counters out of turn. Never rejects. */
  sample(): Promise<void>;
  /** The engine told that it ended: no need to wait for its answer. */
  died(): void;
}

const SAMPLE_MS = 5_000;
const RETRY_MS = 1_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export function watchContainer(options: {
  container: Docker.Container;
  logPath: string;
  /** Unix milliseconds. */
  deadlineMs: number;
  /** Tried again until it succeeds. */
  onDeadline: () => Promise<void>;
  onSample: (stats: ContainerStats) => void;
  /** The container is over and its output is on disk. */
  onEnded: () => void;
}): Watch {
  const { container, deadlineMs } = options;
  const output = followOutput((follow) => openLogs(container, follow), options.logPath);
  const died = Promise.withResolvers<void>();
  let timer: NodeJS.Timeout | undefined;

  const sample = async (): Promise<void> => {
    const stats = await container.stats({ stream: false, 'one-shot': true }).catch(() => null);
    if (stats) options.onSample(stats);
  };
  const sampler = setInterval(() => void sample(), SAMPLE_MS);

  const arm = (): void => {
    timer = setTimeout(
      () => {
        if (Date.now() < deadlineMs) return arm();
        options.onDeadline().catch(() => (timer = setTimeout(arm, RETRY_MS)));
      },
      Math.min(Math.max(0, deadlineMs - Date.now()), LONGEST_TIMER_MS),
    );
  };

  void (async () => {
    await sample();
    await Promise.race([ended(container), died.promise]);
    clearInterval(sampler);
    clearTimeout(timer);
    output.end();
    await output.complete;
    options.onEnded();
  })();
  arm();
  return { sample, died: died.resolve };
}

/** Until the engine says that the container ended or is gone; an engine that is away is asked again. */
async function ended(container: Docker.Container): Promise<void> {
  for (;;) {
    try {
      await container.wait();
      return;
    } catch (error) {
      if (statusCodeOf(error) === 404) return;
      await sleep(RETRY_MS);
    }
  }
}

async function openLogs(container: Docker.Container, follow: boolean): Promise<Readable> {
  const both = { stdout: true, stderr: true };
  const payload = demultiplex();
  const stream = follow
    ? ((await container.logs({ follow: true, ...both })) as Readable)
    : new PassThrough().end(await container.logs({ follow: false, ...both }));
  stream.on('error', (error) => payload.destroy(error));
  payload.on('close', () => stream.destroy());
  return stream.pipe(payload);
}
