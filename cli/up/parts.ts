import { join } from 'node:path';
import { AGENT_FLAGS } from '../../provider/node-flags.ts';
import type { PartSpec } from '../supervise/part.ts';
import { freePort } from '../supervise/ports.ts';
import { demoAgents } from '../demo/agents.ts';
import { ROOT } from './settings.ts';
import { serveWeb } from './web.ts';

/** The indexer says with this code that it mirrors another chain: starting it again would not help. */
const CHAIN_REPLACED_EXIT = 3;

/** Four minutes of the demo's slots: short enough to watch. */
const CYCLE_SLOTS = '24';
/** The demo's agents share one machine, which adds milliseconds to a round trip while it is busy. */
const REACH_MICROS = '20000';

/**
 * For the indexer, whose garbage is what nodes answer: a young generation of 16 MB, and a heap that is at most half as large again as
 * what lives. By Node's own choices the process is larger by 120 MB, and no faster (`npm run bench -- indexer`).
 */
export const INDEXER_FLAGS = ['--max-semi-space-size=16', '--heap-growing-percent=50'];

/** What every part is told. */
export interface Ground {
  dir: string;
  databaseUrl: string;
  rpcUrl: string;
  redisUrl: string | undefined;
  deploymentFile: string;
  schedulerKey: string;
  port: number;
}

export async function indexerPart(ground: Ground): Promise<PartSpec> {
  const metricsPort = await freePort();
  const env = {
    METRICS_PORT: String(metricsPort),
    // Half of its start is reading sources.
    NODE_COMPILE_CACHE: join(ground.dir, 'compile-cache'),
  };
  return {
    ...script(ground, 'indexer', 'indexer/main.ts', env, INDEXER_FLAGS),
    isReady: () => answers(`http://127.0.0.1:${metricsPort}/healthz`),
    finalCodes: [CHAIN_REPLACED_EXIT],
  };
}

export async function schedulerPart(ground: Ground): Promise<PartSpec> {
  const metricsPort = await freePort();
  const env = {
    METRICS_PORT: String(metricsPort),
    SCHEDULER_KEY: ground.schedulerKey,
    CLUSTER_CYCLE_SLOTS: process.env['CLUSTER_CYCLE_SLOTS'] ?? CYCLE_SLOTS,
    CLUSTER_REACH_MICROS: process.env['CLUSTER_REACH_MICROS'] ?? REACH_MICROS,
  };
  return {
    ...script(ground, 'scheduler', 'scheduler/main.ts', env),
    isReady: () => answers(`http://127.0.0.1:${metricsPort}/readyz`),
  };
}

export function webPart(ground: Ground): PartSpec {
  return {
    ...script(ground, 'web', '', { RECEIPT_KEY: ground.schedulerKey, NEXT_TELEMETRY_DISABLED: '1' }),
    ...serveWeb(ground.port),
    // Answers as soon as it serves, ready or not.
    isReady: async () => {
      await fetch(`http://127.0.0.1:${ground.port}/api/health`, { signal: AbortSignal.timeout(2_000) });
      return true;
    },
  };
}

/** One agent a demo provider. */
export async function agentParts(ground: Ground): Promise<PartSpec[]> {
  return Promise.all(
    demoAgents().map(async ({ name, env }) => {
      const healthPort = await freePort();
      const own = { ...env, DATA_DIR: join(ground.dir, 'agents', name), HEALTH_PORT: String(healthPort) };
      return {
        ...script(ground, `agent ${name}`, 'provider/main.ts', own, AGENT_FLAGS),
        isReady: () => answers(`http://127.0.0.1:${healthPort}/healthz`),
      };
    }),
  );
}

/** The demo consumers, who trade by themselves. */
export function tradePart(ground: Ground): PartSpec {
  const part = script(ground, 'consumers', 'cli/demo/main.ts', {});
  return { ...part, args: [...part.args, 'trade'] };
}

/** @param file script, relative to the repository */
function script(
  ground: Ground,
  name: string,
  file: string,
  env: NodeJS.ProcessEnv,
  flags: readonly string[] = [],
): PartSpec {
  const redis = ground.redisUrl === undefined ? {} : { REDIS_URL: ground.redisUrl };
  return {
    name,
    command: process.execPath,
    args: ['--disable-warning=ExperimentalWarning', ...flags, join(ROOT, file)],
    cwd: ROOT,
    logFile: join(ground.dir, 'logs', `${name.replace(' ', '-')}.log`),
    env: {
      ...process.env,
      NODE_ENV: 'production',
      DATABASE_URL: ground.databaseUrl,
      RPC_URL: ground.rpcUrl,
      DEPLOYMENT_FILE: ground.deploymentFile,
      API_URL: `http://127.0.0.1:${ground.port}`,
      ...redis,
      ...env,
    },
  };
}

async function answers(url: string): Promise<boolean> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.arrayBuffer();
  return response.ok;
}
