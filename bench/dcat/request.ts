/** A drawn world as the market would ask for a decision on it. */
import type { Tasks } from '../../domain/dcat/arrivals.ts';
import { clustersOf, partitionOf, type Partition } from '../../domain/dcat/partition.ts';
import type { World } from '../../domain/dcat/world.ts';
import type { ClusterDecision, ClusterRequest } from '../../scheduler/cluster/request.ts';

export function requestOf(
  world: World,
  tasks: Tasks,
  options: Pick<ClusterRequest, 'budgetMs' | 'seed'> & Partial<ClusterRequest>,
): ClusterRequest {
  return {
    settings: world.settings,
    servers: Array.from(world.power, (power, i) => ({ id: nameOf(i), power })),
    distance: (a, b) => world.distance[a * world.servers + b]!,
    path: (zone, i) => ({
      perMegabit: world.perMegabit[zone * world.servers + i]!,
      propagation: world.propagation[zone * world.servers + i]!,
    }),
    tasks,
    ...options,
  };
}

export function runningOf(partition: Partition, leased = false): ClusterRequest['running'] {
  return clustersOf(partition)
    .filter((members) => members.length > 1)
    .map((members) => ({ members: members.map(nameOf), leased }));
}

/** The decision as a partition of the world's servers. */
export function decided(world: World, decision: ClusterDecision): Partition {
  const labels = Int32Array.from({ length: world.servers }, (_, i) => -1 - i);
  decision.clusters.forEach(({ members }, label) => {
    for (const { id } of members) labels[Number(id.slice(1))] = label;
  });
  return partitionOf(labels);
}

function nameOf(i: number): string {
  return `s${String(i).padStart(6, '0')}`;
}
