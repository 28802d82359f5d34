/** The clusterings that are compared, each a decision a cycle from what the cycles before have shown. */
import { drawTasks, joinTasks, type Tasks } from '../../domain/dcat/arrivals.ts';
import { bestKMeans, givenK, kMeans, randomClustering } from '../../domain/dcat/baselines.ts';
import { greedyMerge } from '../../domain/dcat/merge.ts';
import { objectiveOf, standingOf } from '../../domain/dcat/objective.ts';
import { singles, type Partition } from '../../domain/dcat/partition.ts';
import { countdown, search } from '../../domain/dcat/search.ts';
import type { World } from '../../domain/dcat/world.ts';
import { decideClusters } from '../../scheduler/cluster/decide.ts';
import type { Network } from '../../scheduler/cluster/net/network.ts';
import { greedy } from '../../scheduler/cluster/policy/agent.ts';
import { observedDemand } from '../../scheduler/cluster/policy/demand.ts';
import { decided, requestOf, runningOf } from './request.ts';

export interface Situation {
  world: World;
  seed: number;
  cycle: number;
  /** Tasks of the cycles before. */
  history: Tasks;
  backlog: Float64Array;
  /** What this clustering decided for the cycle before. */
  last: Partition | null;
}

export type Clustering = (situation: Situation) => Partition;

export const rand: Clustering = ({ world, seed }) => randomClustering(world, seed);

export const km: Clustering = ({ world, seed }) => kMeans(world, givenK(world.servers), seed);

export const kmBest: Clustering = ({ world, seed, history }) => {
  const objective = objectiveOf(world, history, 'rea');
  return bestKMeans(world, seed, (partition) => objective.profit(standingOf(world, partition))).partition;
};

export const merge: Clustering = ({ world, history }) =>
  greedyMerge(world, objectiveOf(world, history, 'rea')).partition;

/** Local search alone, from every server bidding alone: no k-means, no policy. */
export function localSearch(evaluations: number): Clustering {
  return ({ world, seed, history }) =>
    search(world, objectiveOf(world, history, 'rea'), singles(world.servers), {
      seed,
      spent: countdown(evaluations),
      threshold: 0.32 / world.servers,
      rounds: 2,
    }).partition;
}

/** The policy's likeliest clustering, nothing else: what A2C, or REINFORCE, alone brings. */
export function policyAlone(actor: Network): Clustering {
  return ({ world, history, backlog }) => greedy(actor, observedDemand(world, history, backlog));
}

/** What ships: the decision module, for so many evaluations a cycle, with the policy's proposal where there is a policy. */
export function shipped(
  evaluations: number,
  actor: Network | null,
  regard: 'warm' | 'cold' = 'warm',
): Clustering {
  return (situation) => {
    const { world, seed, history, last } = situation;
    const proposals = actor ? [policyAlone(actor)(situation)] : [];
    const running = last && regard === 'warm' ? runningOf(last) : [];
    const request = requestOf(world, history, { seed, budgetMs: evaluations, proposals, running });
    return decided(world, decideClusters(request, counter()));
  };
}

/** A clock that goes on by one whenever it is read, which is once an evaluation: figures that no machine's speed changes. */
function counter(): () => number {
  let time = 0;
  return () => time++;
}

/** The last `cycles` before a cycle. */
export function historyOf(world: World, seed: number, cycle: number, cycles: number): Tasks {
  return joinTasks(Array.from({ length: cycles }, (_, ago) => drawTasks(world, seed, cycle - cycles + ago)));
}
