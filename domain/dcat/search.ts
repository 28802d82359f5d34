/** Local search on simulated profit: random moves, kept when they don't cost more than a threshold that falls to zero. */
import { drawMove, neighbourhoodOf } from './moves.ts';
import { exchange, standingOf, type Objective } from './objective.ts';
import { admissiblePairs, partitionOf, type Partition } from './partition.ts';
import { stream } from './random.ts';
import type { World } from './world.ts';

export interface SearchOptions {
  seed: number;
  /** Share of the budget that is spent, 0 to 1; the search ends at 1. A clock, or a count: see `countdown`. */
  spent: () => number;
  /** The threshold at the start, as a share of the profit of `from`. */
  threshold?: number;
}

export interface Found {
  partition: Partition;
  profit: number;
  evaluations: number;
}

/** A budget of so many evaluations, for results that don't depend on the machine's speed. */
export function countdown(evaluations: number): () => number {
  let asked = 0;
  return () => asked++ / evaluations;
}

/** How far a run may fall behind what stands, as a share of its profit, before it is given up. */
const SLACK = 0.004;

export function search(world: World, objective: Objective, from: Partition, options: SearchOptions): Found {
  const random = stream(options.seed, 5);
  const around = neighbourhoodOf(world.servers, admissiblePairs(world));
  const standing = standingOf(world, from);
  let profit = objective.profit(standing);
  const start = profit;
  let best: Found = { partition: partitionOf(standing.clusterOf), profit, evaluations: 1 };
  let evaluations = 1;
  const least = new Float64Array(objective.tasks.slots);
  const after = Float64Array.from(objective.profitAfter);
  for (let spent = options.spent(); spent < 1; spent = options.spent()) {
    const move = firstMove();
    if (!move) break;
    const allowed = (options.threshold ?? 0) * start * (1 - spent);
    const slack = allowed + SLACK * profit;
    for (let slot = 0; slot < least.length; slot++) least[slot] = after[slot]! - slack;
    const removed = move.taken.map((name) => standing.members[name]!);
    exchange(standing, move.taken, move.added);
    const changed = objective.profitUnless(standing, least);
    evaluations++;
    if (changed < profit - allowed) {
      exchange(
        standing,
        move.added.map((members) => members[0]!),
        removed,
      );
      continue;
    }
    profit = changed;
    after.set(objective.profitAfter);
    if (profit > best.profit) best = { partition: partitionOf(standing.clusterOf), profit, evaluations };
  }
  return { ...best, evaluations };

  /** The next admissible move; null where there is none among many draws. */
  function firstMove(): ReturnType<typeof drawMove> {
    for (let draw = 0; draw < 1000; draw++) {
      const move = drawMove(standing, around, random);
      if (move) return move;
    }
    return null;
  }
}
