/** The nearest miss of a task that no node serves: the node that fails the fewest of its constraints, the nearest of several, then the first. */
import type { Resources } from '../distance.ts';
import type { FilterList } from './filter.ts';
import type { NodeIndex } from './node-index.ts';

export interface Miss<R extends string = string> {
  /** Its number. */
  node: number;
  /** Of its state from the task's wish (002, Eq. 5). */
  distance: number;
  /** Reasons of the constraints that it fails. */
  fails: (R | 'NO_CLASS')[];
}

/**
 * @param index whose terms are those of the task
 * @param nodes their numbers
 * @param isOf whether a node is of a class that the task takes
 * @returns null without nodes
 */
export function nearestMiss<N, T, R extends string>(
  filters: FilterList<N, T, R>,
  index: NodeIndex,
  nodes: Iterable<number>,
  wish: Resources,
  isOf: (node: number) => boolean,
): Miss<R> | null {
  const { terms, facts } = index;
  let [nearest, least, distance] = [-1, Infinity, Infinity];
  for (const node of nodes) {
    const fails = terms.countFailed(facts.values, node) + (isOf(node) ? 0 : 1);
    if (fails > least) continue;
    const far = index.distanceOf(node, wish);
    if (fails === least && far >= distance) continue;
    [nearest, least, distance] = [node, fails, far];
  }
  if (nearest < 0) return null;
  const failed = terms.failed(facts.values, nearest).map((filter) => filters.filters[filter]!.reason);
  return { node: nearest, distance, fails: isOf(nearest) ? failed : ['NO_CLASS', ...failed] };
}
