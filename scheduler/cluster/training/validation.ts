/** How good a policy is on worlds of the training range that no epoch draws. */
import { drawTasks } from '../../../domain/dcat/arrivals.ts';
import { simulate } from '../../../domain/dcat/simulate.ts';
import type { Network } from '../net/network.ts';
import { greedy } from '../policy/agent.ts';
import { feesOf, stateOf } from './epoch.ts';
import { drawScene } from './worlds.ts';

/** Far beyond what any training reaches. */
const FIRST_SCENE = 500_000_000;

/** Mean profit of the likeliest clustering as a share of all fees offered, over `worlds` scenes. */
export function validate(actor: Network, worlds: number): number {
  let sum = 0;
  for (let index = 0; index < worlds; index++) {
    const { world, seed, cycle } = drawScene(FIRST_SCENE + index);
    const tasks = drawTasks(world, seed, cycle);
    const partition = greedy(actor, stateOf(world, cycle, new Float64Array(world.servers)));
    sum += simulate(world, tasks, partition, 'rea').profit / feesOf(tasks);
  }
  return sum / worlds;
}
