/** The reward over the training, like Fig. 2 of document 004. */
import type { EpochReport } from '../../scheduler/cluster/training/epoch.ts';
import { linePlot } from '../plot.ts';

const POINTS = 60;

export function convergencePlot(runs: readonly { name: string; curve: readonly EpochReport[] }[]): string {
  return linePlot({
    title: 'Reward while the clustering policy learns',
    xLabel: 'epoch (each with worlds of its own)',
    yLabel: 'profit, share of all fees offered',
    series: runs.map(({ name, curve }) => ({ name, points: smoothed(curve) })),
  });
}

/** Means of neighbouring epochs, with their 95% interval: one epoch's worlds are richer than another's. */
function smoothed(curve: readonly EpochReport[]): { x: number; y: number; low: number; high: number }[] {
  const size = Math.max(1, Math.ceil(curve.length / POINTS));
  const points = [];
  for (let from = 0; from < curve.length; from += size) {
    const rewards = curve.slice(from, from + size).map(({ reward }) => reward);
    const mean = rewards.reduce((a, b) => a + b, 0) / rewards.length;
    const squares = rewards.reduce((sum, reward) => sum + (reward - mean) ** 2, 0);
    const half = rewards.length < 2 ? 0 : 1.96 * Math.sqrt(squares / (rewards.length - 1) / rewards.length);
    points.push({ x: from + rewards.length, y: mean, low: mean - half, high: mean + half });
  }
  return points;
}
