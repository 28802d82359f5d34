/** What a run is judged by, and means over seeds with their intervals. */
import { entropyGap } from '../../domain/entropy.ts';
import { networkEntropy } from '../../domain/history.ts';
import { studentT } from '../../domain/tasks/quantiles.ts';
import type { Run } from './simulate.ts';

/** Of one run. */
export interface Measures {
  p50Ms: number;
  p95Ms: number;
  p99Ms: number;
  /** Output tokens a second, over the whole run. */
  tokensPerSecond: number;
  /** Joules for an output token, beyond what the cards draw idle. */
  joulesPerToken: number;
  /** Jain's index of the nodes' use, 1/16 to 1: 1 when all are used alike. */
  jain: number;
  /** Standard deviation of a node's use from minute to minute, mean over the nodes; lower is steadier. */
  unrest: number;
  /** Mean distance of the nodes' entropies from the balance entropy at the end, bits. */
  entropyGapBits: number;
  /** Network entropy at the end (002, Eq. 4), bits. */
  networkEntropyBits: number;
  /** Shares of the requests served outside the city, and by another cloud, than the node nearest to their user. */
  movedRegion: number;
  movedProvider: number;
}

/** Nearest rank of sorted values. */
export function rank(sorted: Float64Array, share: number): number {
  return sorted[Math.max(0, Math.ceil(sorted.length * share) - 1)]!;
}

export function measured(run: Run): Measures {
  const sorted = run.ttft.toSorted();
  const requests = sorted.length;
  const joules = run.nodes.reduce((sum, node) => sum + node.joules, 0);
  const entropies = run.nodes.map((node) => node.entropy);
  return {
    p50Ms: rank(sorted, 0.5) * 1000,
    p95Ms: rank(sorted, 0.95) * 1000,
    p99Ms: rank(sorted, 0.99) * 1000,
    tokensPerSecond: run.outputTokens / run.seconds,
    joulesPerToken: joules / run.outputTokens,
    jain: jain(run.used),
    unrest: mean(run.nodes.map(({ minutes }) => deviation(minutes))),
    entropyGapBits: mean(entropies.map(entropyGap)) / 1e6,
    networkEntropyBits: networkEntropy(entropies) / 1e6,
    movedRegion: run.movedCity / requests,
    movedProvider: run.movedCloud / requests,
  };
}

/** A mean over seeds with the bounds of its 95% interval (Student's t). */
export interface Estimate {
  mean: number;
  low: number;
  high: number;
}

export function estimate(values: readonly number[], digits: number): Estimate {
  const middle = mean(values);
  const half = (studentT(values.length - 1) * deviation(values)) / Math.sqrt(values.length);
  const cut = (value: number): number => Number(value.toFixed(digits));
  return { mean: cut(middle), low: cut(middle - half), high: cut(middle + half) };
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function deviation(values: readonly number[]): number {
  if (values.length < 2) return 0;
  const middle = mean(values);
  return Math.sqrt(values.reduce((sum, value) => sum + (value - middle) ** 2, 0) / (values.length - 1));
}

function jain(values: readonly number[]): number {
  const squares = values.reduce((sum, value) => sum + value * value, 0);
  return (mean(values) ** 2 * values.length) / squares;
}
