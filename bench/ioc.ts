/**
 * The experiment of document 002, section 6: who gets inference requests among 16 nodes under mixed load. Time to first token, and what the
 * paper leaves to future work; docs/results/ioc.md says how it is set up and what came of it.
 *
 *   [CARDHOUR_DATA=FOLDER] [IOC_SEEDS=N] npm run bench -- ioc
 *
 * The pictures are drawn anew by seed 1 with 20 scenes or more.
 */
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Score } from '../domain/match/score.ts';
import { farthest } from '../domain/match/scores/farthest.ts';
import { nearestAfter } from '../domain/match/scores/nearest-after.ts';
import { nearest as nearestToBalance } from '../domain/match/scores/nearest.ts';
import type { Bench } from './bench.ts';
import { calibrated, PUBLISHED } from './ioc/calibration.ts';
import { closedLoop, poissonSteps, readTrace, traced, type Arrivals, type TraceRow } from './ioc/arrivals.ts';
import { estimate, measured, type Estimate, type Measures } from './ioc/measures.ts';
import { readWorld, type World } from './ioc/network.ts';
import {
  entropyBalanced,
  leastLoaded,
  nearest,
  roundRobin,
  soonest,
  type EntropySettings,
  type Policy,
} from './ioc/policies.ts';
import { plots } from './ioc/plots.ts';
import { sceneOf, type Scene } from './ioc/scene.ts';
import { simulate } from './ioc/simulate.ts';
import { inSteps } from './ioc/steps.ts';

/** Scenes that every policy meets alike. */
const SEEDS = Number(process.env['IOC_SEEDS'] ?? 30);
const CONCURRENCIES = [16, 32, 64, 96, 128];
const REQUESTS = 1_000;
/** Requests a second, each for so long. */
const RATES = [0.5, 1, 2, 3, 4, 6];
const STEP_SECONDS = 120;
const TRACE_SECONDS = 600;
/** Chosen on scenes of their own, from `SWEEP_FROM` on, before the scenes that are reported were looked at. */
const SETTINGS: EntropySettings = { wish: 10_000, width: 2 };
const SWEEP_FROM = 1_000_001;
const SWEEP_CONCURRENCY = 64;
/** Seconds between two words on the nodes' state: a slot of the market is 10. */
const STALE_SECONDS = [0, 1, 10, 60];

/** Policies by name; each run has its own. */
const POLICIES: Record<string, () => Policy> = {
  nearest: () => nearest,
  entropyNearest: () => entropyBalanced(nearestToBalance, SETTINGS),
  entropyFarthest: () => entropyBalanced(farthest, SETTINGS),
  entropyAfter: () => entropyBalanced(nearestAfter, SETTINGS),
  stateOnly: () => entropyBalanced(nearestToBalance, { ...SETTINGS, width: 1 }),
  roundRobin,
  leastLoaded: () => leastLoaded,
  soonest: () => soonest,
};
/** What the gains are of: the reading that the market's formats fix (ADR 0001). */
const OURS = 'entropyNearest';

