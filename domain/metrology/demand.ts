/**
 * Demand of tasks (document 001, section 3.3): how long a task takes on a node, τ = f(P, S), Eq. (2), fitted from measured
 * runs. Hints to people: floating point (see `least-squares.ts`).
 */
import { leastSquares } from './least-squares.ts';

/** P of Eq. (3). Shares are 0 to 1. */
export interface NodePerformance {
  /** F_w: all its computing capability, GFLOPS; and the share in use when the task arrives, F_0. */
  computeGflops: number;
  computeUsed: number;
  /** C_w: all its storage, GB; and the share in use when the task arrives, C_0. */
  storageGb: number;
  storageUsed: number;
  /** E_0: read and write rate when the task arrives, GB/s; 0 when unknown. */
  ioGbPerSecond: number;
}

/** What was seen while a task ran, at one moment; shares are 0 to 1. */
export interface RunSample {
  /** Seconds since the task arrived. */
  at: number;
  compute: number;
  storage: number;
  ioGbPerSecond: number;
}

/** Averages over a run and what the task asked for in all: Eqs. (5) to (10). */
export interface RunMeasure {
  /** τ */
  seconds: number;
  /** F̄, C̄, Ē */
  meanCompute: number;
  meanStorage: number;
  meanIo: number;
  /** W = F_w ∫ F(t) dt, GFLOP */
  work: number;
  /** D = C_w ∫ C(t) dt, GB·s */
  size: number;
}

/** Eqs. (5) to (10) over samples in the order of time, straight between two of them. @throws RangeError on fewer than two, or no time between them */
export function measureRun(node: NodePerformance, samples: readonly RunSample[]): RunMeasure {
  const seconds = (samples.at(-1)?.at ?? 0) - (samples[0]?.at ?? 0);
  if (!(seconds > 0)) throw new RangeError('a run needs two samples at different times');
  const integral = (of: (sample: RunSample) => number): number => {
    let sum = 0;
    for (let index = 1; index < samples.length; index++) {
      const [a, b] = [samples[index - 1]!, samples[index]!];
      sum += ((of(a) + of(b)) / 2) * (b.at - a.at);
    }
    return sum;
  };
  const compute = integral(({ compute: share }) => share);
  const storage = integral(({ storage: share }) => share);
  return {
    seconds,
    meanCompute: compute / seconds,
    meanStorage: storage / seconds,
    meanIo: integral(({ ioGbPerSecond }) => ioGbPerSecond) / seconds,
    work: node.computeGflops * compute,
    size: node.storageGb * storage,
  };
}

/** A measured run of one kind of task. */
export interface Run {
  node: NodePerformance;
  /** Data that it read and wrote, GB; 0 when unknown. */
  gigabytes: number;
  seconds: number;
}

export interface DemandModel {
  /** What it takes however fast the node is, seconds. */
  overheadSeconds: number;
  /** W: its work at the computing capability that was free when it arrived, GFLOP. */
  workGflop: number;
  /** How many times its data pass the node's read and write path. */
  dataPasses: number;
  runs: number;
  /** Standard deviation of what the fit leaves, seconds; and the share of the variance that it explains, 0 to 1. */
  errorSeconds: number;
  explained: number;
}

/** Fewer say nothing about three unknowns. */
export const LEAST_RUNS = 4;

/**
 * Fits τ = t₀ + W / (F_w (1 − F_0)) + k D / E_0 to the runs of one kind of task.
 * @returns null with fewer than four runs, or when one is on a node without free compute
 */
export function fitDemand(runs: readonly Run[]): DemandModel | null {
  if (runs.length < LEAST_RUNS || runs.some((run) => !(freeGflops(run.node) > 0) || !(run.seconds >= 0)))
    return null;
  const fit = leastSquares(
    runs.map(factorsOf),
    runs.map(({ seconds }) => seconds),
  );
  if (fit === null) return null;
  const [overheadSeconds = 0, workGflop = 0, dataPasses = 0] = fit.coefficients;
  return {
    overheadSeconds,
    workGflop,
    dataPasses,
    runs: runs.length,
    errorSeconds: fit.residual,
    explained: fit.explained,
  };
}

export interface DurationHint {
  seconds: number;
  /** Two standard deviations of the fit around it, not below zero. */
  low: number;
  high: number;
}

/** How long a task of this kind takes on a node; null when nothing of the node's compute is free. */
export function expectedSeconds(
  model: DemandModel,
  task: Pick<Run, 'node' | 'gigabytes'>,
): DurationHint | null {
  if (!(freeGflops(task.node) > 0)) return null;
  const [one, perWork, perPass] = factorsOf(task) as [number, number, number];
  const seconds = model.overheadSeconds * one + model.workGflop * perWork + model.dataPasses * perPass;
  const spread = 2 * model.errorSeconds;
  return { seconds, low: Math.max(0, seconds - spread), high: seconds + spread };
}

function factorsOf({ node, gigabytes }: Pick<Run, 'node' | 'gigabytes'>): number[] {
  const perPass = node.ioGbPerSecond > 0 ? gigabytes / node.ioGbPerSecond : 0;
  return [1, 1 / freeGflops(node), perPass];
}

function freeGflops({ computeGflops, computeUsed }: NodePerformance): number {
  return computeGflops * (1 - computeUsed);
}
