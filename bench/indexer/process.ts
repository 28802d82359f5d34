import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { formatDeployment } from '../../contracts/deployment.ts';
import { freePort } from '../../cli/supervise/ports.ts';
import { INDEXER_FLAGS } from '../../cli/up/parts.ts';
import type { Ground } from './ground.ts';

export interface Done {
  seconds: number;
  cpuSeconds: number;
  events: number;
  block: number;
  startSeconds: number;
  peakMemoryMb: number;
  /** Times that the indexer was asked to look. */
  looks: number;
}

export interface Ours {
  do(work: 'cold' | 'live' | 'single' | 'look' | 'replay', to?: number): Promise<Done>;
  end(): Promise<void>;
}

/** Flags and environment are those with which a market runs it. */
async function environmentOf(ground: Ground, databaseUrl: string): Promise<NodeJS.ProcessEnv> {
  const file = join(ground.dir, 'deployment.json');
  await writeFile(file, formatDeployment(ground.deployment));
  return {
    ...process.env,
    NODE_COMPILE_CACHE: join(ground.dir, 'compile-cache'),
    DATABASE_URL: databaseUrl,
    RPC_URL: ground.chain.rpcUrl,
    DEPLOYMENT_FILE: file,
  };
}

/** Our indexer in a process of its own, which does what it is told. */
export async function startOurs(ground: Ground, databaseUrl: string): Promise<Ours> {
  const script = fileURLToPath(new URL('./ours.ts', import.meta.url));
  const env = await environmentOf(ground, databaseUrl);
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...INDEXER_FLAGS, script], {
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const answer = async (): Promise<unknown> => {
    const exit = once(child, 'exit').then(([code]) => {
      throw new Error(`the indexer ended with ${String(code)}`);
    });
    exit.catch(() => undefined);
    const [message] = (await Promise.race([once(child, 'message'), exit])) as [unknown];
    return message;
  };
  await answer();
  return {
    async do(work, to) {
      child.send({ work, to: to === undefined ? undefined : String(to) });
      return (await answer()) as Done;
    },
    async end() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** The real indexer/main.ts. */
export async function startMain(
  ground: Ground,
  databaseUrl: string,
): Promise<{ child: ChildProcess; untilAt(block: number): Promise<void>; end(): Promise<void> }> {
  const port = await freePort();
  const env = {
    ...(await environmentOf(ground, databaseUrl)),
    METRICS_PORT: String(port),
    POLL_MS: '20',
    CHECK_EVERY_MS: '0',
  };
  const main = fileURLToPath(new URL('../../indexer/main.ts', import.meta.url));
  const child = spawn(process.execPath, ['--disable-warning=ExperimentalWarning', ...INDEXER_FLAGS, main], {
    env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return {
    child,
    async untilAt(block) {
      for (;;) {
        const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
        if (answer?.ok === true && Number(((await answer.json()) as { block: string }).block) >= block)
          return;
        await sleep(5);
      }
    },
    async end() {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Most memory that a living process ever held, MB (Linux). */
export function peakMemoryMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmHWM:\s*(\d+)/.exec(status)?.[1] ?? 0) / 1_024;
}
