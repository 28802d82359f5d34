/** The clustering of one world that earns most in a time: the best of some starts, improved by local search. */
import { kMeans } from '../../domain/dcat/baselines.ts';
import { objectiveOf, standingOf } from '../../domain/dcat/objective.ts';
import { singles, type Partition } from '../../domain/dcat/partition.ts';
import { search, type SearchOptions } from '../../domain/dcat/search.ts';
import type { Tasks } from '../../domain/dcat/arrivals.ts';
import type { World } from '../../domain/dcat/world.ts';

export interface Improved {
  partition: Partition;
  profit: number;
  profitAlone: number;
  evaluations: number;
}

export interface ImproveOptions {
  seed: number;
  budgetMs: number;
  mostMembers: number;
  fixed: Uint8Array;
  /** Clusterings to start from; the first is the running one, if any runs. */
  starts: readonly Partition[];
  running?: Partition;
  changeShare: number;
  /** Milliseconds; an argument so that a test can stop the clock. */
  now: () => number;
}

/** Mean sizes of the clusters that the search may start from. */
const SIZES = [2, 2.5, 3, 3.5, 4, 4.5, 5, 6, 7, 8, 10, 12];
/** Share of the budget that the starts may take. */
const STARTS = 0.3;
/** Of the profit, divided by the number of servers: a move of one of many changes little, of one of few much. */
const MANY = { threshold: 0.32, rounds: 2 };
/** For few servers the budget goes through the clusterings many times, so it can leave a valley more often. */
const FEW = { servers: 12, threshold: 1, rounds: 4 };

export function improve(world: World, tasks: Tasks, options: ImproveOptions): Improved {
  const { now, budgetMs } = options;
  const started = now();
  const spent = (): number => (now() - started) / budgetMs;
  const objective = objectiveOf(world, tasks, 'rea');
  const profitOf = (partition: Partition): number => objective.profit(standingOf(world, partition));
  const alone = singles(world.servers);
  const profitAlone = profitOf(alone);
  let evaluations = 1;
  let best = { partition: alone, profit: profitAlone };
  const consider = (partition: Partition): void => {
    evaluations++;
    const profit = profitOf(partition);
    if (profit > best.profit) best = { partition, profit };
  };
  for (const start of options.starts) consider(start);
  if (!options.fixed.includes(1))
    for (const size of SIZES) {
      if (spent() >= STARTS) break;
      const k = Math.max(1, Math.round(world.servers / size));
      consider(kMeans(world, k, options.seed, { restarts: 2, mostMembers: options.mostMembers }));
    }
  const width = world.servers <= FEW.servers ? FEW : MANY;
  const searching: SearchOptions = {
    seed: options.seed,
    spent,
    threshold: width.threshold / world.servers,
    rounds: width.rounds,
    mostMembers: options.mostMembers,
    fixed: options.fixed,
  };
  if (options.running)
    searching.change = { running: options.running, costPerServer: options.changeShare * best.profit };
  // Where something runs, what is best without regard to it has to be worth the change.
  const found = search(world, objective, startOf(), searching);
  return {
    partition: found.partition,
    profit: profitOf(found.partition),
    profitAlone,
    evaluations: evaluations + found.evaluations,
  };

  function startOf(): Partition {
    if (!options.running) return best.partition;
    const changed = best.profit * (1 - options.changeShare * world.servers);
    return changed > profitOf(options.running) ? best.partition : options.running;
  }
}
