import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDatabase, startPostgres } from '../../prisma/embedded.ts';
import { migrate } from '../../prisma/migrate.ts';
import { simulate, type RunReport } from './run.ts';
import { recordDay } from './tape.ts';

export interface SimulationOptions {
  runs: number;
  seed: number;
  /** Of the runs, those whose number leaves this rest: processes share the work so. All when absent. */
  part?: { rest: number; of: number };
  /** Runs that go on at once, each with databases of its own. */
  parallel: number;
  onRun?: (run: Simulation) => void;
  /** Raised when no further run is to begin. */
  signal?: AbortSignal;
  say: (sentence: string) => void;
}

export type Simulation = Omit<RunReport, 'equal' | 'difference'> & {
  runs: number;
  equal: number;
  realKillRuns: number;
};

/** One run in so many has its indexer in a process of its own, which is killed for real. */
const REAL_KILLS_EVERY = 21;

/** Runs seeds `seed`, `seed + 1`, … over one real PostgreSQL; each that does not end like a fresh sync is told. */
export async function simulateAll({
  runs,
  seed,
  part,
  parallel,
  onRun,
  signal,
  say,
}: SimulationOptions): Promise<Simulation> {
  const dir = await mkdtemp(join(tmpdir(), 'cardhour-simulate-'));
  const server = await startPostgres({ dir, durable: false });
  const total = nothingYet();
  try {
    await migrate(await createDatabase(server.url, 'template'));
    const tape = await recordDay();
    const { rest, of } = part ?? { rest: 0, of: 1 };
    let next = rest;
    const worker = async (name: number): Promise<void> => {
      const databases = {
        tested: await createDatabase(server.url, `tested_${name}`, 'template'),
        fresh: await createDatabase(server.url, `fresh_${name}`, 'template'),
      };
      while (next < runs && signal?.aborted !== true) {
        const index = next;
        next += of;
        const realKills = index % REAL_KILLS_EVERY === REAL_KILLS_EVERY - 1;
        const report = await simulate(tape, databases, seed + index, { realKills });
        if (!report.equal) say(`seed ${seed + index}: ${report.difference}`);
        const { equal, difference: _, ...counts } = report;
        const run = { ...counts, runs: 1, equal: Number(equal), realKillRuns: Number(realKills) };
        addTo(total, run);
        onRun?.(run);
      }
    };
    const workers: Promise<void>[] = [];
    for (let name = 0; name < parallel; name++) workers.push(worker(name));
    await Promise.all(workers);
    return total;
  } finally {
    await server.stop();
    await rm(dir, { recursive: true, force: true });
  }
}

/** Adds what other runs counted. */
export function addTo(total: Simulation, more: Simulation): void {
  total.deepest = Math.max(total.deepest, more.deepest);
  for (const name of [
    'runs',
    'equal',
    'reorganisations',
    'kills',
    'realKillRuns',
    'faulty',
    'cuts',
    'refusals',
  ] as const)
    total[name] += more[name];
}

export function nothingYet(): Simulation {
  return {
    runs: 0,
    equal: 0,
    reorganisations: 0,
    deepest: 0,
    kills: 0,
    realKillRuns: 0,
    faulty: 0,
    cuts: 0,
    refusals: 0,
  };
}
