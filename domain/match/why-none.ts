/** Why no node serves a task: how many are left after each filter, up to the one that leaves none, and how near that one was to leaving some. */
import type { Rows, Terms } from './facts.ts';
import type { FilterList } from './filter.ts';

export interface WhyNone<R extends string = string> {
  /** The filter that left nothing; NO_CLASS where there was nothing to filter. */
  reason: R | 'NO_CLASS';
  /** Nodes at first (NO_CLASS), then after each filter in its order, up to the one that left none. */
  counts: Partial<Record<R | 'NO_CLASS', number>>;
  /** The most that a node had of what that filter asks at least of; null where it asks for one of some. */
  most: number | null;
}

/**
 * @param terms what the task asks of the filters (`FilterList.ask`)
 * @param list numbers of the nodes, `length` of them; what is in it afterwards has no meaning
 * @throws Error when a node passes every filter
 */
export function whyNone<N, T, R extends string>(
  filters: FilterList<N, T, R>,
  terms: Terms,
  facts: Rows,
  list: Int32Array,
  length: number,
): WhyNone<R> {
  const counts: WhyNone<R>['counts'] = {};
  counts.NO_CLASS = length;
  if (length === 0) return { reason: 'NO_CLASS', counts, most: null };
  let before = length;
  for (const [filter, { kind, reason }] of filters.filters.entries()) {
    const first = list[0]!;
    const left = terms.narrow(facts.values, list, before, filter);
    counts[reason] = left;
    if (left === 0) {
      // Where none is left, the list is as it was but for its first.
      list[0] = first;
      const most = kind === 'atLeast' ? mostOf(facts, filters.columnOf(filter), list, before) : null;
      return { reason, counts, most };
    }
    before = left;
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
