/**
 * Document 004's evaluation: what clusterings earn, over its three sweeps, in the paper's own setting and in a calibrated one; how far the
 * best is; how fast a decision is made. `docs/results/dcat.md` says what the figures mean.
 *
 *   npm run bench -- dcat [--quick]
 *
 * DCAT_SEEDS=20 test worlds a point; DCAT_SETTING=paper or calibrated alone; DCAT_OUT=FOLDER for JSON, tables and plots; DCAT_CLOCK=no
 * leaves out what depends on the machine's speed.
 */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { CALIBRATED, PAPER, type Settings } from '../domain/dcat/settings.ts';
import type { Network } from '../scheduler/cluster/net/network.ts';
import { readPolicy, SHIPPED_POLICY } from '../scheduler/cluster/policy/policy-file.ts';
import type { Bench } from './bench.ts';
import { a2cSpeed } from './dcat/a2c-speed.ts';
import {
  km,
  kmBest,
  localSearch,
  merge,
  policyAlone,
  rand,
  shipped,
  type Clustering,
} from './dcat/clusterings.ts';
import { measureBeyond } from './dcat/beyond.ts';
import { gapToLongSearch, gapToOptimum } from './dcat/gaps.ts';
import { writeReport, type SettingResult } from './dcat/report.ts';
import { measureSensitivity } from './dcat/sensitivity.ts';
import { timedDecision } from './dcat/speed.ts';
import { gainOf, type Estimate } from './dcat/stats.ts';
import {
  largest,
  measurePoint,
  measureSweeps,
  mostGain,
  offloadGain,
  profitGain,
  profits,
  type Point,
  type Sweep,
} from './dcat/sweeps.ts';

/** Evaluations of a decision; `decideMs60` and `evaluations60` say what 100 ms are worth on the machine. */
const EVALUATIONS = 500;
/** REINFORCE with greedy rollout: `npm run train:dcat -- --method reinforce --epochs 300 --out bench/dcat/reinforce-policy.json`. */
const REINFORCE_POLICY = fileURLToPath(new URL('./dcat/reinforce-policy.json', import.meta.url));
const SWEEPS: readonly Sweep[] = ['servers', 'clusterSize', 'arrivalRate'];

export const bench: Bench = async (seed, { quick }) => {
  const seeds = Number(process.env['DCAT_SEEDS'] ?? (quick ? 4 : 20));
  const actor = existsSync(SHIPPED_POLICY) ? readPolicy(SHIPPED_POLICY).actor : null;
  const results: Record<string, SettingResult> = {};
  const clock = process.env['DCAT_CLOCK'] !== 'no';
  const decision = clock ? decisionTimes(quick, seed) : {};
  const speed = clock ? await a2cSpeed(seed) : {};
  const chosen = process.env['DCAT_SETTING'];
  const bases = [PAPER, CALIBRATED].filter(({ name }) => chosen === undefined || name === chosen);
  if (bases.length === 0) throw new Error(`DCAT_SETTING is paper or calibrated, not ${chosen}`);
  for (const base of bases) results[base.name] = measureSetting(base, seed, seeds, quick, actor);
  const out = process.env['DCAT_OUT'];
  if (out !== undefined) writeReport(out, results, { seed, seeds, evaluations: EVALUATIONS });
  return {
    measured:
      `Profit (Eq. 6) and offloading rate of document 004's environment on ${seeds} test worlds a point, one cycle of 60 slots each, both sides with the market's REA; offloading over ` +
      `KM-OB-REA. DCAT is what ships: the decision module with ${EVALUATIONS} evaluations, which see the two cycles before. Gains are the largest of each sweep, as the paper's; ` +
      'intervals are 95%; `bounds` are gains that no clustering exceeds at the same points.',
    figures: {
      settings: Object.fromEntries(
        Object.entries(results).map(([name, result]) => [name, figuresOf(result, actor)]),
      ),
      ...figuresOf(results[bases[0]!.name]!, actor),
      setting: bases[0]!.name,
      auctionRule: 'rea',
      seeds,
      ...decision,
      ...speed,
    },
  };
};