export const bench: Bench = async (seed) => {
  const data = process.env['CARDHOUR_DATA'] ?? '../shared/data';
  const [network, azure] = [`${data}/skyplane_network`, `${data}/azure_llm_2023`];
  if (!existsSync(`${network}/latency.csv`))
    throw new Error(
      `${network} is missing: put skyplane's profiles/latency.csv, profiles/throughput.csv and data/aws_transfer_costs.csv there (github.com/skyplane-project/skyplane), and name the folder above it with CARDHOUR_DATA.`,
    );
  const world = readWorld(network);
  const from = (seed - 1) * SEEDS + 1;
  const scenes = Array.from({ length: SEEDS }, (_, i) => ({
    seed: from + i,
    scene: sceneOf(world, from + i),
  }));

  const fixed = CONCURRENCIES.map((concurrency) =>
    compared(
      scenes,
      (scene, at) => closedLoop(scene.users, at, concurrency, REQUESTS),
      `${concurrency} at once`,
    ),
  );
  const by = <T>(pick: (all: Compared) => T): Record<string, T> =>
    Object.fromEntries(CONCURRENCIES.map((concurrency, i) => [concurrency, pick(fixed[i]!)]));
  const summary = (keys: readonly (keyof Measures)[]) => by((all) => summaries(all, keys));
  const figures = {
    seeds: SEEDS,
    requests: REQUESTS,
    settings: SETTINGS,
    ttft: summary(['p50Ms', 'p95Ms', 'p99Ms']),
    throughput: summary(['tokensPerSecond']),
    energy: summary(['joulesPerToken']),
    balance: summary(['jain', 'unrest', 'entropyGapBits', 'networkEntropyBits']),
    moves: summary(['movedRegion', 'movedProvider']),
    gainP50: by((all) => gains(all, 'p50Ms')),
    gainP99: by((all) => gains(all, 'p99Ms')),
    // Scene by scene, what Eq. (6) adds to Eq. (5), and one reading to another.
    gainOverStateOnly: by((all) => ({
      p50: gains(all, 'p50Ms', 'stateOnly'),
      p99: gains(all, 'p99Ms', 'stateOnly'),
    })),
    poisson: poisson(scenes),
    azure: existsSync(`${azure}/AzureLLMInferenceTrace_conv.csv`)
      ? {
          conversation: azureRun(`${azure}/AzureLLMInferenceTrace_conv.csv`, scenes),
          code: azureRun(`${azure}/AzureLLMInferenceTrace_code.csv`, scenes),
        }
      : `${azure} is missing: AzureLLMInferenceTrace_conv.csv and _code.csv of github.com/Azure/AzurePublicDataset`,
    sweep: sweep(world),
    stale: stale(scenes),
    model: PUBLISHED.map(({ concurrency, ...published }) => ({
      concurrency,
      published,
      ours: rounded(calibrated(concurrency)),
    })),
    places: world.places.length,
    rejectedPairs: world.rejected,
  };
  process.stderr.write('\n');
  if (seed === 1 && SEEDS >= 20) save(plots(figures));
  return {
    measured:
      `${REQUESTS} requests of 1,024 tokens in and out over 16 simulated nodes (4 each of 4 kinds of card, under training, inference, rendering or little else), users at ${world.places.length} ` +
      `places, ways as measured; means over ${SEEDS} scenes with 95% intervals. Gains of ${OURS} are 1 − ours / nearest, scene by scene. poisson: ${RATES.join(', ')} requests a ` +
      `second for ${STEP_SECONDS} s each; azure: ${TRACE_SECONDS} s windows of the trace. sweep: scenes of their own, ${SWEEP_CONCURRENCY} at once`,
    figures,
  };
};

interface Seeded {
  seed: number;
  scene: Scene;
}

/** A policy's measures, scene by scene. */
type Compared = Record<string, Measures[]>;

/** Every policy on the same scenes with the same arrivals. */
function compared(
  scenes: readonly Seeded[],
  arrivals: (scene: Scene, seed: number) => Arrivals,
  what: string,
): Compared {
  return Object.fromEntries(
    Object.entries(POLICIES).map(([name, policy]) => {
      process.stderr.write(`\r${what}: ${name}`.padEnd(60));
      return [
        name,
        scenes.map(({ seed, scene }) => measured(simulate(scene, arrivals(scene, seed), policy()))),
      ];
    }),
  );
}

function summaries(
  all: Compared,
  keys: readonly (keyof Measures)[],
): Record<string, Record<string, Estimate>> {
  return Object.fromEntries(
    Object.entries(all).map(([name, runs]) => [
      name,
      Object.fromEntries(
        keys.map((key) => [
          key,
          estimate(
            runs.map((run) => run[key]),
            key.endsWith('Ms') ? 0 : 3,
          ),
        ]),
      ),
    ]),
  );
}

