/** Local search on simulated profit: random moves, kept when they don't cost more than a threshold that falls to zero. */
import { drawMove, neighbourhoodOf } from './moves.ts';
import { exchange, standingOf, type Objective } from './objective.ts';
import { admissiblePairs, clustersOf, partitionOf, type Partition } from './partition.ts';
import { stream } from './random.ts';
import type { World } from './world.ts';

export interface SearchOptions {
  seed: number;
  /** Share of the budget that is spent, 0 to 1; the search ends at 1. A clock, or a count: see `countdown`. */
  spent: () => number;
  /** The threshold at the start, as a share of the profit of `from`. */
  threshold?: number;
  /** How often the threshold falls from the start to zero, each time from the best so far. */
  rounds?: number;
  /** Largest cluster that may be formed. */
  mostMembers?: number;
  /** 1 for a server whose cluster in `from` must stay as it is. */
  fixed?: Uint8Array;
  /** What a clustering costs for every server in a cluster that did not stand in `running`. */
  change?: { running: Partition; costPerServer: number };
}

export interface Found {
  partition: Partition;
  /** Less the cost of changes. */
  profit: number;
  evaluations: number;
}

/** A budget of so many evaluations, for results that don't depend on the machine's speed. */
export function countdown(evaluations: number): () => number {
  let asked = 0;
  return () => asked++ / evaluations;
}

/** How far a run may fall behind what stands, as a share of its profit, before it is given up. */
const SLACK = 0.002;

export function search(world: World, objective: Objective, from: Partition, options: SearchOptions): Found {
  const random = stream(options.seed, 5);
  const around = neighbourhoodOf(world.servers, admissiblePairs(world), options);
  const costOf = changeCost(options.change);
  const standing = standingOf(world, from);
  let cost = sumOf(clustersOf(from), costOf);
  let profit = objective.profit(standing) - cost;
  const start = profit;
  let best: Found = { partition: partitionOf(standing.clusterOf), profit, evaluations: 1 };
  let evaluations = 1;
  const least = new Float64Array(objective.tasks.slots);
  const after = Float64Array.from(objective.profitAfter);
  const rounds = options.rounds ?? 1;
  let round = 0;
  for (let spent = options.spent(); spent < 1; spent = options.spent()) {
    if (spent * rounds >= round + 1) {
      round = Math.floor(spent * rounds);
      restart();
    }
    const move = firstMove();
    if (!move) break;
    const allowed = (options.threshold ?? 0) * start * (1 + round - spent * rounds);
    const removed = move.taken.map((name) => standing.members[name]!);
    const dearer = sumOf(move.added, costOf) - sumOf(removed, costOf);
    const slack = allowed + SLACK * profit - dearer;
    for (let slot = 0; slot < least.length; slot++) least[slot] = after[slot]! - slack;
    exchange(standing, move.taken, move.added);
    const changed = objective.profitUnless(standing, least) - cost - dearer;
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
    cost += dearer;
    after.set(objective.profitAfter);
    if (profit > best.profit) best = { partition: partitionOf(standing.clusterOf), profit, evaluations };
  }
  return { ...best, evaluations };

  function restart(): void {
    const names = [...new Set(standing.clusterOf)];
    exchange(standing, names, clustersOf(best.partition));
    cost = sumOf(clustersOf(best.partition), costOf);
    profit = objective.profit(standing) - cost;
    after.set(objective.profitAfter);
  }

  /** The next admissible move; null where there is none among many draws. */
  function firstMove(): ReturnType<typeof drawMove> {
    for (let draw = 0; draw < 1000; draw++) {
      const move = drawMove(standing, around, random);
      if (move) return move;
    }
    return null;
  }
}

/** What a cluster costs: nothing when it stood before, or when it is one server, which nobody has to agree with. */
function changeCost(change: SearchOptions['change']): (members: readonly number[]) => number {
  if (!change || change.costPerServer === 0) return () => 0;
  const { running, costPerServer } = change;
  const sizes = new Int32Array(running.length);
  for (const name of running) sizes[name]!++;
  return (members) => {
    const name = running[members[0]!]!;
    const stood = sizes[name] === members.length && members.every((i) => running[i] === name);
    return stood || members.length === 1 ? 0 : members.length * costPerServer;
  };
}

function sumOf(clusters: readonly (readonly number[])[], of: (members: readonly number[]) => number): number {
  return clusters.reduce((sum, members) => sum + of(members), 0);
}
