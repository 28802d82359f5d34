/** Why no node serves a task: how many are left after each filter, up to the one that leaves none, and how near that one was to leaving some. */
import type { Rows, Terms } from './facts.ts';
import type { FilterList } from './filter.ts';

export interface WhyNone {
  /** Nodes at first, and after each filter in its order; the last is 0. */
  kept: number[];
  /** The most that a node had of what the last filter asks at least of; null where it asks for one of some. */
  most: number | null;
}

/**
 * @param terms what the task asks of the filters (`FilterList.ask`)
 * @param list numbers of the nodes, `length` of them; what is in it afterwards has no meaning
 * @throws Error when a node passes every filter
 */
export function whyNone<N, T>(
  filters: FilterList<N, T>,
  terms: Terms,
  facts: Rows,
  list: Int32Array,
  length: number,
): WhyNone {
  const kept = [length];
  if (length === 0) return { kept, most: null };
  for (const [filter, { kind }] of filters.filters.entries()) {
    const before = kept.at(-1)!;
    const first = list[0]!;
    const left = terms.narrow(facts.values, list, before, filter);
    kept.push(left);
    if (left > 0) continue;
    // Where none is left, the list is as it was but for its first.
    list[0] = first;
    return { kept, most: kind === 'atLeast' ? mostOf(facts, filters.columnOf(filter), list, before) : null };
  }
  throw new Error('a task without a node passes every filter');
}

function mostOf({ values, width }: Rows, column: number, list: Int32Array, length: number): number {
  let most = values[list[0]! * width + column]!;
  for (let i = 1; i < length; i++) {
    const value = values[list[i]! * width + column]!;
    if (value > most) most = value;
  }
  return most;
}