function measureSetting(
  base: Settings,
  seed: number,
  seeds: number,
  quick: boolean,
  actor: Network | null,
): SettingResult {
  const clusterings: Record<string, Clustering> = {
    rand,
    km,
    kmBest,
    ...(actor ? { a2c: policyAlone(actor) } : {}),
    reinforce: policyAlone(readPolicy(REINFORCE_POLICY).actor),
    dcat: shipped(EVALUATIONS, actor),
    ...(quick ? {} : { merge, localSearch: localSearch(EVALUATIONS) }),
  };
  const measure = (settings: Settings): Point => {
    say(`${settings.name}: |S| ${settings.servers}, R_max ${settings.reach}, λ ${settings.arrivals}`);
    return measurePoint(settings, seed, seeds, clusterings);
  };
  const sweeps = measureSweeps(base, measure, quick);
  say(`${base.name}: optimum by enumeration`);
  const optimum = (quick ? [8] : [8, 10]).map((servers) =>
    gapToOptimum(base, seed, servers, servers === 8 ? seeds : Math.min(5, seeds), EVALUATIONS),
  );
  say(`${base.name}: search of a hundred times the budget`);
  const long = gapToLongSearch(base, seed, quick ? 1 : 3, quick ? EVALUATIONS / 5 : EVALUATIONS);
  say(`${base.name}: beyond the paper`);
  const beyond = measureBeyond(base, seed, quick ? 2 : seeds, EVALUATIONS);
  say(`${base.name}: other values for what the paper leaves open`);
  const variants = quick ? [] : measureSensitivity(base, seed, Math.min(10, seeds), EVALUATIONS);
  return { sweeps, optimum, long, beyond, variants };
}

function figuresOf(
  { sweeps, optimum, long, beyond }: SettingResult,
  actor: Network | null,
): Record<string, unknown> {
  const perSweep = <T>(of: (points: Point[]) => T): Record<string, T> =>
    Object.fromEntries(SWEEPS.map((sweep) => [sweep, of(sweeps[sweep])]));
  const largestGain = (gain: (point: Point) => Estimate): Record<string, number> =>
    perSweep((points) => round(largest(points.map(gain)).mean));
  const all = [...new Set(Object.values(sweeps).flat())];
  const overall = (ours: string, theirs: string): Estimate =>
    gainOf(
      all.flatMap((point) => profits(point, ours)),
      all.flatMap((point) => profits(point, theirs)),
    );
  const overBest = overall('dcat', 'kmBest');
  return {
    profitGainOverKm: largestGain((point) => profitGain(point, 'dcat', 'km')),
    offloadGainOverKm: largestGain((point) => offloadGain(point, 'dcat', 'km')),
    profitGainOverKmBest: round(overBest.mean),
    profitGainOverKmBestHalf: round(overBest.half),
    profitGainOverKmMean: round(overall('dcat', 'km').mean),
    gapToOptimum: round(Math.max(...optimum.map(({ gap }) => gap.mean))),
    optimumOverKm: round(Math.max(...optimum.map(({ optimumOverKm }) => optimumOverKm.mean))),
    gapToLongSearch: round(long.unseen.mean),
    gapToLongSearchSearched: round(long.searched.mean),
    mergeOverKmBest: round(beyond.mergeOverKmBest.mean),
    largestFeeFirstGain: round(beyond.orders['largestFeeFirst']!.mean),
    servedAlgorithm2OverRea: round(beyond.servedAlgorithm2OverRea.dcat.mean),
    joint: means(beyond.joint),
    rationality: means(beyond.rationality),
    churn: means({ ...beyond.churn, turnover: { mean: beyond.churn.turnover, half: 0 } }),
    a2cAloneOverKmBest: actor ? round(overall('a2c', 'kmBest').mean) : null,
    reinforceAloneOverKmBest: round(overall('reinforce', 'kmBest').mean),
    bounds: {
      profit: perSweep((points) => round(Math.max(...points.map((point) => mostGain(point, 'km').profit)))),
      offload: perSweep((points) => round(Math.max(...points.map((point) => mostGain(point, 'km').offload)))),
    },
  };
}

function decisionTimes(quick: boolean, seed: number): Record<string, unknown> {
  say('decision times');
  timedDecision(60, 1000, seed);
  const sixty = [1, 2, 3, 4, 5].map((turn) => timedDecision(60, 100, seed + turn));
  const thousand = timedDecision(1000, 5000, seed);
  const many = quick ? null : timedDecision(10_000, 60_000, seed);
  return {
    decideMs60: Math.round(Math.max(...sixty.map(({ milliseconds }) => milliseconds))),
    evaluations60: Math.min(...sixty.map(({ evaluations }) => evaluations)),
    decideSeconds1000: seconds(thousand.milliseconds),
    evaluations1000: thousand.evaluations,
    decideSeconds10000: many && seconds(many.milliseconds),
    evaluations10000: many?.evaluations ?? null,
    overAlone1000: round(thousand.profit / thousand.profitAlone),
  };
}

function seconds(milliseconds: number): number {
  return Math.round(milliseconds / 10) / 100;
}

function means(estimates: Record<string, Estimate>): Record<string, number> {
  return Object.fromEntries(Object.entries(estimates).map(([name, { mean }]) => [name, round(mean)]));
}

function round(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}

function say(what: string): void {
  process.stderr.write(`${what}\n`);
}
