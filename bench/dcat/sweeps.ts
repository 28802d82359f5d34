/** The paper's three sweeps (document 004, section V): servers, R_max and arrival rate, the others at the middle. */
import type { Rule } from '../../domain/dcat/auction.ts';
import { upperBound, type Bound } from '../../domain/dcat/bound.ts';
import { drawTasks } from '../../domain/dcat/arrivals.ts';
import { seedIn, TEST_SEEDS } from '../../domain/dcat/seeds.ts';
import type { Settings } from '../../domain/dcat/settings.ts';
import { drawWorld, type World } from '../../domain/dcat/world.ts';
import type { Clustering } from './clusterings.ts';
import { FIRST_CYCLE, run, type Courses } from './course.ts';
import { gainOf, meanOf, type Estimate } from './stats.ts';

export type Sweep = 'servers' | 'clusterSize' | 'arrivalRate';

interface Axis {
  parameter: 'servers' | 'reach' | 'arrivals';
  label: string;
  values: readonly number[];
}

export const AXES: Record<Sweep, Axis> = {
  servers: { parameter: 'servers', label: 'servers', values: [20, 30, 40, 50, 60] },
  clusterSize: { parameter: 'reach', label: 'R_max, km', values: [100, 150, 200, 250, 300] },
  arrivalRate: { parameter: 'arrivals', label: 'arrivals λ a slot', values: [20, 30, 40, 50] },
};

/** One setting's world with every clustering on the same seeds. */
export interface Point {
  settings: Settings;
  seeds: number;
  courses: Record<string, Courses[]>;
  bounds: (Bound & { fees: number; offered: number })[];
}

const RULES: readonly Rule[] = ['rea', 'oneOff'];

export function measurePoint(
  settings: Settings,
  seed: number,
  seeds: number,
  clusterings: Record<string, Clustering>,
  draw: (settings: Settings, seed: number) => World = drawWorld,
): Point {
  const point: Point = { settings, seeds, courses: {}, bounds: [] };
  for (let index = 0; index < seeds; index++) {
    const own = seedIn(TEST_SEEDS, seed * 1000 + index);
    const world = draw(settings, own);
    for (const [name, clustering] of Object.entries(clusterings))
      (point.courses[name] ??= []).push(run(world, own, 1, clustering, RULES));
    const tasks = drawTasks(world, own, FIRST_CYCLE);
    let fees = 0;
    for (let n = 0; n < tasks.count; n++) fees += tasks.unitFee[n]! * tasks.work[n]!;
    point.bounds.push({ ...upperBound(world, tasks), fees, offered: tasks.count });
  }
  return point;
}

/** Points of a sweep; those that two sweeps share are measured once. */
export function measureSweeps(
  base: Settings,
  measure: (settings: Settings) => Point,
  thinned: boolean,
): Record<Sweep, Point[]> {
  const known = new Map<string, Point>();
  const sweep = ({ parameter, values }: Axis): Point[] =>
    values
      .filter((_, at) => !thinned || at % 2 === 0 || at === values.length - 1)
      .map((value) => {
        const settings = { ...base, [parameter]: value };
        const key = `${settings.servers} ${settings.reach} ${settings.arrivals}`;
        const point = known.get(key) ?? measure(settings);
        known.set(key, point);
        return point;
      });
  return {
    servers: sweep(AXES.servers),
    clusterSize: sweep(AXES.clusterSize),
    arrivalRate: sweep(AXES.arrivalRate),
  };
}

export function profits(point: Point, name: string, rule: Rule = 'rea'): number[] {
  return point.courses[name]!.map(({ byRule }) => byRule[rule].profit);
}

export function rates(point: Point, name: string, rule: Rule = 'rea'): number[] {
  return point.courses[name]!.map(({ byRule }) => byRule[rule].served / byRule[rule].offered);
}

/** Profit as a share of all fees offered, for tables and plots. */
export function profitShare(point: Point, name: string, rule: Rule = 'rea'): Estimate {
  return meanOf(point.courses[name]!.map(({ byRule }) => byRule[rule].profit / byRule[rule].fees));
}

export function profitGain(point: Point, ours: string, theirs: string): Estimate {
  return gainOf(profits(point, ours), profits(point, theirs));
}

/** Our offloading rate under REA over theirs under OB-REA, as the paper compares. */
export function offloadGain(point: Point, ours: string, theirs: string): Estimate {
  return gainOf(rates(point, ours), rates(point, theirs, 'oneOff'));
}

/** The most that any clustering could gain over one, by the bound that no auction exceeds. */
export function mostGain(point: Point, theirs: string): { profit: number; offload: number } {
  const bound = (read: (own: Point['bounds'][number]) => number): number[] => point.bounds.map(read);
  return {
    profit: gainOf(
      bound(({ profit }) => profit),
      profits(point, theirs),
    ).mean,
    offload: gainOf(
      bound(({ served, offered }) => served / offered),
      rates(point, theirs, 'oneOff'),
    ).mean,
  };
}

/** The largest of the estimates. */
export function largest(gains: readonly Estimate[]): Estimate {
  return gains.reduce((best, gain) => (gain.mean > best.mean ? gain : best));
}
