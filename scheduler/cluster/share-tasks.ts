/** Which region a task is counted to when regions are decided one by one. */
import { stream } from '../../domain/dcat/random.ts';
import type { ClusterRequest } from './request.ts';

/** Servers of a region that are asked how fast they are reached. */
const PROBES = 8;
/** A cluster of as many mean servers is what a region is expected to offer. */
const USUAL_MEMBERS = 4;

/**
 * Indices of the tasks of each region, ascending. A task goes to one of the regions that could serve it in time, drawn by their power and by
 * the time that they would leave; a task that none could serve goes to none.
 */
export function shareTasks(request: ClusterRequest, regions: readonly number[][]): number[][] {
  const { tasks, servers } = request;
  if (regions.length === 1) return [Array.from({ length: tasks.count }, (_, n) => n)];
  const zones = tasks.zone.reduce((most, zone) => Math.max(most, zone + 1), 0);
  const power = regions.map((own) => own.reduce((sum, i) => sum + servers[i]!.power, 0));
  const usual = regions.map((own, r) => (USUAL_MEMBERS * power[r]!) / own.length);
  const data = tasks.data.reduce((sum, size) => sum + size, 0) / tasks.count;
  const paths = regions.map((own) => {
    const step = Math.max(1, Math.floor(own.length / PROBES));
    const probes = own.filter((_, at) => at % step === 0);
    return Float64Array.from({ length: zones }, (_, zone) =>
      probes.reduce((least, i) => {
        const path = request.path(zone, i);
        const seconds = data * path.perMegabit + path.propagation;
        return seconds < least ? seconds : least;
      }, Infinity),
    );
  });
  const random = stream(request.seed, 7);
  const shares: number[][] = regions.map(() => []);
  const weights = new Float64Array(regions.length);
  for (let n = 0; n < tasks.count; n++) {
    let sum = 0;
    for (let r = 0; r < regions.length; r++) {
      const left = tasks.deadline[n]! - paths[r]![tasks.zone[n]!]! - tasks.work[n]! / usual[r]!;
      weights[r] = left > 0 ? power[r]! * left : 0;
      sum += weights[r]!;
    }
    let drawn = random.next() * sum;
    if (sum === 0) continue;
    let r = 0;
    while (r < regions.length - 1 && drawn >= weights[r]!) drawn -= weights[r++]!;
    shares[r]!.push(n);
  }
  return shares;
}
