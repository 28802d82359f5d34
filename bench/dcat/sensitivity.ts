/** The same comparison with other values for what the paper leaves open: how much of a gain is the setting's. */
import type { Settings } from '../../domain/dcat/settings.ts';
import { kmBest, km, shipped } from './clusterings.ts';
import { measurePoint, mostGain, offloadGain, profitGain, profitShare } from './sweeps.ts';
import type { Estimate } from './stats.ts';

export interface Variant {
  name: string;
  /** KM's profit as a share of all fees. */
  kmProfit: Estimate;
  overKm: Estimate;
  overKmBest: Estimate;
  offloading: Estimate;
  most: { profit: number; offload: number };
}

const VARIANTS: readonly [name: string, change: Partial<Settings>][] = [
  ['as in the sweeps', {}],
  ['area 500 km', { side: 500, linkLength: 30 }],
  ['area 300 km', { side: 300, linkLength: 18 }],
  ['area 300 km, R_max 300 km', { side: 300, linkLength: 18, reach: 300 }],
  ['slot 1 s', { slotSeconds: 1 }],
  ['slot 3 s', { slotSeconds: 3 }],
  ['no towns', { townShare: 0 }],
  ['towns alone', { townShare: 1 }],
];

export function measureSensitivity(
  base: Settings,
  seed: number,
  seeds: number,
  evaluations: number,
): Variant[] {
  return VARIANTS.map(([name, change]) => {
    const point = measurePoint({ ...base, ...change }, seed, seeds, {
      km,
      kmBest,
      dcat: shipped(evaluations, null),
    });
    return {
      name,
      kmProfit: profitShare(point, 'km'),
      overKm: profitGain(point, 'dcat', 'km'),
      overKmBest: profitGain(point, 'dcat', 'kmBest'),
      offloading: offloadGain(point, 'dcat', 'km'),
      most: mostGain(point, 'km'),
    };
  });
}
