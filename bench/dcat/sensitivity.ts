/** The same comparison with other values for what the paper leaves open: how much of a gain is the setting's. */
import type { Settings } from '../../domain/dcat/settings.ts';
import type { World } from '../../domain/dcat/world.ts';
import { kmBest, km, shipped } from './clusterings.ts';
import { measuredWorld, readRegions } from './regions.ts';
import { measurePoint, mostGain, offloadGain, profitGain, profitShare } from './sweeps.ts';
import type { Estimate } from './stats.ts';

type Draw = (settings: Settings, seed: number) => World;

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
  const clusterings = { km, kmBest, dcat: shipped(evaluations, null) };
  const compare = (name: string, settings: Settings, draw?: Draw): Variant => {
    const point = measurePoint(settings, seed, seeds, clusterings, draw);
    return {
      name,
      kmProfit: profitShare(point, 'km'),
      overKm: profitGain(point, 'dcat', 'km'),
      overKmBest: profitGain(point, 'dcat', 'kmBest'),
      offloading: offloadGain(point, 'dcat', 'km'),
      most: mostGain(point, 'km'),
    };
  };
  const variants = VARIANTS.map(([name, change]) => compare(name, { ...base, ...change }));
  const regions = readRegions(`${process.env['CARDHOUR_DATA'] ?? '../shared/data'}/skyplane_network`);
  if (regions)
    variants.push(
      compare('links as measured between cloud regions', base, (settings, own) =>
        measuredWorld(settings, regions, own),
      ),
    );
  else
    process.stderr.write(
      'no skyplane_network (latency.csv and throughput.csv of github.com/skyplane-project/skyplane) in CARDHOUR_DATA: measured links are left out\n',
    );
  return variants;
}
