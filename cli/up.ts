import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../contracts/deployment.ts';
import { createDatabase, startPostgres } from '../prisma/embedded.ts';
import { migrate } from '../prisma/migrate.ts';
import { startAnvil } from './chain.ts';
import { killGroup } from './supervise/keeper.ts';
import { startPart, type PartSpec } from './supervise/part.ts';
import { claimPort } from './supervise/ports.ts';
import { emptyFolder, takeFolder, type ProcessBook } from './supervise/processes.ts';
import { openScreen, type Screen } from './supervise/screen.ts';
import { ACCOUNT_INDEX, demoAccount, demoKey } from './demo/roster.ts';
import { setUpDemo } from './demo/setup.ts';
import { foreignMarket, isLocal, ownMarket, SCHEDULER } from './up/deployment.ts';
import { agentParts, indexerPart, schedulerPart, tradePart, webPart, type Ground } from './up/parts.ts';
import { readSettings, type Settings } from './up/settings.ts';
import { watchForEnd, type Shutdown } from './up/shutdown.ts';
import { buildWeb } from './up/web.ts';
import { Refusal } from '../domain/refusal.ts';

const HEALTH_TIMEOUT_MS = 120_000;

export interface UpFlags {
  data?: string;
  empty?: boolean;
  reset?: boolean;
  yes?: boolean;
}

/** What has to be undone at the end, in reverse order. */
type Undo = () => Promise<void>;

interface Running {
  settings: Settings;
  screen: Screen;
  shutdown: Shutdown;
  processes: ProcessBook;
  undo: Undo[];
  /** Process groups to kill when somebody is in a hurry. */
  groups: Set<number>;
}

/**
 * Starts the whole market and runs until asked to stop. Whatever was started is stopped again, in reverse order.
 * @returns exit code: 0 when asked to stop, 1 when something could not start or go on
 */
export async function up(flags: UpFlags): Promise<number> {
  const shutdown = watchForEnd(process.env);
  const settings = readSettings(flags, process.env);
  if (flags.reset === true) await reset(settings.dir, flags.yes === true);
  const processes = await takeFolder(settings.dir);
  const screen = openScreen();
  const running: Running = { settings, screen, shutdown, processes, undo: [], groups: new Set() };
  shutdown.onImpatient(() => {
    for (const group of running.groups) killGroup(group);
  });

  let sentence: string | null = null;
  const ended = new Promise<string | null>((resolve) => {
    const tell = (): void => resolve(shutdown.signal.reason as string | null);
    if (shutdown.signal.aborted) tell();
    shutdown.signal.addEventListener('abort', tell);
  });
  try {
    await Promise.race([start(running), ended]);
    sentence = await ended;
  } catch (error) {
    sentence = error instanceof Error ? error.message : String(error);
    if (!(error instanceof Refusal) && process.env['CARDHOUR_DEBUG'] === '1') console.error(error);
  }
  await stopAll(running, sentence);
  return sentence === null ? 0 : 1;
}

async function start(running: Running): Promise<void> {
  const { settings, screen } = running;
  const began = performance.now();
  await mkdir(join(settings.dir, 'logs'), { recursive: true });
  await claimPort(settings.port, 'the web app', 'PORT');
  if (settings.rpcUrl === undefined) await claimPort(settings.chainPort, 'the local chain', 'CHAIN_PORT');
  const [databaseUrl, market] = await together([database(running), chain(running), web(running)] as const);
  const { rpcUrl, deployment } = market;
  const ground: Ground = {
    dir: settings.dir,
    databaseUrl,
    rpcUrl,
    redisUrl: settings.redisUrl,
    deploymentFile: settings.deploymentFile,
    schedulerKey: schedulerKey(settings, deployment),
    port: settings.port,
  };
  const [indexer, scheduler] = await Promise.all([indexerPart(ground), schedulerPart(ground)]);
  const withDemo = !settings.empty && isLocal(deployment);
  const core = [indexer, scheduler, webPart(ground)].map((part) => bringUp(running, part));
  await together([...core, ...(withDemo ? [demoWallets(running, rpcUrl, deployment)] : [])]);
  if (withDemo) {
    await together((await agentParts(ground)).map((part) => bringUp(running, part)));
    await bringUp(running, tradePart(ground));
  }
  await healthy(running, settings.port);
  if (running.shutdown.signal.aborted) return;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  screen.say(greeting(settings, deployment, withDemo, seconds));
}

