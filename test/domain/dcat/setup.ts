/** A small world of the calibrated setting with a cycle's tasks. */
import { drawTasks, type Tasks } from '../../../domain/dcat/arrivals.ts';
import { objectiveOf } from '../../../domain/dcat/objective.ts';
import { CALIBRATED, type Settings } from '../../../domain/dcat/settings.ts';
import { drawWorld, type World } from '../../../domain/dcat/world.ts';

export function setup(
  own: Partial<Settings>,
  seed: number,
): { world: World; tasks: Tasks; objective: ReturnType<typeof objectiveOf> } {
  const world = drawWorld({ ...CALIBRATED, slotsPerCycle: 8, ...own }, seed);
  const tasks = drawTasks(world, seed, 0);
  return { world, tasks, objective: objectiveOf(world, tasks, 'rea') };
}
