/**
 * The whole cycle as numbers of about the size of 1: what the critic values. Not the backlog: no queue outlasts a deadline, 3 s of a cycle's 120,
 * so that it is worth next to nothing to the next cycle, while what a young critic makes of it, times ξ / (1 − ξ), was twice as large as the
 * differences between clusterings. The actor sees it.
 */
import type { Demand } from './demand.ts';

export const STATE_FEATURES = 16;

export function writeState(demand: Demand, row: Float32Array): void {
  const { world, meanDeadline, meanWork, meanFee, load, share, path, totalPower } = demand;
  const { settings, servers, zones } = world;
  let next = 0;
  const put = (value: number): void => {
    row[next++] = value;
  };
  put(Math.min(servers, 100) / 50);
  put(load / 2);
  put(servers > 0 ? (totalPower * meanDeadline) / meanWork / servers : 0);
  put(settings.urgency / meanDeadline);
  let cost = 0;
  let dearest = 0;
  for (let i = 0; i < servers; i++) {
    cost += world.unitCost[i]! / servers;
    dearest = Math.max(dearest, world.unitCost[i]!);
  }
  put(cost / meanFee);
  put(dearest / meanFee);
  // How near the servers stand to each other: shares of the pairs within R_max and within half and a quarter of it.
  for (const part of [1, 0.5, 0.25]) put(pairsWithin(demand, part * settings.reach));
  // How near they stand to the demand: power within reach of a zone's tasks, by four bounds on transmission.
  for (const bound of [0.1, 0.2, 0.4, 0.8]) {
    let sum = 0;
    for (let zone = 0; zone < zones; zone++)
      for (let i = 0; i < servers; i++)
        if (path[zone * servers + i]! <= bound * meanDeadline) sum += share[zone]! * world.power[i]!;
    put(totalPower > 0 ? sum / totalPower : 0);
  }
  // How unevenly tasks arrive: the largest share, and the sum of squares.
  let largest = 0;
  let squares = 0;
  for (const part of share) {
    largest = Math.max(largest, part);
    squares += part * part;
  }
  put(2 * largest);
  put(2 * squares);
  put(zones / 25);
  if (next !== STATE_FEATURES) throw new Error(`${next} features instead of ${STATE_FEATURES}`);
}

function pairsWithin({ world: { distance, servers } }: Demand, reach: number): number {
  if (servers < 2) return 0;
  let count = 0;
  for (let i = 0; i < servers; i++)
    for (let j = i + 1; j < servers; j++) if (distance[i * servers + j]! <= reach) count++;
  return count / ((servers * (servers - 1)) / 2);
}