/** All of them, and the first one's failure at once; what the others started is undone all the same. */
async function together<T extends readonly Promise<unknown>[]>(
  tasks: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  for (const task of tasks) task.catch(() => undefined);
  return Promise.all(tasks);
}

async function database(running: Running): Promise<string> {
  const { settings, screen } = running;
  const line = screen.begin('database');
  let url = settings.databaseUrl;
  try {
    if (url === undefined) {
      const server = await startPostgres({ dir: join(settings.dir, 'postgres'), port: settings.pgPort });
      atEnd(running, () => server.stop());
      void server.exited.then(() =>
        running.shutdown.fail('The database ended: see .cardhour/postgres/postgres.log, then start again.'),
      );
      url = await createDatabase(server.url, 'cardhour');
    }
    line.detail('migrating');
    const applied = await migrate(url);
    line.done(applied.length === 0 ? '' : `${applied.length} migrations applied`);
    return url;
  } catch (error) {
    line.failed();
    throw settings.databaseUrl === undefined ? error : databaseTrouble(settings.databaseUrl, error);
  }
}

function databaseTrouble(url: string, error: unknown): unknown {
  if (error instanceof Refusal) return error;
  const { host } = new URL(url);
  const reason = error instanceof Error ? error.message : String(error);
  return new Refusal(
    'DATA_BROKEN',
    `The database at ${host} can't be used (${reason.split('\n')[0]}).`,
    'Correct DATABASE_URL, or unset it: npm start then brings its own database.',
  );
}

async function chain(running: Running): Promise<{ rpcUrl: string; deployment: Deployment }> {
  const { settings, screen } = running;
  const line = screen.begin('chain');
  try {
    if (settings.rpcUrl !== undefined) {
      const deployment = await foreignMarket(settings.rpcUrl, settings.deploymentFile);
      line.done(`${settings.rpcUrl}, id ${deployment.chainId}`);
      return { rpcUrl: settings.rpcUrl, deployment };
    }
    const rpcUrl = await localChain(running);
    line.detail('contracts');
    const { deployment, fresh } = await ownMarket(rpcUrl, settings.deploymentFile);
    line.done(fresh ? 'contracts deployed' : 'contracts found');
    return { rpcUrl, deployment };
  } catch (error) {
    line.failed();
    throw error;
  }
}

/** Our own chain; one that dies is started again from its last state. */
async function localChain(running: Running): Promise<string> {
  const { settings, shutdown, screen } = running;
  const options = {
    port: settings.chainPort,
    stateFile: join(settings.dir, 'chain', 'state.json'),
    blockTime: 1,
    logFile: join(settings.dir, 'logs', 'chain.log'),
  };
  let current = await startAnvil(options);
  const register = async (): Promise<void> => {
    running.groups.add(current.pid);
    await running.processes.add('chain', current.pid);
  };
  await register();
  let stopping = false;
  const watch = async (): Promise<void> => {
    for (;;) {
      await current.exited;
      await running.processes.remove(current.pid);
      running.groups.delete(current.pid);
      if (stopping) return;
      screen.say('! chain ended and is started again from its last state');
      await sleep(500);
      if (stopping) return;
      current = await startAnvil(options);
      await register();
    }
  };
  const watching = watch().catch((error: unknown) =>
    shutdown.fail(error instanceof Error ? error.message : String(error)),
  );
  atEnd(running, async () => {
    stopping = true;
    await current.stop();
    await watching;
  });
  return current.rpcUrl;
}

async function web(running: Running): Promise<void> {
  const line = running.screen.begin('web pages');
  try {
    const built = await buildWeb(join(running.settings.dir, 'logs', 'build.log'), (build) => {
      running.groups.add(build.pid);
      atEnd(running, () => build.stop());
    });
    line.done(built ? 'built' : '');
  } catch (error) {
    line.failed();
    throw error;
  }
}

async function bringUp(running: Running, spec: PartSpec): Promise<void> {
  const { screen, shutdown } = running;
  if (shutdown.signal.aborted) return;
  const line = screen.begin(spec.name);
  try {
    const part = await startPart(spec, {
      processes: {
        ...running.processes,
        add: (name, pid) => {
          running.groups.add(pid);
          return running.processes.add(name, pid);
        },
        remove: (pid) => {
          running.groups.delete(pid);
          return running.processes.remove(pid);
        },
      },
      onRestart: (name, code, pauseMs) =>
        screen.say(
          `! ${name} ended (code ${code}) and is started again in ${pauseMs / 1000} s: see ${spec.logFile}`,
        ),
      onGone: (_name, sentence) => shutdown.fail(sentence),
      signal: shutdown.signal,
    });
    atEnd(running, () => part.stop());
    line.done();
  } catch (error) {
    line.failed();
    throw error;
  }
}