/** By how much less each policy takes than another, as shares; the mean of the scenes' shares. */
function gains(all: Compared, key: 'p50Ms' | 'p99Ms', over = 'nearest'): Record<string, Estimate> {
  const base = all[over]!;
  return Object.fromEntries(
    Object.entries(all)
      .filter(([name]) => name !== over)
      .map(([name, runs]) => [
        name,
        estimate(
          runs.map((run, i) => 1 - run[key] / base[i]![key]),
          3,
        ),
      ]),
  );
}

function poisson(scenes: readonly Seeded[]) {
  return inSteps(
    RATES,
    STEP_SECONDS,
    POLICIES,
    scenes.map(({ seed, scene }) => ({
      scene,
      arrivals: () => poissonSteps(scene.users, seed, RATES, STEP_SECONDS),
    })),
  );
}

function azureRun(file: string, scenes: readonly Seeded[]) {
  const trace: TraceRow[] = readTrace(file);
  const all = compared(
    scenes,
    (scene, seed) => traced(scene.users, seed, trace, TRACE_SECONDS),
    file.slice(file.lastIndexOf('_') + 1),
  );
  return {
    ...summaries(all, [
      'p50Ms',
      'p95Ms',
      'p99Ms',
      'tokensPerSecond',
      'joulesPerToken',
      'jain',
      'movedRegion',
    ]),
    gainP50: gains(all, 'p50Ms'),
    gainP99: gains(all, 'p99Ms'),
  };
}

/** What the two settings do, on scenes that nothing else is measured on. */
function sweep(world: World) {
  const scenes = Array.from({ length: Math.min(SEEDS, 20) }, (_, i) => SWEEP_FROM + i);
  const p99 = (settings: EntropySettings, reading: Score) => {
    const runs = scenes.map((seed) => {
      const scene = sceneOf(world, seed);
      const arrivals = closedLoop(scene.users, seed, SWEEP_CONCURRENCY, REQUESTS);
      return measured(simulate(scene, arrivals, entropyBalanced(reading, settings)));
    });
    return {
      p50Ms: estimate(
        runs.map((run) => run.p50Ms),
        0,
      ),
      p99Ms: estimate(
        runs.map((run) => run.p99Ms),
        0,
      ),
    };
  };
  const rows = [];
  for (const wish of [2_500, 5_000, 7_500, 10_000])
    rows.push({ wish, width: 1, reading: 'none', ...p99({ wish, width: 1 }, nearestToBalance) });
  for (const width of [2, 3, 4, 8, 16])
    for (const reading of [nearestToBalance, farthest, nearestAfter]) {
      process.stderr.write(`\rsweep: ${width} ${reading.name}`.padEnd(60));
      rows.push({
        wish: SETTINGS.wish,
        width,
        reading: reading.name,
        ...p99({ ...SETTINGS, width }, reading),
      });
    }
  return rows;
}

/** Policies that look at the nodes' state, when that is some seconds old. */
function stale(scenes: readonly Seeded[]) {
  const names = ['entropyNearest', 'leastLoaded', 'soonest'];
  return STALE_SECONDS.map((seconds) => ({
    seconds,
    ...Object.fromEntries(
      names.map((name) => {
        const runs = scenes.map(({ seed, scene }) => {
          const arrivals = closedLoop(scene.users, seed, SWEEP_CONCURRENCY, REQUESTS);
          return measured(simulate(scene, arrivals, POLICIES[name]!(), seconds));
        });
        return [
          name,
          {
            p50Ms: estimate(
              runs.map((run) => run.p50Ms),
              0,
            ),
            p99Ms: estimate(
              runs.map((run) => run.p99Ms),
              0,
            ),
          },
        ];
      }),
    ),
  }));
}

function rounded({ ttftMs, perTokenMs }: { ttftMs: number; perTokenMs: number }) {
  return { ttftMs: Number(ttftMs.toFixed(1)), perTokenMs: Number(perTokenMs.toFixed(1)) };
}

function save(files: Record<string, string>): void {
  const folder = fileURLToPath(new URL('../docs/results/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  for (const [name, svg] of Object.entries(files)) writeFileSync(`${folder}${name}`, svg);
}
