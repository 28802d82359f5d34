/** How far what ships is from the best: the optimum where it can be enumerated, a search of a hundred times the budget elsewhere. */
import { drawTasks } from '../../domain/dcat/arrivals.ts';
import { givenK, kMeans } from '../../domain/dcat/baselines.ts';
import { objectiveOf, standingOf } from '../../domain/dcat/objective.ts';
import { optimum } from '../../domain/dcat/optimum.ts';
import { countdown, search } from '../../domain/dcat/search.ts';
import { seedIn, TEST_SEEDS } from '../../domain/dcat/seeds.ts';
import type { Settings } from '../../domain/dcat/settings.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { drawWorld } from '../../domain/dcat/world.ts';
import { historyOf, shipped } from './clusterings.ts';
import { FIRST_CYCLE, HISTORY } from './course.ts';
import { gainOf, meanOf, type Estimate } from './stats.ts';

export interface OptimumGap {
  servers: number;
  worlds: number;
  partitions: number;
  /** Mean share that is missing to the best clustering of the same tasks. */
  gap: Estimate;
  /** What the optimum itself gains over KM, k = S/4, on these tasks. */
  optimumOverKm: Estimate;
}

/** Servers, arrivals and area shrink together, so that density and load are those of the middle. */
export function small(base: Settings, servers: number): Settings {
  const share = servers / base.servers;
  return { ...base, servers, arrivals: base.arrivals * share, side: base.side * Math.sqrt(share) };
}

export function gapToOptimum(
  base: Settings,
  seed: number,
  servers: number,
  worlds: number,
  evaluations: number,
): OptimumGap {
  const gaps: number[] = [];
  const best: number[] = [];
  const km: number[] = [];
  let partitions = 0;
  for (let index = 0; index < worlds; index++) {
    const own = seedIn(TEST_SEEDS, seed * 1000 + 500 + index);
    const world = drawWorld(small(base, servers), own);
    const history = historyOf(world, own, FIRST_CYCLE, 1);
    const objective = objectiveOf(world, history, 'rea');
    const top = optimum(world, objective);
    const ours = shipped(
      evaluations,
      null,
    )({
      world,
      seed: own,
      cycle: FIRST_CYCLE,
      history,
      backlog: new Float64Array(servers),
      last: null,
    });
    partitions += top.partitions;
    if (top.profit === 0) continue;
    gaps.push(1 - objective.profit(standingOf(world, ours)) / top.profit);
    best.push(top.profit);
    km.push(objective.profit(standingOf(world, kMeans(world, givenK(servers), own))));
  }
  return { servers, worlds, partitions, gap: meanOf(gaps), optimumOverKm: gainOf(best, km) };
}

export interface LongGap {
  worlds: number;
  evaluations: number;
  /** Share that is missing to the long search on the tasks that both searched on. */
  searched: Estimate;
  /** The same on the tasks of the next cycle, which neither saw. */
  unseen: Estimate;
}

export function gapToLongSearch(base: Settings, seed: number, worlds: number, evaluations: number): LongGap {
  const searched: number[] = [];
  const unseen: number[] = [];
  for (let index = 0; index < worlds; index++) {
    const own = seedIn(TEST_SEEDS, seed * 1000 + 700 + index);
    const world = drawWorld(base, own);
    const history = historyOf(world, own, FIRST_CYCLE, HISTORY);
    const objective = objectiveOf(world, history, 'rea');
    const situation = {
      world,
      seed: own,
      cycle: FIRST_CYCLE,
      history,
      backlog: new Float64Array(world.servers),
      last: null,
    };
    const ours = shipped(evaluations, null)(situation);
    const long = search(world, objective, ours, {
      seed: own,
      spent: countdown(100 * evaluations),
      threshold: 0.01,
    });
    const next = drawTasks(world, own, FIRST_CYCLE);
    const earns = (partition: typeof ours): number => simulate(world, next, partition, 'rea').profit;
    searched.push(1 - objective.profit(standingOf(world, ours)) / long.profit);
    unseen.push(1 - earns(ours) / earns(long.partition));
  }
  return { worlds, evaluations: 100 * evaluations, searched: meanOf(searched), unseen: meanOf(unseen) };
}
