import { join } from 'node:path';
import type { Deployment } from '../../contracts/deployment.ts';
import { Refusal } from '../../domain/refusal.ts';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { startAnvil } from '../chain.ts';
import { foreignMarket, ownMarket } from './deployment.ts';
import { atEnd, keepUp, sentenceOf, STAGE, type Running } from './running.ts';

/**
 * A database with our tables: the embedded one, or that of DATABASE_URL.
 * @returns its URL
 * @throws Refusal PORT_IN_USE, DATA_BROKEN
 */
export async function database(running: Running): Promise<string> {
  const { settings, screen } = running;
  const line = screen.begin('database');
  try {
    const url = settings.databaseUrl ?? (await ownDatabase(running));
    line.detail('migrating');
    const applied = await migrate(url);
    line.done(applied.length === 0 ? '' : `migrated (${applied.length})`);
    return url;
  } catch (error) {
    line.failed();
    throw settings.databaseUrl === undefined ? error : databaseTrouble(settings.databaseUrl, error);
  }
}

async function ownDatabase(running: Running): Promise<string> {
  const { dir, pgPort } = running.settings;
  const server = await keepUp(running, 'database', () =>
    startPostgres({ dir: join(dir, 'postgres'), port: pgPort }),
  );
  return createDatabase(server.url, 'cardhour');
}

function databaseTrouble(url: string, error: unknown): unknown {
  if (error instanceof Refusal) return error;
  return new Refusal(
    'DATA_BROKEN',
    `The database at ${new URL(url).host} can't be used (${sentenceOf(error).split('\n')[0]}).`,
    'Correct DATABASE_URL, or unset it: npm start then brings its own database.',
  );
}

/**
 * A chain with the market's contracts: our own, or that of RPC_URL.
 * @throws Refusal CHAIN_UNREACHABLE, CHAIN_REPLACED, WRONG_CHAIN, NOT_DEPLOYED, DATA_BROKEN
 */
export async function chain(running: Running): Promise<{ rpcUrl: string; deployment: Deployment }> {
  const { settings, screen } = running;
  const line = screen.begin('chain');
  try {
    if (settings.rpcUrl !== undefined) {
      const deployment = await foreignMarket(settings.rpcUrl, settings.deploymentFile);
      line.done(`${settings.rpcUrl}, id ${deployment.chainId}`);
      return { rpcUrl: settings.rpcUrl, deployment };
    }
    const options = {
      port: settings.chainPort,
      stateFile: join(settings.dir, 'chain', 'state.json'),
      blockTime: 1,
      logFile: join(settings.dir, 'logs', 'chain.log'),
    };
    const { rpcUrl, save } = await keepUp(running, 'chain', () => startAnvil(options));
    line.detail('contracts');
    const finding = ownMarket(rpcUrl, settings.deploymentFile, save);
    // Half a deployment helps nobody: the chain is not ended under it.
    atEnd(running, STAGE.services, () => finding.then(noop, noop));
    const { deployment, fresh } = await finding;
    line.done(fresh ? 'contracts deployed' : 'contracts found');
    return { rpcUrl, deployment };
  } catch (error) {
    line.failed();
    throw error;
  }
}

function noop(): void {
  // What became of it is told elsewhere.
}
