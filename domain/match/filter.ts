/**
 * A constraint on the nodes that may serve a task, one file of `filters/` each. It says what it looks at as a whole number, so that an
 * index can pass by whole groups of nodes that it excludes; and it names the reason that a task hears when it leaves nothing.
 */
import type { Layout, Rows, Terms } from './facts.ts';

/** At least so much of something, from -2^30 to 2^30; at most is at least of the negative. */
export interface AtLeast<N, T, R extends string = string> {
  kind: 'atLeast';
  reason: R;
  fact: (node: N) => number;
  /** null: anything will do. */
  wish: (task: T) => number | null;
}

/** One of some numbers; names are numbered from 0 by whoever builds the index. */
export interface OneOf<N, T, R extends string = string> {
  kind: 'oneOf';
  reason: R;
  fact: (node: N) => number;
  /** 1 at each number that would do, 0 at every other that a node may have; null: any will do. */
  wish: (task: T) => Uint8Array | null;
}

export type Filter<N, T, R extends string = string> = AtLeast<N, T, R> | OneOf<N, T, R>;

/** Filters in the order in which reasons are looked for, and where in a row of facts each one looks. */
export class FilterList<N, T, R extends string = string> {
  readonly layout: Layout;
  readonly filters: readonly Filter<N, T, R>[];
  /** That there are no nodes of a wanted class, then each filter's. */
  readonly reasons: readonly (R | 'NO_CLASS')[];
  readonly #columns: readonly number[];

  constructor(filters: readonly Filter<N, T, R>[]) {
    this.filters = filters;
    this.reasons = ['NO_CLASS', ...filters.map(({ reason }) => reason)];
    const named = filters.filter(({ kind }) => kind === 'oneOf').length;
    this.layout = { ordered: filters.length - named, named };
    let [nextOrdered, nextNamed] = [0, this.layout.ordered];
    this.#columns = filters.map(({ kind }) => (kind === 'oneOf' ? nextNamed++ : nextOrdered++));
  }

  /** Writes what the filters look at. */
  write(rows: Rows, row: number, node: N): void {
    const base = row * rows.width;
    for (let i = 0; i < this.filters.length; i++)
      rows.values[base + this.#columns[i]!] = this.filters[i]!.fact(node);
  }

  /** Where filter number `filter` looks. */
  columnOf(filter: number): number {
    return this.#columns[filter]!;
  }

  /** Writes what the task wants. */
  ask(terms: Terms, task: T): void {
    terms.reset();
    for (let i = 0; i < this.filters.length; i++) {
      const filter = this.filters[i]!;
      if (filter.kind === 'atLeast') {
        const least = filter.wish(task);
        if (least !== null) terms.atLeast(this.#columns[i]!, least, i);
      } else {
        const choice = filter.wish(task);
        if (choice !== null) terms.oneOf(this.#columns[i]!, choice, i);
      }
    }
  }
}
