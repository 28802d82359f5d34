/**
 * The provider's agent with 200 pools of 50 cards: the real agent as its own process, the real protocol to 200 plugin processes
 * (`bench/provider/simulated.py`), leases as encoded events. Then the same with one plugin in ten killed every minute.
 */
import { execFileSync, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Refusal } from '../domain/refusal.ts';
import { demoAccount, demoKey } from '../cli/demo/roster.ts';
import type { Hex } from '../domain/types.ts';
import type { AgentHealth } from '../provider/agent.ts';
import { AGENT_FLAGS } from '../provider/node-flags.ts';
import { percentile, random, type Bench } from './bench.ts';
import { readJournals } from './provider/journal.ts';
import { startLatencies } from './provider/plugins.ts';
import { startWorld, type NewLease, type World } from './provider/world.ts';

/** Of the whole run; a quick one has a quarter. */
const ALL_POOLS = 200;
const CARDS = 50;
const ACCOUNT = 3;

interface Agent {
  health(): Promise<AgentHealth>;
  peakMemoryMb(): number;
  cpuSeconds(): number;
  /** The end of its log. */
  said(): string;
  stop(): Promise<void>;
}

export const bench: Bench = async (seed, { quick }) => {
  if (spawnSync('python3', ['--version']).status !== 0)
    throw new Refusal('ENVIRONMENT', 'The simulated pools need python3.', 'Install Python 3.');
  const count = quick ? ALL_POOLS / 4 : ALL_POOLS;
  const idle = await measured(count, (setting) => starts(setting, random(seed)));
  const chaos = await measured(count, (setting) => kills(setting, random(seed + 1), quick));
  return {
    measured: `one agent, started for the second time, with ${count} pools of ${CARDS} simulated cards, each pool a process: first starts, then kills of one plugin in ten every ${quick ? 6 : 60} s`,
    figures: {
      pools: count,
      cardsPerPool: CARDS,
      ...idle,
      chaos,
      plugins: await startLatencies(quick ? 5 : 50),
    },
  };
};

interface Setting {
  world: World;
  agent: Agent;
  folder: string;
  names: string[];
}

/** One lease after another on idle pools, then all at once. */
async function starts({ world, agent, folder, names }: Setting, next: () => number) {
  const count = names.length;
  const lease = (node: number): NewLease => ({
    node,
    cards: 1,
    seconds: 3_600,
    jobMs: 3_600_000,
    exitCode: 0,
  });
  const singles: { id: bigint; at: number }[] = [];
  for (let index = 0; index < count; index++) {
    const { ids, at } = world.open([lease(index)]);
    singles.push({ id: ids[0] ?? 0n, at });
    await sleep(20 + 80 * next());
  }
  const started = () => readJournals(join(folder, 'data', 'pools'), names, survives).started;
  await until(() => started().size === count, 'all single leases to run');
  const first = started();
  const waits = singles.map(({ id, at }) => (first.get(id.toString()) ?? Infinity) - at);

  const perPool = 20;
  const cpuBefore = agent.cpuSeconds();
  const burst = world.open(Array.from({ length: count * perPool }, (_, index) => lease(index % count)));
  await until(() => started().size === count * (1 + perPool), 'the burst to run');
  const last = Math.max(...burst.ids.map((id) => started().get(id.toString()) ?? Infinity));
  const agentCpuMsPerStart = (1_000 * (agent.cpuSeconds() - cpuBefore)) / burst.ids.length;
  await until(
    () =>
      [...world.reports.values()].filter(({ state }) => state === 'running').length === count * (1 + perPool),
    'all to be reported',
  );
  return {
    p50StartMs: percentile(waits, 0.5),
    p99StartMs: percentile(waits, 0.99),
    startsPerSecond: Math.round((1_000 * burst.ids.length) / (last - burst.at)),
    agentCpuMsPerStart: Math.round(agentCpuMsPerStart * 100) / 100,
    agentMemoryMb: agent.peakMemoryMb(),
  };
}

/** Leases come and go while plugins are killed. */
async function kills({ world, agent, folder, names }: Setting, next: () => number, quick: boolean) {
  const count = names.length;
  const [everyMs, rounds, jobMs] = quick ? [6_000, 10, 3_000] : [60_000, 10, 20_000];
  const opened: bigint[] = [];
  let killed = 0;
  for (let round = 0; round < rounds; round++) {
    const end = performance.now() + everyMs;
    const { pools } = await agent.health();
    const alive = pools.filter(({ pid }) => pid !== null);
    for (let victims = 0; victims < count / 10 && alive.length > 0; victims++) {
      const [victim] = alive.splice(Math.floor(next() * alive.length), 1);
      try {
        process.kill(victim?.pid ?? 0, 'SIGKILL');
        killed += 1;
      } catch {
        // It was between two lives.
      }
    }
    while (performance.now() < end) {
      const batch = Array.from({ length: 10 }, () => ({
        node: Math.floor(next() * count),
        cards: 1 + Math.floor(next() * 3),
        seconds: Math.ceil((6 * everyMs) / 1_000),
        jobMs: Math.round(jobMs * (0.5 + next())),
        exitCode: 0,
      }));
      opened.push(...world.open(batch).ids);
      await sleep(quick ? 200 : 1_000);
    }
  }
  const outcome = (id: bigint) => world.reports.get(id.toString());
  const over = () => opened.filter((id) => ['exited', 'failed'].includes(outcome(id)?.state ?? '')).length;
  await until(() => over() === opened.length, 'every lease to have an outcome', (7 * everyMs) / 1_000).catch(
    () => undefined,
  );
  const ran = readJournals(join(folder, 'data', 'pools'), names, survives);
  const succeeded = opened.filter(
    (id) => outcome(id)?.state === 'exited' && outcome(id)?.exitCode === 0,
  ).length;
  const { pools } = await agent.health();
  return {
    leases: opened.length,
    outcomes: over(),
    succeededShare: succeeded / opened.length,
    doubleRuns: ran.doubleRuns,
    doubleUsedCards: ran.doubleUsedCards,
    killed,
    restarts: pools.reduce((sum, pool) => sum + pool.restarts, 0),
    starts: ran.starts,
    agentMemoryMb: agent.peakMemoryMb(),
  };
}

