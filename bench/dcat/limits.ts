/**
 * Between which two numbers the best clustering lies, world by world: at least what a long search finds that may look at the very tasks that it is
 * measured on, at most what a bound allows; both the same where every clustering can be enumerated.
 *
 *   node cli/launch.mjs run bench/dcat/limits.ts --out docs/results/dcat/limits-paper.json --table
 *   node cli/launch.mjs run bench/dcat/limits.ts --setting paper --point 40/100/30 --worlds 10 --out docs/results/dcat/limits-paper.json
 *
 * Takes minutes a point, so that it stands apart from `npm run bench -- dcat`, goes on where it stopped, and leaves a file that `--table` reads.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { drawTasks } from '../../domain/dcat/arrivals.ts';
import { upperBound } from '../../domain/dcat/bound.ts';
import { objectiveOf, type Objective } from '../../domain/dcat/objective.ts';
import { eachClustering, optimum } from '../../domain/dcat/optimum.ts';
import { relaxedBound } from '../../domain/dcat/relaxation.ts';
import { countdown, search } from '../../domain/dcat/search.ts';
import { seedIn, TEST_SEEDS } from '../../domain/dcat/seeds.ts';
import { CALIBRATED, PAPER, type Settings } from '../../domain/dcat/settings.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { drawWorld, type World } from '../../domain/dcat/world.ts';
import { historyOf, km, kmBest, shipped } from './clusterings.ts';
import { FIRST_CYCLE, HISTORY } from './course.ts';
import { gainOf } from './stats.ts';

/** One test world of a point, as shares of its fees and of its tasks. */
interface LimitRow {
  servers: number;
  reach: number;
  arrivals: number;
  index: number;
  /** The paper's baselines: KM-REA for profit, KM-OB-REA for offloading. */
  km: Pair;
  /** KM with the number of centres that earned the most on its history, under REA: its profit. */
  kmBest: number;
  dcat: Pair;
  /** Of the best clustering known: no limit on profit or offloading can be below it. */
  found: Pair;
  /** No clustering exceeds it. */
  bound: Pair;
  /** How many clusterings were enumerated; 0 where there were too many. */
  enumerated: number;
}

interface Pair {
  profit: number;
  served: number;
}

const EVALUATIONS = 500;
const HINDSIGHT = 5000;

function measureLimits(
  settings: Settings,
  seed: number,
  index: number,
  mostPartitions: number,
  hindsight = HINDSIGHT,
): LimitRow {
  const own = seedIn(TEST_SEEDS, seed * 1000 + index);
  const world = drawWorld(settings, own);
  const tasks = drawTasks(world, own, FIRST_CYCLE);
  const situation = {
    world,
    seed: own,
    cycle: FIRST_CYCLE,
    history: historyOf(world, own, FIRST_CYCLE, HISTORY),
    backlog: new Float64Array(world.servers),
    last: null,
  };
  const fees = tasks.unitFee.reduce((sum, fee, n) => sum + fee * tasks.work[n]!, 0);
  const share = ({ profit, served }: Pair): Pair => ({ profit: profit / fees, served: served / tasks.count });
  const theirs = km(situation);
  const ours = shipped(EVALUATIONS, null)(situation);
  const objective = objectiveOf(world, tasks, 'rea');
  const enumerated = countPartitions(world, mostPartitions);
  const { servers, reach, arrivals } = settings;
  const row = {
    servers,
    reach,
    arrivals,
    index,
    km: share({
      profit: simulate(world, tasks, theirs, 'rea').profit,
      served: simulate(world, tasks, theirs, 'oneOff').served,
    }),
    kmBest: simulate(world, tasks, kmBest(situation), 'rea').profit / fees,
    dcat: share(simulate(world, tasks, ours, 'rea')),
    enumerated,
  };
  if (enumerated > 0) {
    const best = share(optimum(world, objective, world.servers));
    return { ...row, found: best, bound: best };
  }
  const found = (of: Objective, seconds: number): number =>
    search(world, of, ours, { seed: own + seconds, spent: countdown(hindsight), threshold: 0.01, rounds: 2 })
      .profit;
  const loose = upperBound(world, tasks);
  const relaxed = (goal: 'profit' | 'served'): number => relaxedBound(world, tasks, goal) ?? Infinity;
  return {
    ...row,
    found: share({ profit: found(objective, 0), served: found(servedAsProfit(objective), 1) }),
    bound: share({
      profit: Math.min(loose.profit, relaxed('profit')),
      served: Math.min(loose.served, relaxed('served')),
    }),
  };
}

/** An objective that counts served tasks; its runs go to the end. */
function servedAsProfit(objective: Objective): Objective {
  const served = (standing: Parameters<Objective['profit']>[0]): number => {
    objective.profit(standing);
    return objective.served();
  };
  return { ...objective, profit: served, profitUnless: served };
}

/** How many partitions keep (10c); 0 when there are more than `most`. */
function countPartitions(world: World, most: number): number {
  let count = 0;
  eachClustering(world, () => ++count <= most);
  return count > most ? 0 : count;
}

