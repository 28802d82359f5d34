/** The trained policy as a clusterer: servers and the tasks of the last cycles in, a partition out, in milliseconds and without one simulation. */
import type { Tasks } from '../../../domain/dcat/arrivals.ts';
import type { Partition } from '../../../domain/dcat/partition.ts';
import { Refusal } from '../../../domain/refusal.ts';
import type { World } from '../../../domain/dcat/world.ts';
import { greedy } from './agent.ts';
import { observedDemand } from './demand.ts';
import { readPolicy, SHIPPED_POLICY, type Training } from './policy-file.ts';

export interface Proposer {
  training: Training;
  /** `backlog`: unfinished work of each server, G. */
  propose(world: World, tasks: Tasks, options?: { backlog?: Float64Array; mostMembers?: number }): Partition;
}

/** @throws Refusal NOT_FOUND, DATA_BROKEN as `readPolicy` */
export function openPolicy(file: string = SHIPPED_POLICY): Proposer {
  const { actor, training } = readPolicy(file);
  return {
    training,
    propose: (world, tasks, { backlog, mostMembers } = {}) =>
      greedy(actor, observedDemand(world, tasks, backlog), mostMembers),
  };
}

/** The same for a market, which goes on without it: what is wrong with the file is said once, and clusters come from the search alone. */
export function openPolicyOr(
  say: (sentence: string) => void,
  file: string = SHIPPED_POLICY,
): Proposer | null {
  try {
    return openPolicy(file);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    say(error.message);
    return null;
  }
}
