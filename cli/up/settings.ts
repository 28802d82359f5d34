import { homedir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { Refusal } from '../../domain/refusal.ts';

/** The repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

const port = z.coerce.number().int().min(1).max(65_535);
const ENVIRONMENT = z.object({
  PORT: port.default(3000),
  CHAIN_PORT: port.default(8545),
  PG_PORT: port.default(54_329),
  /** A chain that runs already. */
  RPC_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** A PostgreSQL that runs already. */
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }).optional(),
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  DEPLOYMENT_FILE: z.string().min(1).optional(),
  SCHEDULER_KEY: z
    .string()
    .regex(/^0x[0-9a-fA-F]{64}$/)
    .optional(),
});

const FORMS: Record<string, string> = {
  RPC_URL: 'http(s)://host:port',
  DATABASE_URL: 'postgresql://user:password@host:port/name',
  REDIS_URL: 'redis://host:port',
  SCHEDULER_KEY: 'a private key, 0x and 64 hex digits',
};

export interface Settings {
  /** Folder of everything that lasts. */
  dir: string;
  port: number;
  chainPort: number;
  pgPort: number;
  rpcUrl: string | undefined;
  databaseUrl: string | undefined;
  redisUrl: string | undefined;
  deploymentFile: string;
  schedulerKey: string | undefined;
  /** No demo providers and consumers. */
  empty: boolean;
}

/**
 * @param flags `data` is relative to where npm was called
 * @throws Refusal ENVIRONMENT that names the first variable that is wrong
 */
export function readSettings(flags: { data?: string; empty?: boolean }, env: NodeJS.ProcessEnv): Settings {
  const present = Object.fromEntries(Object.entries(env).filter(([, value]) => value !== ''));
  const { data, error } = ENVIRONMENT.safeParse(present);
  if (error !== undefined) {
    const name = String(error.issues[0]?.path[0]);
    throw new Refusal(
      'ENVIRONMENT',
      `The environment variable ${name} can't be used (it is "${env[name]}").`,
      `Set it to ${FORMS[name] ?? 'a port from 1 to 65535'}, or unset it.`,
    );
  }
  const caller = env['INIT_CWD'] ?? process.cwd();
  const dir = flags.data === undefined ? join(ROOT, '.cardhour') : resolve(caller, flags.data);
  if (dir === homedir() || dir === ROOT || dir === '/') {
    throw new Refusal(
      'ENVIRONMENT',
      `${dir} is no folder for data.`,
      'Name a folder of its own with --data.',
    );
  }
  return {
    dir,
    port: data.PORT,
    chainPort: data.CHAIN_PORT,
    pgPort: data.PG_PORT,
    rpcUrl: data.RPC_URL,
    databaseUrl: data.DATABASE_URL,
    redisUrl: data.REDIS_URL,
    deploymentFile:
      data.DEPLOYMENT_FILE === undefined
        ? join(dir, 'deployment.json')
        : resolve(caller, data.DEPLOYMENT_FILE),
    schedulerKey: data.SCHEDULER_KEY,
    empty: flags.empty ?? false,
  };
}
