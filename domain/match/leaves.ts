/** Leaves of the tree of states: a few states each, with the node or the crowd in each. */
import { Rows, type Layout } from './facts.ts';
import { grown, Pool } from './pool.ts';

/** Most states of a leaf. */
export const LEAF = 24;

export class Leaves {
  /** States in each leaf. */
  counts: Uint8Array;
  /** Compute, network, storage of each place; a leaf's first place is `LEAF` × its number. */
  points: Uint16Array;
  /** At each place a node, or minus one minus a crowd. */
  entries: Int32Array;
  readonly bounds: Rows;
  readonly #pool: Pool;

  constructor(layout: Layout) {
    const room = 4;
    this.counts = new Uint8Array(room);
    this.points = new Uint16Array(3 * LEAF * room);
    this.entries = new Int32Array(LEAF * room);
    this.bounds = new Rows(layout, room);
    this.#pool = new Pool(room, (size) => {
      this.counts = grown(this.counts, size);
      this.points = grown(this.points, 3 * LEAF * size);
      this.entries = grown(this.entries, LEAF * size);
      this.bounds.grow(size);
    });
  }

  get bytes(): number {
    const { counts, points, entries, bounds } = this;
    return counts.byteLength + points.byteLength + entries.byteLength + bounds.values.byteLength;
  }

  /** An empty one. */
  take(): number {
    const leaf = this.#pool.take();
    this.counts[leaf] = 0;
    this.bounds.clear(leaf);
    return leaf;
  }

  give(leaf: number): void {
    this.#pool.give(leaf);
  }

  /** The place of a state within a leaf; how many there are when it has none. */
  slotOf(leaf: number, x: number, y: number, z: number): number {
    const { points } = this;
    const count = this.counts[leaf]!;
    for (let slot = 0; slot < count; slot++) {
      const at = 3 * (LEAF * leaf + slot);
      if (points[at] === x && points[at + 1] === y && points[at + 2] === z) return slot;
    }
    return count;
  }

  append(leaf: number, x: number, y: number, z: number, entry: number): void {
    const at = LEAF * leaf + this.counts[leaf]!++;
    this.points[3 * at] = x;
    this.points[3 * at + 1] = y;
    this.points[3 * at + 2] = z;
    this.entries[at] = entry;
  }

  /** Copies what is at `at`. */
  copy(leaf: number, at: number): void {
    const { points } = this;
    this.append(leaf, points[3 * at]!, points[3 * at + 1]!, points[3 * at + 2]!, this.entries[at]!);
  }

  /** The last entry takes the slot's place. */
  drop(leaf: number, slot: number): void {
    const { points, entries } = this;
    const last = LEAF * leaf + --this.counts[leaf]!;
    const at = LEAF * leaf + slot;
    points[3 * at] = points[3 * last]!;
    points[3 * at + 1] = points[3 * last + 1]!;
    points[3 * at + 2] = points[3 * last + 2]!;
    entries[at] = entries[last]!;
  }
}
