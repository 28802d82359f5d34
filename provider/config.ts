/** The agent's environment, read once; what is missing is said in one sentence with the fix. */
import { readFileSync } from 'node:fs';
import { parseDeployment, type Deployment } from '../contracts/deployment.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Hex } from '../domain/types.ts';
import { readClusterConfig, type ClusterConfig } from './cluster/config.ts';

/** Base units per card-hour. */
export interface ClassPrice {
  /** Least the provider takes in the auction; sealed. */
  reserve: bigint;
  /** Firm price of the public listing. */
  list: bigint;
}

export interface AgentConfig {
  name: string;
  /** The provider's signing key. */
  key: Hex;
  /** The provider's account when the signing key is not its own; null otherwise. */
  provider: Hex | null;
  rpcUrl: string;
  apiUrl: string;
  deployment: Deployment;
  dataFolder: string;
  /** By class name; a class without a price is not offered. */
  prices: Map<string, ClassPrice>;
  /** Share of a node's cards that is listed, 0 to 1; the rest is asked. */
  listedShare: number;
  heartbeatMs: number;
  pollMs: number;
  sandbox: 'auto' | 'bubblewrap' | 'plain';
  bubblewrapPath: string;
  /** Null when no node joins clusters. */
  clusters: ClusterConfig | null;
  /** Port of /healthz on loopback; null for none. */
  healthPort: number | null;
  /** Exit when the parent process dies. */
  supervised: boolean;
}

type Environment = Record<string, string | undefined>;

/** @throws Refusal ENVIRONMENT, NOT_DEPLOYED */
export function readConfig(env: Environment): AgentConfig {
  return {
    name: env['AGENT_NAME'] ?? 'provider',
    key: matching(env, 'PROVIDER_KEY', /^0x[0-9a-fA-F]{64}$/, 'a private key, 0x and 64 hex digits') as Hex,
    provider: env['PROVIDER_ADDRESS']
      ? (matching(env, 'PROVIDER_ADDRESS', /^0x[0-9a-fA-F]{40}$/, 'an address').toLowerCase() as Hex)
      : null,
    rpcUrl: matching(env, 'RPC_URL', /^https?:\/\//, "the chain's JSON-RPC address, http(s)://…"),
    apiUrl: matching(env, 'API_URL', /^https?:\/\//, "the gateway's address, http(s)://…").replace(
      /\/+$/,
      '',
    ),
    deployment: readDeployment(
      matching(env, 'DEPLOYMENT_FILE', /./, "the path of the market's deployment file"),
    ),
    dataFolder: matching(env, 'DATA_DIR', /./, "a folder for the agent's state"),
    prices: readPrices(matching(env, 'PRICES', /./, PRICES_FORM)),
    listedShare: number(env, 'LISTED_SHARE', 0.5, 0, 1),
    heartbeatMs: number(env, 'HEARTBEAT_SECONDS', 3, 0.1, 60) * 1000,
    pollMs: number(env, 'POLL_SECONDS', 1, 0.05, 60) * 1000,
    sandbox: matching(
      env,
      'SANDBOX',
      /^(auto|bubblewrap|plain)$/,
      'auto, bubblewrap or plain',
      'auto',
    ) as 'auto',
    bubblewrapPath: env['BWRAP_PATH'] ?? '/usr/bin/bwrap',
    clusters: readClusterConfig(env),
    healthPort: env['HEALTH_PORT'] ? number(env, 'HEALTH_PORT', 0, 0, 65_535) : null,
    supervised: env['CARDHOUR_SUPERVISED'] === '1',
  };
}

const PRICES_FORM = '{"H100-SXM-80G": {"reserve": "1800000", "list": "2600000"}}, base units per card-hour';

function readPrices(text: string): Map<string, ClassPrice> {
  const broken = () => missing('PRICES', PRICES_FORM);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw broken();
  }
  if (typeof json !== 'object' || json === null || Array.isArray(json)) throw broken();
  return new Map(
    Object.entries(json as Record<string, { reserve?: unknown; list?: unknown } | null>).map(
      ([name, price]) => {
        const [reserve, list] = [price?.reserve, price?.list].map((value) => {
          if (!/^[1-9][0-9]{0,37}$/.test(String(value))) throw broken();
          return BigInt(String(value));
        }) as [bigint, bigint];
        return [name, { reserve, list }];
      },
    ),
  );
}

function readDeployment(path: string): Deployment {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch {
    throw new Refusal(
      'NOT_DEPLOYED',
      `The deployment file ${path} can't be read.`,
      'Deploy the market first, or correct DEPLOYMENT_FILE.',
    );
  }
  return parseDeployment(text);
}

function matching(env: Environment, name: string, form: RegExp, meaning: string, preset?: string): string {
  const value = env[name] ?? preset;
  if (value === undefined || !form.test(value)) throw missing(name, meaning);
  return value;
}

function number(env: Environment, name: string, preset: number, low: number, high: number): number {
  const value = env[name] === undefined ? preset : Number(env[name]);
  if (!(value >= low && value <= high)) throw missing(name, `a number from ${low} to ${high}`);
  return value;
}

function missing(name: string, meaning: string): Refusal {
  return new Refusal(
    'ENVIRONMENT',
    `The environment variable ${name} is missing or unreadable.`,
    `Set it to ${meaning}.`,
  );
}
