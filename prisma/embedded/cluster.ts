import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chown, mkdir, readFile, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';
import type { Binaries } from './binaries.ts';
import { spawnOwner } from './user.ts';
import type { ServerUser } from './user.ts';

/** Major version whose data files this server reads. */
const VERSION = '18';
const USER = 'cardhour';

/** Where things lie in the folder that `startPostgres` is given. */
export interface Cluster {
  /** PostgreSQL's own data. */
  data: string;
  /** The password of the account `cardhour`. */
  password: string;
  log: string;
  owner: string;
}

export function clusterIn(dir: string): Cluster {
  return {
    data: join(dir, 'data'),
    password: join(dir, 'password'),
    log: join(dir, 'postgres.log'),
    owner: join(dir, 'owner.json'),
  };
}

/** Creates the cluster unless it is there. It appears whole or not at all: an interrupted creation is begun anew. */
export async function ensureCluster(cluster: Cluster, binaries: Binaries, user: ServerUser): Promise<void> {
  const dir = dirname(cluster.data);
  try {
    await mkdir(dir, { recursive: true });
    await giveTo(dir, user);
    const names = await readdir(cluster.data).catch(() => undefined);
    if (names === undefined) await createCluster(cluster, binaries, user);
    else await checkCluster(cluster, names);
  } catch (error) {
    if (error instanceof Refusal) throw error;
    throw brokenFolder(dir, error instanceof Error ? error.message : String(error));
  }
}

async function createCluster(cluster: Cluster, binaries: Binaries, user: ServerUser): Promise<void> {
  const unfinished = `${cluster.data}.new`;
  const secret = `${cluster.password}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const password = randomBytes(18).toString('base64url');
  await writeFile(secret, password, { mode: 0o600 });
  await giveTo(secret, user);
  await runInitdb(binaries.initdb, user, [
    `--pgdata=${unfinished}`,
    `--pwfile=${secret}`,
    `--username=${USER}`,
    '--auth=scram-sha-256',
    '--encoding=UTF8',
    '--locale=C',
    '--no-sync',
  ]);
  await rename(secret, cluster.password);
  await rename(unfinished, cluster.data);
}

async function checkCluster(cluster: Cluster, names: string[]): Promise<void> {
  const dir = dirname(cluster.data);
  const version = await readFile(join(cluster.data, 'PG_VERSION'), 'utf8').catch(() => undefined);
  if (version === undefined) {
    throw brokenFolder(dir, names.length === 0 ? 'it is empty' : 'it holds no PostgreSQL data');
  }
  if (version.trim() !== VERSION) {
    throw brokenFolder(dir, `PostgreSQL ${version.trim()} wrote it and this is PostgreSQL ${VERSION}`);
  }
}

/** URL of the database that every cluster has. */
export async function clusterUrl(cluster: Cluster, port: number): Promise<string> {
  const password = await readFile(cluster.password, 'utf8').catch(() => {
    throw brokenFolder(dirname(cluster.data), 'its password file is missing');
  });
  return `postgresql://${USER}:${password.trim()}@127.0.0.1:${port}/postgres`;
}

export function brokenFolder(dir: string, reason: string): Refusal {
  return new Refusal(
    'DATA_BROKEN',
    `The database folder ${dir} can't be used: ${reason}.`,
    `Restore it from a copy, or delete ${dir} to start with an empty database.`,
  );
}

async function giveTo(path: string, user: ServerUser): Promise<void> {
  if (user.owner !== null) await chown(path, user.owner.uid, user.owner.gid);
}

async function runInitdb(initdb: string, user: ServerUser, args: string[]): Promise<void> {
  const [program = '', ...rest] = [...user.prefix, initdb, ...args];
  const child = spawn(program, rest, {
    ...spawnOwner(user),
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
    env: serverEnv(),
  });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaint += text));
  const code = await new Promise<number | null>((resolve, reject) => {
    child.on('error', reject).on('close', resolve);
  });
  if (code === 0) return;
  throw new Error(complaint.trim().split('\n').at(0) ?? `initdb ended with ${code}`);
}

/** No `PG*` of the caller may change the server; messages in English, as we read some. */
export function serverEnv(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = { ...process.env, LC_ALL: 'C', TZ: 'UTC' };
  for (const name of Object.keys(env)) if (name.startsWith('PG')) Reflect.deleteProperty(env, name);
  return env;
}
