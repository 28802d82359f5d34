/** The world of some of a request's servers, with the tasks that they compete for. */
import { takeTasks, type Tasks } from '../../domain/dcat/arrivals.ts';
import { placesOf } from '../../domain/dcat/places.ts';
import { unitCost } from '../../domain/dcat/settings.ts';
import type { World } from '../../domain/dcat/world.ts';
import type { ClusterRequest } from './request.ts';

export function worldOf(request: ClusterRequest, own: readonly number[], zones: readonly number[]): World {
  const servers = own.length;
  const { settings } = request;
  const distance = new Float64Array(servers * servers);
  for (let a = 0; a < servers; a++)
    for (let b = 0; b < a; b++) {
      const measured = request.distance(own[a]!, own[b]!);
      const far = measured >= 0 ? measured : Infinity;
      distance[a * servers + b] = far;
      distance[b * servers + a] = far;
    }
  const perMegabit = new Float64Array(zones.length * servers);
  const propagation = new Float64Array(zones.length * servers);
  zones.forEach((zone, row) =>
    own.forEach((server, column) => {
      const path = request.path(zone, server);
      perMegabit[row * servers + column] = path.perMegabit;
      propagation[row * servers + column] = path.propagation;
    }),
  );
  const power = Float64Array.from(own, (i) => request.servers[i]!.power);
  return {
    settings,
    servers,
    power,
    unitCost: Float64Array.from(
      own,
      (i, at) => request.servers[i]!.unitCost ?? unitCost(settings, power[at]!),
    ),
    ...placesOf(distance, servers),
    distance,
    zones: zones.length,
    zoneShare: new Float64Array(zones.length),
    zonePhase: new Float64Array(zones.length),
    perMegabit,
    propagation,
  };
}

/** All zones of the tasks, each once, ascending. */
export function zonesOf(tasks: Tasks): number[] {
  return [...new Set(tasks.zone)].sort((a, b) => a - b);
}

/** Tasks at these indices, ascending; with `zones`, their zones numbered by their place in it. */
export function tasksAt(tasks: Tasks, indices: readonly number[], zones?: readonly number[]): Tasks {
  if (!zones) return takeTasks(tasks, indices);
  const place = new Map(zones.map((zone, at) => [zone, at]));
  const taken = takeTasks(tasks, indices);
  return { ...taken, zone: taken.zone.map((zone) => place.get(zone)!) };
}
