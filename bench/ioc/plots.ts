/** The pictures of docs/results/ioc.md. */
import { linePlot, type Series } from '../plot.ts';
import type { Estimate } from './measures.ts';

/** By concurrency or rate, by policy, by measure. */
type Table = Record<string, Record<string, object>>;

const NAMES: Record<string, string> = {
  nearest: 'nearest (baseline)',
  entropyNearest: 'entropy-balanced',
  entropyFarthest: 'entropy, farthest',
  entropyAfter: 'entropy, after',
  stateOnly: 'Eq. (5) alone',
  roundRobin: 'round-robin',
  leastLoaded: 'least loaded',
  soonest: 'soonest, by the model',
};
const SHOWN = [
  'nearest',
  'entropyNearest',
  'entropyFarthest',
  'entropyAfter',
  'stateOnly',
  'roundRobin',
  'leastLoaded',
  'soonest',
];

/** File name to SVG. */
export function plots(figures: {
  ttft: Table;
  throughput: Table;
  balance: Table;
  poisson: Table;
}): Record<string, string> {
  const xLabel = 'requests at once';
  const ttft = (measure: string, title: string): string =>
    linePlot({
      title,
      xLabel,
      yLabel: 'milliseconds (logarithmic)',
      logY: true,
      series: lines(figures.ttft, measure),
    });
  return {
    'ioc-ttft-p50.svg': ttft('p50Ms', 'Time to first token, median'),
    'ioc-ttft-p99.svg': ttft('p99Ms', 'Time to first token, 99th percentile'),
    'ioc-throughput.svg': linePlot({
      title: 'Throughput',
      xLabel,
      yLabel: 'output tokens a second',
      series: lines(figures.throughput, 'tokensPerSecond'),
    }),
    'ioc-balance.svg': linePlot({
      title: "Jain's index of the nodes' use",
      xLabel,
      yLabel: '1 is all alike',
      series: lines(figures.balance, 'jain'),
    }),
    'ioc-poisson-p99.svg': linePlot({
      title: 'Time to first token, 99th percentile, Poisson arrivals',
      xLabel: 'requests a second',
      yLabel: 'milliseconds (logarithmic)',
      logY: true,
      series: lines(figures.poisson, 'p99Ms'),
    }),
  };
}

function lines(table: Table, measure: string): Series[] {
  return SHOWN.map((policy) => ({
    name: NAMES[policy]!,
    // An object's whole-number keys come first, whatever their order.
    points: Object.entries(table)
      .sort(([a], [b]) => Number(a) - Number(b))
      .map(([x, cells]) => {
        const { mean, low, high } = (cells[policy] as Record<string, Estimate>)[measure]!;
        // An interval that reaches below 0 has no place on a logarithmic axis.
        return { x: Number(x), y: mean, low: Math.max(low, mean / 10), high };
      }),
  }));
}
