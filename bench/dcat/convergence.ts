/** The reward over the training, like Fig. 2 of document 004: on the held-out worlds, which are the same at every point. */
import type { Point } from '../../scheduler/cluster/training/training.ts';
import type { Validation } from '../../scheduler/cluster/training/validation.ts';
import { linePlot, type Series } from '../plot.ts';

/** `before`: the untrained policy. */
export function convergencePlot(name: string, before: Validation, curve: readonly Point[]): string {
  const series = (label: string, which: keyof Validation): Series => ({
    name: label,
    points: [
      { x: 0, y: before[which] },
      ...curve.flatMap(({ held }, index) => (held ? [{ x: index + 1, y: held[which] }] : [])),
    ],
  });
  return linePlot({
    title: `Reward while the clustering policy learns (${name})`,
    xLabel: 'epoch',
    yLabel: 'profit, share of all fees offered',
    series: [series('clusterings drawn', 'sampled'), series('likeliest clusterings', 'greedy')],
  });
}
