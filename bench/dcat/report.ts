/** The sweeps as JSON, as tables in Markdown and as plots, for `docs/results/`. */
import { mkdirSync, writeFileSync } from 'node:fs';
import type { Rule } from '../../domain/dcat/auction.ts';
import { linePlot } from '../plot.ts';
import type { Beyond } from './beyond.ts';
import type { LongGap, OptimumGap } from './gaps.ts';
import type { Variant } from './sensitivity.ts';
import { meanOf, type Estimate } from './stats.ts';
import {
  AXES,
  largest,
  mostGain,
  offloadGain,
  profitGain,
  profitShare,
  rates,
  type Point,
  type Sweep,
} from './sweeps.ts';

/** What was measured in one setting. */
export interface SettingResult {
  sweeps: Record<Sweep, Point[]>;
  optimum: OptimumGap[];
  long: LongGap;
  beyond: Beyond;
  variants: Variant[];
}

/** The paper's words for what is compared, and who they are here. */
const LINES: readonly [label: string, clustering: string, rule: Rule][] = [
  ['DCAT-REA', 'dcat', 'rea'],
  ['A2C-REA', 'a2c', 'rea'],
  ['REINFORCE-REA', 'reinforce', 'rea'],
  ['KM*-REA', 'kmBest', 'rea'],
  ['KM-REA', 'km', 'rea'],
  ['Rand-REA', 'rand', 'rea'],
  ['DCAT-OB-REA', 'dcat', 'oneOff'],
  ['KM-OB-REA', 'km', 'oneOff'],
  ['Rand-OB-REA', 'rand', 'oneOff'],
  ['KM*-OB-REA', 'kmBest', 'oneOff'],
  ['A2C-OB-REA', 'a2c', 'oneOff'],
  ['REINFORCE-OB-REA', 'reinforce', 'oneOff'],
  ['Merge-REA', 'merge', 'rea'],
  ['Merge-OB-REA', 'merge', 'oneOff'],
  ['Local search-REA', 'localSearch', 'rea'],
  ['Local search-OB-REA', 'localSearch', 'oneOff'],
];

const FIGURES: Record<Sweep, { figure: string; title: string }> = {
  servers: { figure: 'fig3', title: 'number of servers' },
  clusterSize: { figure: 'fig4', title: 'size of clusters' },
  arrivalRate: { figure: 'fig5', title: 'arrival rate' },
};

/** The paper's headlines: DCAT over the best baseline, largest of each sweep. */
const HEADLINES: Record<Sweep, { profit: string; offloading: string }> = {
  servers: { profit: '17.51%', offloading: '20.47%' },
  clusterSize: { profit: '33.69%', offloading: '19.47%' },
  arrivalRate: { profit: '19.09%', offloading: '14.06%' },
};

/** One file of tables and one of numbers a setting, six plots. */
export function writeReport(
  folder: string,
  results: Record<string, SettingResult>,
  run: { seed: number; seeds: number; evaluations: number },
): void {
  mkdirSync(folder, { recursive: true });
  for (const [setting, result] of Object.entries(results)) {
    const tables = [`# Setting '${setting}'\n`, headlines(result)];
    for (const sweep of Object.keys(AXES) as Sweep[]) {
      const points = result.sweeps[sweep];
      tables.push(`## ${AXES[sweep].label}\n`, table(sweep, points));
      for (const measure of ['profit', 'offloading'] as const)
        writeFileSync(
          `${folder}/${FIGURES[sweep].figure}-${measure}-${setting}.svg`,
          plot(setting, sweep, points, measure),
        );
    }
    tables.push('## Bounds, and beyond the paper\n', gaps(result), sensitivity(result));
    writeFileSync(`${folder}/tables-${setting}.md`, tables.join('\n'));
    writeFileSync(
      `${folder}/figures-${setting}.json`,
      `${JSON.stringify({ ...run, ...numbers(result) }, null, 2)}\n`,
    );
  }
}

