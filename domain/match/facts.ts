/**
 * What constraints look at: a row of small integers for each node, and over every group of nodes the widest that one of them could be.
 * Two kinds of column serve all filters: **ordered** ones, where a task wants at least so much (at most is at least of the negative), and
 * **named** ones, where it wants one of some numbers.
 */

/** Columns of a fact table: the ordered ones come first. */
export interface Layout {
  ordered: number;
  named: number;
}

const NEVER = -0x80000000;
/** Bounds are worth a look when constraints took fewer than one in so many, of at least so many. */
const RARE = 4;
const ENOUGH = 16;

/** A table of rows, one a node; or of bounds, one a group of nodes: the most of an ordered column, the set (mod 32) of a named one. */
export class Rows {
  readonly width: number;
  readonly #ordered: number;
  values: Int32Array;

  constructor({ ordered, named }: Layout, capacity: number) {
    this.width = ordered + named;
    this.#ordered = ordered;
    this.values = new Int32Array(this.width * capacity);
  }

  grow(capacity: number): void {
    const grown = new Int32Array(this.width * capacity);
    grown.set(this.values);
    this.values = grown;
  }

  /** The bounds of no node at all. */
  clear(row: number): void {
    const { width, values } = this;
    const ordered = this.#ordered;
    const base = row * width;
    for (let column = 0; column < width; column++) values[base + column] = column < ordered ? NEVER : 0;
  }

  copy(row: number, from: Rows, fromRow: number): void {
    const { width, values } = this;
    for (let column = 0; column < width; column++)
      values[row * width + column] = from.values[fromRow * width + column]!;
  }

  /** Bounds `row` take in a node; false when they had room for it already. */
  widen(row: number, nodes: Rows, node: number): boolean {
    const { width, values } = this;
    const ordered = this.#ordered;
    const facts = nodes.values;
    const base = row * width;
    const from = node * width;
    let wider = false;
    for (let column = 0; column < ordered; column++) {
      const value = facts[from + column]!;
      if (value > values[base + column]!) {
        values[base + column] = value;
        wider = true;
      }
    }
    for (let column = ordered; column < width; column++) {
      const before = values[base + column]!;
      const after = before | (1 << facts[from + column]!);
      if (after !== before) {
        values[base + column] = after;
        wider = true;
      }
    }
    return wider;
  }

  /** Bounds `row` take in other bounds. */
  unite(row: number, other: Rows, otherRow: number): void {
    const { width, values } = this;
    const ordered = this.#ordered;
    const bounds = other.values;
    for (let column = 0; column < width; column++) {
      const at = row * width + column;
      const value = bounds[otherRow * width + column]!;
      if (column >= ordered) values[at] = values[at]! | value;
      else if (value > values[at]!) values[at] = value;
    }
  }
}

/** What one search wants of the columns, in the order of its filters. */
export class Terms {
  readonly #width: number;
  /** By term: its column, the least value, or 1 for each number that would do, and the same folded into 32 bits. */
  readonly #columns: Int32Array;
  readonly #least: Int32Array;
  readonly #choices: (Uint8Array | null)[];
  readonly #masks: Int32Array;
  /** The filter behind it. */
  readonly #filters: Int32Array;
  #count = 0;
  #judge: ((node: number) => boolean) | null = null;
  /** False when every node passes. */
  any = false;
  /** Whether constraints turned out so rare that bounds are worth a look. */
  looks = false;
  #taken = 0;
  #refused = 0;

  constructor({ ordered, named }: Layout, most: number) {
    this.#width = ordered + named;
    this.#columns = new Int32Array(most);
    this.#least = new Int32Array(most);
    this.#choices = new Array<Uint8Array | null>(most).fill(null);
    this.#masks = new Int32Array(most);
    this.#filters = new Int32Array(most);
  }

  reset(): void {
    this.#count = 0;
    this.#judge = null;
    this.any = false;
    this.looks = false;
    this.#taken = 0;
    this.#refused = 0;
  }

