import { mkdir } from 'node:fs/promises';
import { createInterface } from 'node:readline/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Deployment } from '../contracts/deployment.ts';
import { Refusal } from '../domain/refusal.ts';
import { demoAccount, demoKey } from './demo/roster.ts';
import { setUpDemo } from './demo/setup.ts';
import { killGroup } from './supervise/keeper.ts';
import { startPart, type PartSpec } from './supervise/part.ts';
import { claimPort } from './supervise/ports.ts';
import { checkVersion, emptyFolder, takeFolder } from './supervise/processes.ts';
import { openScreen } from './supervise/screen.ts';
import { isLocal, SCHEDULER } from './up/deployment.ts';
import { greeting } from './up/greeting.ts';
import { chain, database } from './up/ground.ts';
import { agentParts, indexerPart, schedulerPart, tradePart, webPart, type Ground } from './up/parts.ts';
import { atEnd, endAll, sentenceOf, STAGE, type Running } from './up/running.ts';
import { readSettings, type Settings } from './up/settings.ts';
import { watchForEnd } from './up/shutdown.ts';
import { buildWeb } from './up/web.ts';

const HEALTH_TIMEOUT_MS = 120_000;

export interface UpFlags {
  data?: string;
  empty?: boolean;
  reset?: boolean;
  yes?: boolean;
}

/**
 * Starts the whole market and runs until asked to stop. Whatever was started is ended again, in reverse order.
 * @returns exit code: 0 when asked to stop, 1 when something could not start or go on
 * @throws Refusal when nothing could be started at all
 */
export async function up(flags: UpFlags): Promise<number> {
  const settings = readSettings(flags, process.env);
  if (flags.reset === true) await reset(settings.dir, flags.yes === true);
  const shutdown = watchForEnd(process.env);
  const processes = await takeFolder(settings.dir);
  const screen = openScreen();
  const running: Running = { settings, screen, shutdown, processes, groups: new Set(), ends: new Map() };
  shutdown.onImpatient(() => {
    for (const group of running.groups) killGroup(group);
  });
  const asked = new Promise<string | null>((resolve) => {
    const tell = (): void => resolve(shutdown.signal.reason as string | null);
    if (shutdown.signal.aborted) tell();
    shutdown.signal.addEventListener('abort', tell);
  });

  let sentence: string | null;
  try {
    await Promise.race([start(running), asked]);
    sentence = await asked;
  } catch (error) {
    sentence = sentenceOf(error);
    shutdown.fail(sentence);
  }
  if (sentence !== null) screen.say(`✗ ${sentence}`);
  const line = screen.begin('stopping');
  await endAll(running);
  line.done();
  await processes.close();
  screen.close();
  return sentence === null ? 0 : 1;
}

async function start(running: Running): Promise<void> {
  const { settings, screen } = running;
  const began = performance.now();
  await checkVersion(settings.dir);
  await mkdir(join(settings.dir, 'logs'), { recursive: true });
  await claimPort(settings.port, 'the web app', 'PORT');
  if (settings.rpcUrl === undefined) await claimPort(settings.chainPort, 'the local chain', 'CHAIN_PORT');
  const [databaseUrl, market] = await Promise.all([
    database(running),
    chain(running),
    pages(running),
  ] as const);
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
  const withDemo = !settings.empty && isLocal(deployment);
  const services = [await indexerPart(ground), await schedulerPart(ground), webPart(ground)];
  const up = services.map((part) => bringUp(running, part, STAGE.services));
  await Promise.all(withDemo ? [...up, demoWallets(running, rpcUrl, deployment)] : up);
  if (withDemo) {
    const actors = [...(await agentParts(ground)), tradePart(ground)];
    await Promise.all(actors.map((part) => bringUp(running, part, STAGE.actors)));
  }
  await healthy(running);
  if (running.shutdown.signal.aborted) return;
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  screen.say(greeting(settings, deployment, withDemo, seconds));
}

async function pages(running: Running): Promise<void> {
  const line = running.screen.begin('web pages');
  try {
    const built = await buildWeb(join(running.settings.dir, 'logs', 'build.log'), (build) => {
      line.detail('building');
      running.groups.add(build.pid);
      void build.exited.then(() => running.groups.delete(build.pid));
      atEnd(running, STAGE.services, () => build.stop());
    });
    line.done(built ? 'built' : '');
  } catch (error) {
    line.failed();
    throw error;
  }
}

async function bringUp(
  running: Running,
  spec: PartSpec,
  stage: (typeof STAGE)[keyof typeof STAGE],
): Promise<void> {
  const { screen, shutdown, processes, groups } = running;
  if (shutdown.signal.aborted) return;
  const line = screen.begin(spec.name);
  try {
    const part = await startPart(spec, {
      onStart: async (pid) => {
        groups.add(pid);
        await processes.add(spec.name, pid);
      },
      onEnd: async (pid) => {
        groups.delete(pid);
        await processes.remove(pid);
      },
      onRestart: (code, pauseMs) =>
        screen.say(
          `! ${spec.name} ended (code ${code}) and is started again in ${pauseMs / 1000} s: see ${spec.logFile}`,
        ),
      onGone: (sentence) => shutdown.fail(sentence),
      signal: shutdown.signal,
    });
    atEnd(running, stage, () => part.stop());
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

async function healthy({ settings, screen, shutdown }: Running): Promise<void> {
  const line = screen.begin('health');
  const deadline = Date.now() + HEALTH_TIMEOUT_MS;
  let last = '';
  while (Date.now() < deadline && !shutdown.signal.aborted) {
    try {
      const response = await fetch(`http://127.0.0.1:${settings.port}/api/health`, {
        signal: AbortSignal.timeout(5_000),
      });
      const health = (await response.json()) as { ready?: boolean; indexed?: string; block?: string };
      if (health.ready === true) return line.done();
      last = JSON.stringify(health);
      line.detail(`indexed ${health.indexed ?? '-'} of ${health.block ?? '-'} blocks`);
    } catch (error) {
      last = sentenceOf(error);
    }
    await sleep(200);
  }
  line.failed();
  if (shutdown.signal.aborted) return;
  throw new Error(
    `The market did not get ready in ${HEALTH_TIMEOUT_MS / 1000} s (${last}): see the logs in ${settings.dir}.`,
  );
}

async function reset(dir: string, confirmed: boolean): Promise<void> {
  if (!confirmed) {
    if (!process.stdin.isTTY) {
      throw new Refusal(
        'ENVIRONMENT',
        `--reset deletes all of the market's data in ${dir}.`,
        'Say so with: npm start -- --reset --yes',
      );
    }
    const prompt = createInterface({ input: process.stdin, output: process.stdout });
    const answer = await prompt.question(`Delete all of the market's data in ${dir}? Type yes: `);
    prompt.close();
    if (answer.trim() !== 'yes')
      throw new Refusal('ENVIRONMENT', 'Nothing was deleted.', 'Start without --reset.');
  }
  // Whoever runs on it is told, what was left running is ended: then it is ours to empty.
  await (await takeFolder(dir)).close();
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
