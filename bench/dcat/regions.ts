/** Worlds whose links are measured: servers and users in cloud regions, round-trip times and throughput as skyplane's profiles say. */
import { existsSync, readFileSync } from 'node:fs';
import { placesOf } from '../../domain/dcat/places.ts';
import { stream } from '../../domain/dcat/random.ts';
import { unitCost, type Settings } from '../../domain/dcat/settings.ts';
import type { World } from '../../domain/dcat/world.ts';
import { premium } from '../../domain/links/skyplane.ts';

export interface Regions {
  names: string[];
  /** One way, ms, at a × regions + b; the larger of the two directions' halves, so that no faulty low value brings two regions together. */
  latency: Float64Array;
  /** Mb/s. */
  throughput: Float64Array;
}

/** One way between two servers of a region, ms: half of what is usual for a round trip between zones of one. */
const WITHIN_MS = 0.25;
/** What may share a cluster, one way: 2 ms of round trip. */
export const MEASURED_REACH_MS = 1;
const REGIONS_WITH_SERVERS = 10;

/** Null when the folder, or a file in it, is missing. */
export function readRegions(folder: string): Regions | null {
  const [latencyFile, throughputFile] = [`${folder}/latency.csv`, `${folder}/throughput.csv`];
  if (!existsSync(latencyFile) || !existsSync(throughputFile)) return null;
  const rtt = premium(readFileSync(latencyFile, 'utf8'), 'avg_rtt');
  const bits = premium(readFileSync(throughputFile, 'utf8'), 'throughput_received');
  const names = [...new Set([...rtt.keys()].map((pair) => pair.split(' ')[0]!))].sort();
  const usual = [...bits.values()].sort((a, b) => a - b)[bits.size >> 1]!;
  const pairs = names.flatMap((a) => names.map((b) => [a, b] as const));
  return {
    names,
    latency: Float64Array.from(pairs, ([a, b]) =>
      a === b ? WITHIN_MS : Math.max(rtt.get(`${a} ${b}`) ?? Infinity, rtt.get(`${b} ${a}`) ?? Infinity) / 2,
    ),
    throughput: Float64Array.from(pairs, ([a, b]) => (bits.get(`${a} ${b}`) ?? usual) / 1e6),
  };
}

/** Servers in ten of the regions, users in all; which, and how powerful, by the seed. Settings give prices, tasks and rates. */
export function measuredWorld(base: Settings, { names, latency, throughput }: Regions, seed: number): World {
  const settings = { ...base, reach: MEASURED_REACH_MS };
  const random = stream(seed, 41);
  const zones = names.length;
  const homes = Array.from({ length: REGIONS_WITH_SERVERS }, () => random.below(zones));
  const home = Array.from({ length: settings.servers }, () => homes[random.below(homes.length)]!);
  const servers = home.length;
  const power = Float64Array.from(home, () => random.between(...settings.power));
  const between = (of: Float64Array, a: number, b: number): number => of[a * zones + b]!;
  const distance = Float64Array.from({ length: servers * servers }, (_, at) => {
    const j = at % servers;
    const i = (at - j) / servers;
    return i === j ? 0 : between(latency, home[i]!, home[j]!);
  });
  const cells = Array.from({ length: zones * servers }, (_, at) => {
    const i = at % servers;
    return [(at - i) / servers, home[i]!] as const;
  });
  const weights = names.map(() => random.next());
  const sum = weights.reduce((a, b) => a + b, 0);
  return {
    settings,
    servers,
    power,
    unitCost: power.map((f) => unitCost(settings, f)),
    ...placesOf(distance, servers),
    distance,
    zones,
    zoneShare: Float64Array.from(weights, (weight) => weight / sum),
    zonePhase: Float64Array.from(names, () => random.next()),
    perMegabit: Float64Array.from(cells, ([zone, at]) => 1 / between(throughput, zone, at)),
    propagation: Float64Array.from(cells, ([zone, at]) => between(latency, zone, at) / 1000),
  };
}
