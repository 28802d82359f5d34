/** How long a decision takes by the clock: 60 servers at once, 1,000 and 10,000 by regions. */
import { tasksOf, type Tasks } from '../../domain/dcat/arrivals.ts';
import { stream } from '../../domain/dcat/random.ts';
import { CALIBRATED, type Settings } from '../../domain/dcat/settings.ts';
import { decideClusters } from '../../scheduler/cluster/decide.ts';
import type { ClusterDecision, ClusterRequest } from '../../scheduler/cluster/request.ts';

/** Budgets that leave a part of each bound for what surrounds the search: distances, paths, and what each member would have alone. */
const BUDGET_SHARE = 0.65;

/** A decision on so many servers at the density and load of the middle, nothing running. */
export function timedDecision(servers: number, boundMs: number, seed: number): ClusterDecision {
  return decideClusters(wideRequest(servers, boundMs * BUDGET_SHARE, seed));
}

/** Places and paths by formula, as no matrix of 10,000 servers would fit. */
function wideRequest(servers: number, budgetMs: number, seed: number): ClusterRequest {
  const share = servers / CALIBRATED.servers;
  const zoneSide = Math.max(5, Math.round(5 * Math.sqrt(share)));
  const settings: Settings = {
    ...CALIBRATED,
    servers,
    arrivals: CALIBRATED.arrivals * share,
    side: CALIBRATED.side * Math.sqrt(share),
    zonesPerSide: zoneSide,
    slotsPerCycle: servers > 1000 ? 12 : 60,
  };
  const random = stream(seed, 8);
  const x = Float64Array.from({ length: servers }, () => random.next() * settings.side);
  const y = Float64Array.from({ length: servers }, () => random.next() * settings.side);
  const far = (ax: number, ay: number, bx: number, by: number): number =>
    Math.sqrt((ax - bx) * (ax - bx) + (ay - by) * (ay - by));
  const width = settings.side / zoneSide;
  // The mean of 1 / v_s over its range.
  const perLink =
    Math.log(settings.bandwidth[1] / settings.bandwidth[0]) / (settings.bandwidth[1] - settings.bandwidth[0]);
  return {
    settings,
    servers: Array.from({ length: servers }, (_, i) => ({
      id: `s${i}`,
      power: random.between(settings.power[0], settings.power[1]),
    })),
    distance: (a, b) => far(x[a]!, y[a]!, x[b]!, y[b]!),
    path: (zone, i) => {
      const column = zone % zoneSide;
      const row = (zone - column) / zoneSide;
      const hops =
        1 + Math.floor(far((column + 0.5) * width, (row + 0.5) * width, x[i]!, y[i]!) / settings.linkLength);
      return {
        perMegabit: hops > settings.mostHops ? Infinity : hops * perLink,
        propagation: (hops * settings.linkLength) / settings.propagation,
      };
    },
    tasks: evenTasks(settings, zoneSide * zoneSide, seed),
    budgetMs,
    seed,
  };
}

function evenTasks(settings: Settings, zones: number, seed: number): Tasks {
  const random = stream(seed, 9);
  const list = Array.from({ length: settings.slotsPerCycle }, (_, slot) =>
    Array.from({ length: random.poisson(settings.arrivals) }, () => ({
      slot,
      work: random.between(settings.work[0], settings.work[1]),
      data: settings.data,
      deadline: random.between(settings.deadline[0], settings.deadline[1]),
      zone: random.below(zones),
      lottery: random.next(),
    })),
  ).flat();
  return tasksOf(settings, list, settings.slotsPerCycle);
}