/** A fresh world and agent, all pools up; gone afterwards. */
async function measured<T>(count: number, work: (setting: Setting) => Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'cardhour-bench-provider-'));
  const world = await startWorld(demoAccount(ACCOUNT).address.toLowerCase() as Hex, count, CARDS);
  writeFileSync(join(folder, 'deployment.json'), world.deployment);
  const pools = world.nodes.map((node, index) => ({
    name: poolName(index),
    plugin: 'simulated',
    nodes: [node],
    settings: { cards: CARDS, survives: survives(poolName(index)) },
  }));
  installPlugin(join(folder, 'plugins', 'simulated'));
  let agent: Agent | null = null as Agent | null;
  const start = async (served: typeof pools) => {
    writeFileSync(join(folder, 'pools.json'), JSON.stringify({ pools: served }));
    agent = await startAgent(folder, world);
    const up = async () => (await agent?.health())?.pools.filter(({ state }) => state === 'up').length;
    await until(async () => (await up()) === served.length, 'all pools', 900);
    return agent;
  };
  try {
    // The first start of an installation translates its own TypeScript; what is measured is every later one.
    await (await start(pools.slice(0, 1))).stop();
    const setting = { world, agent: await start(pools), folder, names: pools.map(({ name }) => name) };
    return await work(setting);
  } catch (error) {
    console.error(`The agent's log ends with:\n${agent?.said()}`);
    throw error;
  } finally {
    await agent?.stop();
    world.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The plugin with the very interpreter: `python3` may be a version manager's script, which takes longer than all the rest. */
function installPlugin(folder: string): void {
  const source = join(import.meta.dirname, 'provider');
  const manifest = JSON.parse(readFileSync(join(source, 'plugin.json'), 'utf8')) as object;
  const python = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'plugin.json'),
    JSON.stringify({ ...manifest, command: [python.trim(), '-S', join(source, 'simulated.py')] }),
  );
}

async function startAgent(folder: string, world: World): Promise<Agent> {
  const port = await freePort();
  const log: string[] = [];
  const child: ChildProcess = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      ...AGENT_FLAGS,
      join(import.meta.dirname, '../provider/main.ts'),
    ],
    {
      env: {
        ...process.env,
        PROVIDER_KEY: demoKey(ACCOUNT),
        RPC_URL: `${world.url}/rpc`,
        API_URL: world.url,
        DEPLOYMENT_FILE: join(folder, 'deployment.json'),
        DATA_DIR: join(folder, 'data'),
        POOLS_FILE: join(folder, 'pools.json'),
        PLUGINS_DIR: join(folder, 'plugins'),
        PRICES: '{}',
        HEALTH_PORT: String(port),
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => {
      log.push(text);
      if (log.length > 100) log.shift();
    });
  let peak = 0;
  const look = setInterval(() => {
    try {
      const pages = Number(readFileSync(`/proc/${child.pid}/statm`, 'utf8').split(' ')[1]);
      peak = Math.max(peak, (pages * 4_096) / 1e6);
    } catch {
      // Not Linux, or gone.
    }
  }, 250);
  return {
    async health() {
      if (child.exitCode !== null) throw new Error('the agent ended');
      const response = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => null);
      return response ? ((await response.json()) as AgentHealth) : ({ pools: [] } as unknown as AgentHealth);
    },
    peakMemoryMb: () => Math.round(peak * 10) / 10,
    cpuSeconds() {
      const stat = readFileSync(`/proc/${child.pid}/stat`, 'utf8');
      const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
      return (Number(fields[11]) + Number(fields[12])) / 100;
    },
    said: () => log.join('').slice(-4_000),
    async stop() {
      clearInterval(look);
      const gone = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode !== null) return;
      child.kill('SIGTERM');
      await Promise.race([gone, sleep(60_000, undefined, { ref: false })]);
      child.kill('SIGKILL');
    },
  };
}

/** Every second pool's jobs outlive their plugin. */
function survives(pool: string): boolean {
  return Number(pool.split('-')[1]) % 2 === 0;
}

function poolName(index: number): string {
  return `pool-${index}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  seconds = 300,
): Promise<void> {
  const deadline = performance.now() + seconds * 1_000;
  while (!(await condition())) {
    if (performance.now() > deadline) throw new Error(`in ${seconds} s it did not come to: ${what}`);
    await sleep(100);
  }
}
