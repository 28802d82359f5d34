/** The reward over the training, like Fig. 2 of document 004. */
import type { Point } from '../../scheduler/cluster/training/training.ts';
import { linePlot, type Series } from '../plot.ts';

/** The held-out worlds are the same at every point; the epochs' own differ, so ten of them are averaged. */
export function convergencePlot(runs: readonly { name: string; curve: readonly Point[] }[]): string {
  return linePlot({
    title: 'Reward while the clustering policy learns',
    xLabel: 'epoch',
    yLabel: 'profit, share of all fees offered',
    series: runs.flatMap(({ name, curve }) => [
      { name: `${name}: training worlds`, points: averaged(curve) },
      held(`${name}: drawn, held-out`, curve, 'sampled'),
      held(`${name}: likeliest, held-out`, curve, 'greedy'),
    ]),
  });
}

function held(name: string, curve: readonly Point[], which: 'sampled' | 'greedy'): Series {
  return {
    name,
    points: curve.flatMap(({ held }, index) => (held ? [{ x: index + 1, y: held[which] }] : [])),
  };
}

const TOGETHER = 10;

function averaged(curve: readonly Point[]): Series['points'] {
  const points = [];
  for (let from = 0; from < curve.length; from += TOGETHER) {
    const rewards = curve.slice(from, from + TOGETHER).map(({ reward }) => reward);
    points.push({ x: from + rewards.length, y: rewards.reduce((a, b) => a + b, 0) / rewards.length });
  }
  return points;
}
