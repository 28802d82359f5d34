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

/** What one search wants of the columns. */
export class Terms {
  readonly #width: number;
  /** Columns with a least value, and the values. */
  readonly #columns: Int32Array;
  readonly #least: Int32Array;
  /** Named columns with a choice: 1 for each number that would do, and the same folded into 32 bits. */
  readonly #named: Int32Array;
  readonly #choices: Uint8Array[] = [];
  readonly #masks: Int32Array;
  #leasts = 0;
  #names = 0;
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
    this.#named = new Int32Array(most);
    this.#masks = new Int32Array(most);
  }

  reset(): void {
    this.#leasts = 0;
    this.#names = 0;
    this.any = false;
    this.looks = false;
    this.#taken = 0;
    this.#refused = 0;
  }

  atLeast(column: number, value: number): void {
    this.#columns[this.#leasts] = column;
    this.#least[this.#leasts++] = value;
    this.any = true;
  }

  /** @param choice 1 at each number that would do */
  oneOf(column: number, choice: Uint8Array): void {
    let mask = 0;
    for (let number = 0; number < choice.length; number++) if (choice[number] === 1) mask |= 1 << number;
    this.#named[this.#names] = column;
    this.#masks[this.#names] = mask;
    this.#choices[this.#names++] = choice;
    this.any = true;
  }

  /** Whether a node passes; keeps count of how many did. */
  accepts(nodes: Int32Array, node: number): boolean {
    if (!this.passes(nodes, node)) {
      if (++this.#refused > ENOUGH && this.#refused > RARE * this.#taken) this.looks = true;
      return false;
    }
    this.#taken++;
    return true;
  }

  passes(nodes: Int32Array, node: number): boolean {
    const base = node * this.#width;
    // One branch at the end: which constraint fails is nothing that a processor could foresee.
    let pass = 1;
    for (let i = 0; i < this.#leasts; i++)
      pass &= nodes[base + this.#columns[i]!]! >= this.#least[i]! ? 1 : 0;
    for (let i = 0; i < this.#names; i++) pass &= this.#choices[i]![nodes[base + this.#named[i]!]!]!;
    return pass === 1;
  }

  /** False when no node within these bounds is accepted. */
  mayAccept(bounds: Int32Array, row: number): boolean {
    const base = row * this.#width;
    for (let i = 0; i < this.#leasts; i++)
      if (bounds[base + this.#columns[i]!]! < this.#least[i]!) return false;
    for (let i = 0; i < this.#names; i++)
      if ((bounds[base + this.#named[i]!]! & this.#masks[i]!) === 0) return false;
    return true;
  }
}
