import { rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { resolve } from 'node:path';
import pg from 'pg';
import { Refusal } from '../domain/refusal.ts';
import { findBinaries } from './embedded/binaries.ts';
import { brokenFolder, clusterIn, clusterUrl, ensureCluster } from './embedded/cluster.ts';
import { livingOwner, takeOwnership } from './embedded/owner.ts';
import { endLeftover, launchServer } from './embedded/server.ts';
import { serverUser } from './embedded/user.ts';

export interface PostgresOptions {
  /** Folder for data, log and password; created when absent. */
  dir: string;
  /** TCP port on 127.0.0.1; a free one when absent. */
  port?: number;
  /**
   * Whether what was committed survives a power cut; true by default. False is for databases that a test or a replay
   * throws away: several times as fast.
   */
  durable?: boolean;
}

export interface RunningPostgres {
  /** URL of the database `postgres`; see {@link createDatabase}. */
  url: string;
  port: number;
  /** Resolves when the server is gone, for whatever reason. */
  exited: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts a PostgreSQL 18 of our own on loopback, as root or not. It ends when `stop` is called or this process dies, and
 * picks up where a killed one left off.
 *
 * @throws Refusal PORT_IN_USE; DATA_BROKEN (also while another process runs it)
 */
export async function startPostgres(options: PostgresOptions): Promise<RunningPostgres> {
  const dir = resolve(options.dir);
  const cluster = clusterIn(dir);
  const owner = await livingOwner(cluster.owner);
  if (owner !== undefined) {
    throw new Refusal(
      'DATA_BROKEN',
      `Process ${owner} already runs the database in ${dir}.`,
      'Stop that one first, or use it.',
    );
  }
  const binaries = await findBinaries();
  const user = serverUser([cluster.data, binaries.postgres]);
  await ensureCluster(cluster, binaries, user);
  await takeOwnership(cluster.owner);
  await endLeftover(cluster);
  const port = await claimPort(options.port);
  const url = await clusterUrl(cluster, port);
  try {
    const server = await launchServer(
      binaries.postgres,
      cluster,
      user,
      settings(port, options.durable ?? true),
    );
    const stop = async (): Promise<void> => {
      await server.stop();
      await rm(cluster.owner, { force: true });
    };
    return { url, port, exited: server.exited, stop };
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw /Address already in use/.test(reason) ? portInUse(port) : brokenFolder(dir, reason);
  }
}

/** Creates the database unless it is there. Returns its URL. */
export async function createDatabase(url: string, name: string, template?: string): Promise<string> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    const from = template === undefined ? '' : ` TEMPLATE ${pg.escapeIdentifier(template)}`;
    if (rowCount === 0) await client.query(`CREATE DATABASE ${pg.escapeIdentifier(name)}${from}`);
  } finally {
    await client.end();
  }
  const created = new URL(url);
  created.pathname = `/${name}`;
  return created.href;
}

function settings(port: number, durable: boolean): Record<string, string> {
  const throwaway = { fsync: 'off', full_page_writes: 'off', synchronous_commit: 'off' };
  return {
    listen_addresses: '127.0.0.1',
    port: String(port),
    // Loopback TCP serves every caller; a socket file would outlive a crash, and its path has a length limit.
    unix_socket_directories: '',
    max_connections: '200',
    shared_buffers: '128MB',
    max_wal_size: '1GB',
    // Nobody replicates from it: WAL may stay small.
    wal_level: 'minimal',
    max_wal_senders: '0',
    // Queries are short; compiling them costs more than it saves.
    jit: 'off',
    log_checkpoints: 'off',
    lc_messages: 'C',
    ...(durable ? {} : throwaway),
  };
}

/** Binds the port for a moment: taken ports are told before the server starts. */
async function claimPort(port = 0): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', () => reject(portInUse(port)));
    probe.listen({ host: '127.0.0.1', port, exclusive: true }, () => {
      const address = probe.address();
      const bound = address !== null && typeof address === 'object' ? address.port : port;
      probe.close(() => resolvePort(bound));
    });
  });
}

function portInUse(port: number): Refusal {
  return new Refusal(
    'PORT_IN_USE',
    `Port ${port}, which the database needs, is in use.`,
    'Stop the program that holds it, or set PG_PORT to a free port.',
  );
}
