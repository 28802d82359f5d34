/** How good a policy is on worlds of the training range that no epoch draws. */
import { drawTasks } from '../../../domain/dcat/arrivals.ts';
import { stream } from '../../../domain/dcat/random.ts';
import { simulate } from '../../../domain/dcat/simulate.ts';
import type { Network } from '../net/network.ts';
import { greedy, sample } from '../policy/agent.ts';
import { feesOf } from './epoch.ts';
import { expectedDemand } from '../policy/demand.ts';
import { drawScene } from './worlds.ts';

/** Far beyond what any training reaches. */
const FIRST_SCENE = 500_000_000;

export interface Validation {
  /** Mean profit of clusterings drawn from the policy, as a share of all fees offered. */
  sampled: number;
  /** The same of the likeliest clusterings. */
  greedy: number;
}

export function validate(actor: Network, worlds: number): Validation {
  const sum = { sampled: 0, greedy: 0 };
  for (let index = 0; index < worlds; index++) {
    const { world, seed, cycle } = drawScene(FIRST_SCENE + index);
    const tasks = drawTasks(world, seed, cycle);
    const fees = feesOf(tasks);
    const state = expectedDemand(world, cycle);
    const drawn = sample(actor, state, stream(seed, 22)).partition;
    sum.sampled += simulate(world, tasks, drawn, 'rea').profit / fees;
    sum.greedy += simulate(world, tasks, greedy(actor, state), 'rea').profit / fees;
  }
  return { sampled: sum.sampled / worlds, greedy: sum.greedy / worlds };
}