function headlines({ sweeps }: SettingResult): string {
  const lines = (Object.keys(AXES) as Sweep[]).map((sweep) => {
    const points = sweeps[sweep];
    const profit = largest(points.map((point) => profitGain(point, 'dcat', 'km')));
    const offloading = largest(points.map((point) => offloadGain(point, 'dcat', 'km')));
    return `| ${AXES[sweep].label} | ${HEADLINES[sweep].profit} | ${gain(profit)} | ${HEADLINES[sweep].offloading} | ${gain(offloading)} |`;
  });
  return [
    '| largest gain of the sweep | profit over KM-REA, paper | ours | offloading over KM-OB-REA, paper | ours |',
    '| --- | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

function plot(setting: string, sweep: Sweep, points: Point[], measure: 'profit' | 'offloading'): string {
  const { parameter, label } = AXES[sweep];
  return linePlot({
    title: `${measure === 'profit' ? 'Profit' : 'Offloading rate'} by ${FIGURES[sweep].title} ('${setting}')`,
    xLabel: label,
    yLabel: measure === 'profit' ? 'profit, share of all fees' : 'offloading rate',
    series: present(points)
      .filter(
        ([, name, rule]) => measure === 'profit' || rule === 'oneOff' || name === 'dcat' || name === 'km',
      )
      .slice(0, 7)
      .map(([name, clustering, rule]) => ({
        name,
        points: points.map((point) => {
          const { mean, half } = estimate(point, clustering, rule, measure);
          return { x: point.settings[parameter], y: mean, low: mean - half, high: mean + half };
        }),
      })),
  });
}

function table(sweep: Sweep, points: Point[]): string {
  const { parameter, label } = AXES[sweep];
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  const lines = [
    row([label, ...points.map((point) => String(point.settings[parameter]))]),
    row(['---', ...points.map(() => '---:')]),
  ];
  for (const measure of ['profit', 'offloading'] as const)
    for (const [name, clustering, rule] of present(points))
      lines.push(
        row([
          `${name}, ${measure}`,
          ...points.map((point) => cell(estimate(point, clustering, rule, measure))),
        ]),
      );
  lines.push(
    row(['DCAT over KM, profit', ...points.map((point) => gain(profitGain(point, 'dcat', 'km')))]),
    row(['no clustering more than', ...points.map((point) => percent(mostGain(point, 'km').profit))]),
    row(['DCAT over KM*, profit', ...points.map((point) => gain(profitGain(point, 'dcat', 'kmBest')))]),
    row([
      'DCAT-REA over KM-OB-REA, offloading',
      ...points.map((point) => gain(offloadGain(point, 'dcat', 'km'))),
    ]),
    row(['no clustering more than', ...points.map((point) => percent(mostGain(point, 'km').offload))]),
  );
  return `${lines.join('\n')}\n`;
}

function gaps({ optimum, long, beyond }: SettingResult): string {
  const lines = optimum.map(
    ({ servers, worlds, partitions, gap, optimumOverKm }) =>
      `- ${servers} servers, ${worlds} worlds, ${partitions} clusterings enumerated: gap to the optimum ${gain(gap)}; the optimum itself is ${gain(optimumOverKm)} over KM.`,
  );
  const { rationality, warm, joint, churn } = beyond;
  lines.push(
    `- A search of ${long.evaluations} evaluations, ${long.worlds} worlds: gap ${gain(long.searched)} on the tasks searched on, ${gain(long.unseen)} on the next cycle's.`,
    `- Greedy merge over KM*: ${gain(beyond.mergeOverKmBest)} (${beyond.worlds} worlds at the middle, as all below).`,
    `- Tasks served by Algorithm 2 as printed, over those by REA without failures: ${gain(beyond.servedAlgorithm2OverRea.km)} in KM's clusters, ${gain(beyond.servedAlgorithm2OverRea.dcat)} in DCAT's.`,
    `- Profit of another order of a slot's tasks over the order of arrival: ${Object.entries(beyond.orders)
      .map(([name, estimate]) => `${name} ${gain(estimate)}`)
      .join(', ')}.`,
    `- A slot's tasks assigned at once, on DCAT's clusters, over one by one: profit ${gain(joint.profit)}, offloading ${gain(joint.offloading)}; the prices of the slot's start alone, assigned in turn: ${gain(joint.pricesAlone)}. No dispatcher on these clusters gains more than ${percent(joint.mostProfit.mean)} and ${percent(joint.mostOffloading.mean)}.`,
    `- Of the servers in clusters, ${gain(rationality.losers)} would earn more alone while all others stay. What makes all of them whole, reckoned from the cycle's own tasks, is ${gain(rationality.compensation)} of what clusters bring the platform (${gain(rationality.surplus)} of its profit). Reckoned beforehand from the expected tasks it is ${gain(rationality.compensationExpected)} and leaves ${gain(rationality.losersAfterExpected)} short.`,
    `- Four cycles in a row, warm over cold: profit ${gain(warm.profitOverCold)}; servers whose cluster changes from cycle to cycle: ${gain(warm.changed)} warm, ${gain(warm.changedCold)} cold.`,
    `- A tenth of the servers is away, and four times a cycle ${percent(churn.turnover / 4)} of all leave for as many that join: deciding anew each time over waiting for the next cycle: profit ${gain(churn.anewOverWaiting)}, moving ${gain(churn.movedAnew)} of the servers a cycle; from nothing ${gain(churn.coldOverAnew)} over that, moving ${gain(churn.movedCold)}.`,
  );
  return `${lines.join('\n')}\n`;
}

function sensitivity({ variants }: SettingResult): string {
  if (variants.length === 0) return '';
  const lines = variants.map(
    ({ name, kmProfit, overKm, overKmBest, offloading, most }) =>
      `| ${name} | ${cell(kmProfit)} | ${gain(overKm)} | ${percent(most.profit)} | ${gain(overKmBest)} | ${gain(offloading)} | ${percent(most.offload)} |`,
  );
  return [
    '| at the middle of the sweeps, but | KM-REA, profit | DCAT over KM | bound | over KM* | offloading over KM-OB-REA | bound |',
    '| --- | ---: | ---: | ---: | ---: | ---: | ---: |',
    ...lines,
    '',
  ].join('\n');
}

function numbers({ sweeps, ...rest }: SettingResult): Record<string, unknown> {
  const points = (sweep: Sweep): unknown[] =>
    sweeps[sweep].map((point) => ({
      [AXES[sweep].parameter]: point.settings[AXES[sweep].parameter],
      most: mostGain(point, 'km'),
      lines: Object.fromEntries(
        present([point]).map(([name, clustering, rule]) => [
          name,
          {
            profit: estimate(point, clustering, rule, 'profit'),
            offloading: estimate(point, clustering, rule, 'offloading'),
          },
        ]),
      ),
    }));
  const sweepsOf = (Object.keys(AXES) as Sweep[]).map((sweep) => [sweep, points(sweep)] as const);
  return { ...Object.fromEntries(sweepsOf), ...rest };
}

function present(points: readonly Point[]): typeof LINES {
  return LINES.filter(([, name]) => points[0]!.courses[name] !== undefined);
}

function estimate(point: Point, name: string, rule: Rule, measure: 'profit' | 'offloading'): Estimate {
  return measure === 'profit' ? profitShare(point, name, rule) : meanOf(rates(point, name, rule));
}

function cell({ mean, half }: Estimate): string {
  return `${mean.toFixed(3)} ± ${half.toFixed(3)}`;
}

function gain({ mean, half }: Estimate): string {
  return `${percent(mean)} ± ${(100 * half).toFixed(1)}`;
}

function percent(value: number): string {
  return `${(100 * value).toFixed(1)}%`;
}