function readLimits(file: string): LimitRow[] {
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LimitRow[]) : [];
}

const TARGETS: Record<keyof Pair, Record<'servers' | 'reach' | 'arrivals', number>> = {
  profit: { servers: 0.1751, reach: 0.3369, arrivals: 0.1909 },
  served: { servers: 0.2047, reach: 0.1947, arrivals: 0.1406 },
};
const MIDDLE = { servers: 40, reach: 200, arrivals: 30 };

/** What a table's line is about: the measure, and what it is compared with. */
const LINES = [
  { what: 'profit over KM', measure: 'profit', than: (row: LimitRow) => row.km.profit },
  { what: 'profit over KM\\*', measure: 'profit', than: (row: LimitRow) => row.kmBest },
  { what: 'offloading over KM', measure: 'served', than: (row: LimitRow) => row.km.served },
] as const;
/** On average over all points. */
const OVER_KM_BEST = 0.1;

/** One line a point and comparison: what was reached, found and bounded on the same worlds, and what that says of each target. */
function limitTable(rows: readonly LimitRow[]): string {
  const points = new Map<string, LimitRow[]>();
  for (const row of rows) {
    const name = `${row.servers} / ${row.reach} km / ${row.arrivals}`;
    points.set(name, [...(points.get(name) ?? []), row]);
  }
  const lines = [...points].flatMap(([name, own]) =>
    LINES.map(({ what, measure, than }) => {
      const gain = (of: 'dcat' | 'found' | 'bound'): number =>
        gainOf(
          own.map((row) => row[of][measure]),
          own.map(than),
        ).mean;
      const worlds = own.every(({ enumerated }) => enumerated > 0) ? `${own.length}, enumerated` : own.length;
      const cells = [gain('dcat'), gain('found'), gain('bound')].map(
        (value) => `${(100 * value).toFixed(1)}%`,
      );
      const targets =
        than === LINES[1].than
          ? [{ target: OVER_KM_BEST, name: 'mean of all' }]
          : axesOf(own[0]!).map((axis) => ({
              target: TARGETS[measure][axis],
              name: axis === 'reach' ? 'R_max' : axis,
            }));
      const verdicts = targets.map(({ target, name: sweep }) =>
        verdict(target, gain('found'), gain('bound'), sweep),
      );
      return `| ${name} | ${what} | ${worlds} | ${cells.join(' | ')} | ${verdicts.join('; ')} |`;
    }),
  );
  return [
    '| servers / R_max / λ | gain | worlds | reached | found in hindsight | bound | the target there |',
    '| --- | --- | ---: | ---: | ---: | ---: | --- |',
    ...lines,
    '',
  ].join('\n');
}

/** The sweeps that a point belongs to. */
function axesOf(row: LimitRow): ('servers' | 'reach' | 'arrivals')[] {
  return (['servers', 'reach', 'arrivals'] as const).filter((axis) =>
    (['servers', 'reach', 'arrivals'] as const).every(
      (other) => other === axis || row[other] === MIDDLE[other],
    ),
  );
}

function verdict(target: number, found: number, bound: number, sweep: string): string {
  const percent = `${(100 * target).toFixed(2)}% (${sweep})`;
  if (bound < target) return `${percent} is forbidden`;
  return found >= target ? `${percent} can be had` : `${percent} is open`;
}

function main(): void {
  const { values } = parseArgs({
    options: {
      setting: { type: 'string', default: 'paper' },
      point: { type: 'string', default: '40/200/30' },
      worlds: { type: 'string', default: '10' },
      partitions: { type: 'string', default: '250000' },
      out: { type: 'string' },
      table: { type: 'boolean', default: false },
    },
  });
  if (values.table) {
    console.log(limitTable(readLimits(values.out ?? '')));
    return;
  }
  const base = values.setting === 'calibrated' ? CALIBRATED : PAPER;
  const [servers, reach, arrivals] = values.point.split('/').map(Number);
  const settings = { ...base, servers: servers!, reach: reach!, arrivals: arrivals! };
  for (let index = 0; index < Number(values.worlds); index++) {
    const rows = values.out === undefined ? [] : readLimits(values.out);
    const same = (row: LimitRow): boolean =>
      row.servers === servers && row.reach === reach && row.arrivals === arrivals && row.index === index;
    const known = rows.find(same);
    const most = Number(values.partitions);
    if (known && !(known.enumerated === 0 && countPartitions(drawWorldAt(settings, index), most) > 0))
      continue;
    const row = measureLimits(settings, 1, index, most);
    console.log(JSON.stringify(row));
    if (values.out !== undefined)
      writeFileSync(
        values.out,
        `${JSON.stringify([...rows.filter((other) => !same(other)), row], null, 1)}\n`,
      );
  }
}

function drawWorldAt(settings: Settings, index: number): World {
  return drawWorld(settings, seedIn(TEST_SEEDS, 1000 + index));
}

if (import.meta.main) main();