async function demoWallets(running: Running, rpcUrl: string, deployment: Deployment): Promise<void> {
  const line = running.screen.begin('demo wallets');
  try {
    await setUpDemo(rpcUrl, deployment);
    line.done();
  } catch (error) {
    line.failed();
    throw error;
  }
}

function atEnd(running: Running, undo: Undo): void {
  running.undo.push(undo);
}

async function healthy(running: Running, port: number): Promise<void> {
  const line = running.screen.begin('health');
  const deadline = Date.now() + HEALTH_TIMEOUT_MS;
  let last = '';
  while (Date.now() < deadline && !running.shutdown.signal.aborted) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/api/health`, {
        signal: AbortSignal.timeout(5_000),
      });
      const health = (await response.json()) as Record<string, unknown>;
      if (health['ready'] === true) return line.done();
      last = JSON.stringify(health);
      line.detail(`indexed ${String(health['indexed'] ?? '-')} of ${String(health['block'] ?? '-')} blocks`);
    } catch (error) {
      last = error instanceof Error ? error.message : String(error);
    }
    await sleep(200);
  }
  line.failed();
  if (!running.shutdown.signal.aborted) {
    throw new Error(
      `The market did not get ready in ${HEALTH_TIMEOUT_MS / 1000} s: ${last}; see the logs folder.`,
    );
  }
}

async function stopAll(running: Running, sentence: string | null): Promise<void> {
  const { screen, undo, processes } = running;
  if (sentence !== null) screen.say(`✗ ${sentence}`);
  const line = screen.begin('stopping');
  // What is still coming up adds itself to the list: until it is empty.
  for (let next = undo.pop(); next !== undefined; next = undo.pop()) {
    await next().catch((error: unknown) =>
      screen.say(`! ${error instanceof Error ? error.message : String(error)}`),
    );
  }
  for (const group of running.groups) killGroup(group);
  line.done();
  await processes.close();
  screen.close();
}

async function reset(dir: string, confirmed: boolean): Promise<void> {
  if (!confirmed) {
    const question = `Delete all of the market's data in ${dir}? Type yes: `;
    if (!process.stdin.isTTY) {
      throw new Refusal(
        'ENVIRONMENT',
        `--reset deletes all data in ${dir}.`,
        'Say so with: npm start -- --reset --yes',
      );
    }
    const prompt = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await prompt.question(question);
    prompt.close();
    if (answer.trim() !== 'yes')
      throw new Refusal('ENVIRONMENT', 'Nothing was deleted.', 'Start without --reset.');
  }
  const processes = await takeFolder(dir);
  await processes.close();
  await emptyFolder(dir);
}

function schedulerKey(settings: Settings, deployment: Deployment): string {
  if (settings.schedulerKey !== undefined) return settings.schedulerKey;
  if (isLocal(deployment) && demoAccount(SCHEDULER).address.toLowerCase() === deployment.scheduler) {
    return demoKey(SCHEDULER);
  }
  throw new Refusal(
    'ENVIRONMENT',
    `The scheduler of this market is ${deployment.scheduler} and its key is not known.`,
    'Set SCHEDULER_KEY to its private key.',
  );
}

function greeting(settings: Settings, deployment: Deployment, withDemo: boolean, seconds: string): string {
  const lines = ['', `Cardhour is ready after ${seconds} s:  http://localhost:${settings.port}`, ''];
  if (isLocal(deployment)) {
    const line = (who: string, index: number): string => `  ${who}  ${demoAccount(index).address}`;
    lines.push('Demo wallets (test money; the keys are public, never use them elsewhere):');
    if (withDemo) {
      lines.push(...ACCOUNT_INDEX.providers.map((index) => line('provider', index)));
      lines.push(...ACCOUNT_INDEX.consumers.map((index) => line('consumer', index)));
    }
    lines.push(
      line('yours   ', ACCOUNT_INDEX.visitor),
      `            key ${demoKey(ACCOUNT_INDEX.visitor)}`,
      '',
    );
  }
  lines.push(`Data and logs: ${settings.dir}. Ctrl-C stops everything; the next start finds it as it was.`);
  return lines.join('\n');
}
