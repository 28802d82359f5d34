import { readFileSync } from 'node:fs';
import { z } from 'zod';
import { parseDeployment } from '../contracts/deployment.ts';
import type { Deployment } from '../contracts/deployment.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Proofs } from './chain/logs.ts';

const SCHEMA = z.object({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  RPC_URL: z
    .string()
    .min(1)
    .transform((list) => list.split(',').map((url) => url.trim()))
    .pipe(z.array(z.url({ protocol: /^https?$/ })).min(1)),
  DEPLOYMENT_FILE: z.string().min(1),
  POLL_MS: z.coerce.number().int().min(10).max(60_000).default(300),
  SEAL_BLOCKS: z.coerce.number().int().min(1).max(1_000_000).optional(),
  LOG_PROOFS: z.enum(['all', 'sampled', 'none']).default('all'),
  PATIENCE_MS: z.coerce.number().int().min(0).max(600_000).default(3_000),
  CHECK_EVERY_MS: z.coerce.number().int().min(0).max(3_600_000).default(5_000),
  METRICS_PORT: z.coerce.number().int().min(0).max(65_535).optional(),
  CARDHOUR_SUPERVISED: z.enum(['0', '1']).default('0'),
});

export interface Environment {
  databaseUrl: string;
  /** Nodes of one chain, the preferred first. */
  rpcUrl: string[];
  deployment: Deployment;
  /** Milliseconds between looks at the chain's head. */
  pollMs: number;
  /** Blocks below the head that count as final; absent: what the chain calls so. */
  sealDepth: number | undefined;
  /** How logs are proven (`indexer/chain/logs.ts`). */
  proofs: Proofs;
  /** Milliseconds for which a head below our own counts as a node that lags. */
  patienceMs: number;
  /** Milliseconds between comparisons of rows with the contracts; 0: none. */
  checkEveryMs: number;
  /** Where `/healthz` and `/metrics` are served on loopback; absent: nowhere. */
  metricsPort: number | undefined;
  /** Whether to end with the parent process. */
  supervised: boolean;
}

/** @throws Refusal ENVIRONMENT that names the first variable that is missing or wrong */
export function readEnvironment(variables: NodeJS.ProcessEnv): Environment {
  const { data, error } = SCHEMA.safeParse(variables);
  if (error !== undefined) {
    const issue = error.issues[0];
    const name = String(issue?.path[0]);
    const state = variables[name] === undefined ? 'is not set' : `can't be used (${issue?.message})`;
    throw new Refusal(
      'ENVIRONMENT',
      `The indexer's ${name} ${state}.`,
      'Set DATABASE_URL (postgresql://…), RPC_URL (http://…, several with commas between) and DEPLOYMENT_FILE (a path), or run npm start.',
    );
  }
  return {
    databaseUrl: data.DATABASE_URL,
    rpcUrl: data.RPC_URL,
    deployment: readDeployment(data.DEPLOYMENT_FILE),
    pollMs: data.POLL_MS,
    sealDepth: data.SEAL_BLOCKS,
    proofs: data.LOG_PROOFS,
    patienceMs: data.PATIENCE_MS,
    checkEveryMs: data.CHECK_EVERY_MS,
    metricsPort: data.METRICS_PORT,
    supervised: data.CARDHOUR_SUPERVISED === '1',
  };
}

function readDeployment(file: string): Deployment {
  try {
    return parseDeployment(readFileSync(file, 'utf8'));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Refusal(
      'ENVIRONMENT',
      `DEPLOYMENT_FILE ${file} can't be read: ${reason}`,
      'Name a deployment file.',
    );
  }
}