  atLeast(column: number, value: number, filter: number): void {
    this.#columns[this.#count] = column;
    this.#filters[this.#count] = filter;
    this.#least[this.#count] = value;
    this.#choices[this.#count++] = null;
    this.any = true;
  }

  /** @param choice 1 at each number that would do, 0 at the others */
  oneOf(column: number, choice: Uint8Array, filter: number): void {
    let mask = 0;
    for (let number = 0; number < choice.length; number++) if (choice[number] === 1) mask |= 1 << number;
    this.#columns[this.#count] = column;
    this.#masks[this.#count] = mask;
    this.#filters[this.#count] = filter;
    this.#choices[this.#count++] = choice;
    this.any = true;
  }

  /** A last word on nodes that pass everything else. */
  judgedBy(judge: (node: number) => boolean): void {
    this.#judge = judge;
    this.any = true;
  }

  /** Whether a node passes; keeps count of how many did. */
  accepts(nodes: Int32Array, node: number): boolean {
    if (this.#passes(nodes, node) && (this.#judge === null || this.#judge(node))) {
      this.#taken++;
      return true;
    }
    if (++this.#refused > ENOUGH && this.#refused > RARE * this.#taken) this.looks = true;
    return false;
  }

  #passes(nodes: Int32Array, node: number): boolean {
    const base = node * this.#width;
    // One branch at the end, shifts before it: which term fails is nothing that a processor could foresee.
    let pass = 1;
    for (let term = 0; term < this.#count; term++) {
      const value = nodes[base + this.#columns[term]!]!;
      const choice = this.#choices[term]!;
      pass &= choice === null ? 1 + ((value - this.#least[term]!) >> 31) : choice[value]!;
    }
    return pass === 1;
  }

  /**
   * Takes out of a list the nodes that fail what one filter asks; the rest stays in its order.
   * @returns how many are left
   */
  narrow(nodes: Int32Array, list: Int32Array, length: number, filter: number): number {
    const term = this.#termOf(filter);
    if (term < 0) return length;
    const width = this.#width;
    const column = this.#columns[term]!;
    const choice = this.#choices[term]!;
    const least = this.#least[term]!;
    let left = 0;
    if (choice === null)
      for (let i = 0; i < length; i++) {
        list[left] = list[i]!;
        left += nodes[list[i]! * width + column]! >= least ? 1 : 0;
      }
    else
      for (let i = 0; i < length; i++) {
        list[left] = list[i]!;
        left += choice[nodes[list[i]! * width + column]!] === 1 ? 1 : 0;
      }
    return left;
  }

  #termOf(filter: number): number {
    for (let term = 0; term < this.#count; term++) if (this.#filters[term] === filter) return term;
    return -1;
  }

  /** Every filter that a node fails. */
  failed(nodes: Int32Array, node: number): number[] {
    const failed: number[] = [];
    for (let term = 0; term < this.#count; term++)
      if (this.#fails(nodes, node, term)) failed.push(this.#filters[term]!);
    return failed;
  }

  /** How many filters a node fails. */
  countFailed(nodes: Int32Array, node: number): number {
    let count = 0;
    for (let term = 0; term < this.#count; term++) count += this.#fails(nodes, node, term) ? 1 : 0;
    return count;
  }

  #fails(nodes: Int32Array, node: number, term: number): boolean {
    const value = nodes[node * this.#width + this.#columns[term]!]!;
    const choice = this.#choices[term]!;
    return choice === null ? value < this.#least[term]! : choice[value] !== 1;
  }

  /** False when no node within these bounds is accepted. */
  mayAccept(bounds: Int32Array, row: number): boolean {
    const base = row * this.#width;
    for (let term = 0; term < this.#count; term++) {
      const bound = bounds[base + this.#columns[term]!]!;
      if (this.#choices[term] === null ? bound < this.#least[term]! : (bound & this.#masks[term]!) === 0)
        return false;
    }
    return true;
  }
}
