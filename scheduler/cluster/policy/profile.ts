/** What one cluster could do for the expected demand: the numbers that a choice is made by. */
import type { Demand } from './demand.ts';

/** Queues, as shares of the mean deadline, at which a cluster's reach is asked. */
const QUEUES = [0, 0.2, 0.4] as const;

export interface Profile {
  size: number;
  /** GHz. */
  power: number;
  /** Least price a G at which no member loses. */
  reserve: number;
  /** Work that its members bring along, G. */
  backlog: number;
  /** Transmission from each zone to its best member, s. */
  path: Float64Array;
  /** Share of the demand that it could finish in time with an empty queue, a short and a longer one. */
  reach: Float64Array;
  /** The same of each zone with the short queue, 0 to 1. */
  zoneReach: Float64Array;
  /** Mean transmission over the demand that has a path, s. */
  meanPath: number;
}

export function emptyProfile(demand: Demand): Profile {
  const { zones } = demand.world;
  return {
    size: 0,
    power: 0,
    reserve: 0,
    backlog: 0,
    path: new Float64Array(zones).fill(Infinity),
    reach: new Float64Array(QUEUES.length),
    zoneReach: new Float64Array(zones),
    meanPath: 0,
  };
}

/** Makes `into` the profile of `cluster` with server i. The same object may be both. */
export function joined(demand: Demand, cluster: Profile, i: number, into: Profile): void {
  const { world, path } = demand;
  const { servers, zones } = world;
  into.size = cluster.size + 1;
  into.power = cluster.power + world.power[i]!;
  into.reserve = Math.max(cluster.reserve, world.unitCost[i]!);
  into.backlog = cluster.backlog + demand.backlog[i]!;
  for (let zone = 0; zone < zones; zone++)
    into.path[zone] = Math.min(cluster.path[zone]!, path[zone * servers + i]!);
  judge(demand, into);
}

/** Time that a task of each kind leaves for transmission and queue, s: all of them, the most first. */
function slackOf({ work, deadline }: Demand, power: number, into: Float64Array): number {
  let cells = 0;
  for (const l of work)
    for (const tau of deadline) {
      const slack = tau - l / power;
      let at = cells++;
      for (; at > 0 && into[at - 1]! < slack; at--) into[at] = into[at - 1]!;
      into[at] = slack;
    }
  return cells;
}

const slack = new Float64Array(16);

function judge(demand: Demand, profile: Profile): void {
  const { world, share, meanDeadline } = demand;
  const cells = slackOf(demand, profile.power, slack);
  const { reach, zoneReach } = profile;
  reach.fill(0);
  let pathSum = 0;
  let pathShare = 0;
  for (let zone = 0; zone < world.zones; zone++) {
    const path = profile.path[zone]!;
    const part = share[zone]!;
    let met = cells;
    for (let queue = 0; queue < QUEUES.length; queue++) {
      const least = path + QUEUES[queue]! * meanDeadline;
      while (met > 0 && slack[met - 1]! < least) met--;
      reach[queue]! += (part * met) / cells;
      if (queue === 1) zoneReach[zone] = met / cells;
    }
    if (path < Infinity) {
      pathSum += part * path;
      pathShare += part;
    }
  }
  profile.meanPath = pathShare > 0 ? pathSum / pathShare : meanDeadline;
}
