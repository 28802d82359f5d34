/**
 * Nodes by state, in groups (a class of cards each): the nearest that pass a search's terms, exactly, while nodes come, move and leave.
 * Nodes are small numbers that the caller gives out; everything about them stands in flat arrays by that number.
 */
import type { Resources } from '../distance.ts';
import { Best } from './best.ts';
import { Rows, Terms, type Layout } from './facts.ts';
import { StateTree } from './tree.ts';

/** Bits of a component from 0 to 10,000. */
export const STATE_BITS = 14;
/** Most terms that one search has. */
const MOST_TERMS = 16;

export interface IndexShape {
  layout: Layout;
  /** Numbers run from 0 to one less. */
  capacity: number;
  /** Most nodes that one search returns. */
  widest: number;
  /** Components of states are below 2^bits, at most 16. */
  bits?: number;
}

export interface Search {
  /** The wish, in the space of states. */
  compute: number;
  network: number;
  storage: number;
  /** How many nodes. */
  width: number;
  /** The number that wins ties of distance and gap, then the next, round the ring. */
  place: number;
  /** Group of each node of which one node may be found; null for no such rule. */
  oneOfEach: Int32Array | null;
}

export class NodeIndex {
  /** Of the current search, then of the last one. */
  readonly best: Best;
  /** To be filled before a search. */
  readonly terms: Terms;
  /** By node; to be written before the node comes. */
  readonly facts: Rows;
  readonly gaps: Uint32Array;
  readonly #states: Uint16Array;
  readonly #groups: Uint16Array;
  readonly #chunkOf: Int32Array;
  readonly #layout: Layout;
  readonly #bits: number;
  readonly #trees: (StateTree | undefined)[] = [];

  constructor({ layout, capacity, widest, bits = STATE_BITS }: IndexShape) {
    this.#layout = layout;
    this.#bits = bits;
    this.gaps = new Uint32Array(capacity);
    this.facts = new Rows(layout, capacity);
    this.#states = new Uint16Array(3 * capacity);
    this.#groups = new Uint16Array(capacity);
    this.#chunkOf = new Int32Array(capacity);
    this.best = new Best(this.gaps, widest);
    this.terms = new Terms(layout, MOST_TERMS);
  }

  /** Everything but a few hundred bytes of objects. */
  get bytes(): number {
    const own = [this.gaps, this.facts.values, this.#states, this.#groups, this.#chunkOf];
    const ownBytes = own.reduce((sum, { byteLength }) => sum + byteLength, 0);
    return this.#trees.reduce((sum, tree) => sum + (tree?.bytes ?? 0), ownBytes);
  }

  sizeOf(group: number): number {
    return this.#trees[group]?.size ?? 0;
  }

  /** A node that is not in; its facts and gap are written already. */
  insert(node: number, group: number, compute: number, network: number, storage: number): void {
    this.#groups[node] = group;
    this.#states[3 * node] = compute;
    this.#states[3 * node + 1] = network;
    this.#states[3 * node + 2] = storage;
    this.#treeOf(group).insert(node);
  }

  remove(node: number): void {
    this.#trees[this.#groups[node]!]!.remove(node);
  }

  /** A node whose facts were written anew; its gap may not change while it is in. */
  change(node: number): void {
    this.#trees[this.#groups[node]!]!.change(node);
  }

  /** Of the node's state from a wish (002, Eq. 5). */
  distanceOf(node: number, { compute, network, storage }: Resources): number {
    const x = this.#states[3 * node]! - compute;
    const y = this.#states[3 * node + 1]! - network;
    const z = this.#states[3 * node + 2]! - storage;
    return Math.floor((x * x + y * y + z * z) / 3);
  }

  /** Fills `best` from the named groups, or all. */
  search(
    { compute, network, storage, width, place, oneOfEach }: Search,
    groups: readonly number[] | null,
  ): void {
    this.best.reset(width, place, oneOfEach);
    if (groups === null)
      for (const tree of this.#trees) tree?.search(compute, network, storage, this.best, this.terms);
    else
      for (const group of groups)
        this.#trees[group]?.search(compute, network, storage, this.best, this.terms);
  }

  #treeOf(group: number): StateTree {
    return (this.#trees[group] ??= new StateTree(
      { gaps: this.gaps, facts: this.facts, states: this.#states, chunkOf: this.#chunkOf },
      this.#layout,
      this.#bits,
    ));
  }
}
