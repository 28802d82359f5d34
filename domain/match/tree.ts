/**
 * Node states in space: the cube of states halved along its three axes at once, eight parts a branch, down to leaves of a few states.
 * Where a state belongs is in the bits of its components, so nothing has to be balanced and no path is longer than they. Equal states
 * share an entry (`Crowds`). Over every part stand the bounds of the facts within it, so that a search passes by what its constraints
 * exclude.
 */
import type { Best } from './best.ts';
import { Crowds } from './crowds.ts';
import { Rows, type Layout, type Terms } from './facts.ts';
import { LEAF, Leaves } from './leaves.ts';
import type { NodeArrays } from './node-arrays.ts';
import { grown, Pool } from './pool.ts';

/** Branches over no more nodes become a leaf. */
const SPARSE = LEAF >> 1;
const EMPTY = 0;
/** Removals a node after which bounds are drawn anew. */
const STALE = 4;
/**
 * Parts of a branch from the search's own: it, those beyond one side, the nearest side first, beyond an edge, beyond the corner. By which
 * of two sides is the nearer: bit 0 where y is nearer than x, 1 where z than y, 2 where z than x.
 */
const SIDES = [
  [1, 2, 4],
  [1, 4, 2],
  [2, 1, 4],
  [2, 4, 1],
  [4, 1, 2],
  [4, 2, 1],
] as const;
const ORDERS = ordersBySides();

export class StateTree {
  readonly #facts: Rows;
  readonly #crowds: Crowds;
  readonly #bits: number;
  /** Compute, network, storage of each node. */
  readonly #states: Uint16Array;
  /** Eight a branch, numbered by the next bit of compute, network and storage: 0 for none, a branch, or minus a leaf. The root hangs at 0. */
  #children: Int32Array;
  /** Nodes below a branch. */
  #totals: Int32Array;
  readonly #branchBounds: Rows;
  readonly #branches: Pool;
  readonly #leaves: Leaves;
  /** Links from the root to where the last descent ended: 8 × branch + part. */
  readonly #path: Int32Array;
  #depth = 0;
  /** Removals since the bounds were drawn. */
  #removed = 0;
  #size = 0;
  #x = 0;
  #y = 0;
  #z = 0;
  #best!: Best;
  #terms!: Terms;
  readonly #waiting = new Int32Array(LEAF);
  readonly #sums = new Float64Array(LEAF);

  /** @param bits of a component: states are below 2^bits */
  constructor({ gaps, facts, states, chunkOf }: NodeArrays, layout: Layout, bits: number) {
    this.#facts = facts;
    this.#bits = bits;
    this.#states = states;
    this.#path = new Int32Array(bits + 1);
    this.#crowds = new Crowds(gaps, facts, layout, chunkOf);
    const room = 4;
    this.#children = new Int32Array(8 * room);
    this.#totals = new Int32Array(room);
    this.#branchBounds = new Rows(layout, room);
    this.#branches = new Pool(room, (size) => {
      this.#children = grown(this.#children, 8 * size);
      this.#totals = grown(this.#totals, size);
      this.#branchBounds.grow(size);
    });
    this.#leaves = new Leaves(layout);
  }

  get size(): number {
    return this.#size;
  }

  get bytes(): number {
    const own = this.#children.byteLength + this.#totals.byteLength + this.#branchBounds.values.byteLength;
    return own + this.#leaves.bytes + this.#crowds.bytes;
  }

  /** Takes in a node at its state, which stays until it is removed. */
  insert(node: number): void {
    const x = this.#states[3 * node]!;
    const y = this.#states[3 * node + 1]!;
    const z = this.#states[3 * node + 2]!;
    this.#size++;
    let leaf = this.#descend(x, y, z, 1);
    if (leaf === EMPTY) leaf = this.#newLeaf();
    for (;;) {
      const slot = this.#leaves.slotOf(leaf, x, y, z);
      const count = this.#leaves.counts[leaf]!;
      if (slot < count) this.#gather(leaf, slot, node);
      else if (count < LEAF) this.#leaves.append(leaf, x, y, z, node);
      else {
        leaf = this.#split(leaf, x, y, z);
        continue;
      }
      break;
    }
    this.#widen(leaf, node);
  }

  /** The node's facts are others now. */
  change(node: number): void {
    const states = this.#states;
    const leaf = this.#descend(states[3 * node]!, states[3 * node + 1]!, states[3 * node + 2]!, 0);
    const slot = this.#leaves.slotOf(leaf, states[3 * node]!, states[3 * node + 1]!, states[3 * node + 2]!);
    const entry = this.#leaves.entries[LEAF * leaf + slot]!;
    if (entry < 0) this.#crowds.change(node);
    this.#widen(leaf, node);
  }

  #widen(leaf: number, node: number): void {
    if (!this.#leaves.bounds.widen(leaf, this.#facts, node)) return;
    for (let depth = this.#depth; depth > 0; depth--)
      if (!this.#branchBounds.widen(this.#path[depth]! >> 3, this.#facts, node)) return;
  }

  remove(node: number): void {
    const x = this.#states[3 * node]!;
    const y = this.#states[3 * node + 1]!;
    const z = this.#states[3 * node + 2]!;
    this.#size--;
    const leaf = this.#descend(x, y, z, -1);
    const slot = this.#leaves.slotOf(leaf, x, y, z);
    const entry = this.#leaves.entries[LEAF * leaf + slot]!;
    if (entry < 0) {
      const alone = this.#crowds.remove(-1 - entry, node);
      if (alone >= 0) this.#leaves.entries[LEAF * leaf + slot] = alone;
    } else {
      this.#leaves.drop(leaf, slot);
      if (this.#leaves.counts[leaf] === 0) {
        this.#leaves.give(leaf);
        this.#children[this.#path[this.#depth]!] = EMPTY;
      }
    }
    if (this.#depth > 0 && this.#totals[this.#path[this.#depth]! >> 3]! <= SPARSE) this.#collapse();
    if (++this.#removed > STALE * this.#size) this.#refreshAll();
  }

  /** Offers `best` every node that `terms` accept and that may still come in. */
  search(x: number, y: number, z: number, best: Best, terms: Terms): void {
    this.#x = x;
    this.#y = y;
    this.#z = z;
    this.#best = best;
    this.#terms = terms;
    const root = this.#children[0]!;
    if (root < 0) this.#visitLeaf(-root);
    else if (root > 0 && (!terms.any || terms.mayAccept(this.#branchBounds.values, root)))
      this.#visit(root, 1 << (this.#bits - 1), 0, 0, 0, 0, 0, 0);
  }

  /** The branch over the cube of side 2 × `half` from (cx, cy, cz); what each axis adds to the squares up to it. */
  #visit(
    branch: number,
    half: number,
    cx: number,
    cy: number,
    cz: number,
    dx: number,
    dy: number,
    dz: number,
  ): void {
    const best = this.#best;
    const children = this.#children;
    const ax = this.#x - cx - half;
    const ay = this.#y - cy - half;
    const az = this.#z - cz - half;
    // Minus one below the middle, else 0: in which half the wish lies is nothing that a processor could foresee, so no branch asks.
    const bx = ax >> 31;
    const by = ay >> 31;
    const bz = az >> 31;
    const near = 7 + bx + 2 * by + 4 * bz;
    // To the other half: its last coordinate when it lies below.
    const rx = ax + 1 + bx;
    const ry = ay + 1 + by;
    const rz = az + 1 + bz;
    const fx = rx * rx;
    const fy = ry * ry;
    const fz = rz * rz;
    let order = 0;
    let { limit } = best;
    for (let i = 0; i < 8; i++) {
      if (i === 1) {
        // Whatever is left lies beyond at least one side.
        const sx = fx + dy + dz;
        const sy = dx + fy + dz;
        const sz = dx + dy + fz;
        if (sx >= limit && sy >= limit && sz >= limit) return;
        order = 8 * (((sy - sx) >>> 31) + 2 * ((sz - sy) >>> 31) + 4 * ((sz - sx) >>> 31));
      }
      const away = ORDERS[order + i]!;
      const part = near ^ away;
      const child = children[8 * branch + part]!;
      if (child === EMPTY) continue;
      const ex = (away & 1) === 0 ? dx : fx;
      const ey = (away & 2) === 0 ? dy : fy;
      const ez = (away & 4) === 0 ? dz : fz;
      if (ex + ey + ez >= limit) continue;
      if (child < 0) this.#visitLeaf(-child);
      else if (!this.#terms.looks || this.#terms.mayAccept(this.#branchBounds.values, child)) {
        const px = cx + half * (part & 1);
        const py = cy + half * ((part >> 1) & 1);
        const pz = cz + half * (part >> 2);
        this.#visit(child, half >> 1, px, py, pz, ex, ey, ez);
      }
      limit = best.limit;
    }
  }

  #visitLeaf(leaf: number): void {
    const terms = this.#terms;
    const leaves = this.#leaves;
    if (terms.looks && !terms.mayAccept(leaves.bounds.values, leaf)) return;
    const best = this.#best;
    const { points, entries } = leaves;
    const facts = this.#facts.values;
    const { any } = terms;
    const x = this.#x;
    const y = this.#y;
    const z = this.#z;
    const end = LEAF * leaf + leaves.counts[leaf]!;
    let waiting = 0;
    let { limit } = best;
    for (let at = LEAF * leaf; at < end; at++) {
      const dx = points[3 * at]! - x;
      const dy = points[3 * at + 1]! - y;
      const dz = points[3 * at + 2]! - z;
      const sum = dx * dx + dy * dy + dz * dz;
      if (sum >= limit) continue;
      const entry = entries[at]!;
      if (entry < 0) waiting = this.#wait(-1 - entry, sum, waiting);
      else if (!any || terms.accepts(facts, entry)) {
        best.offer(entry, sum);
        limit = best.limit;
      }
    }
    for (let i = 0; i < waiting && this.#sums[i]! < best.limit; i++)
      this.#crowds.visit(this.#waiting[i]!, this.#sums[i]!, best, terms);
  }

  /** Crowds of a leaf wait for their turn, the nearest first: often it fills the list alone. */
  #wait(crowd: number, sum: number, count: number): number {
    let place = count;
    for (; place > 0 && this.#sums[place - 1]! > sum; place--) {
      this.#sums[place] = this.#sums[place - 1]!;
      this.#waiting[place] = this.#waiting[place - 1]!;
    }
    this.#sums[place] = sum;
    this.#waiting[place] = crowd;
    return count + 1;
  }

  /** Counts one node more or less on the way. @returns the leaf where a state belongs, or none; the links to it are in `#path` */
  #descend(x: number, y: number, z: number, change: number): number {
    const children = this.#children;
    const totals = this.#totals;
    const path = this.#path;
    let depth = 0;
    let part = children[0]!;
    path[0] = 0;
    while (part > 0) {
      totals[part] = totals[part]! + change;
      const link = this.#linkOf(part, this.#bits - 1 - depth, x, y, z);
      path[++depth] = link;
      part = children[link]!;
    }
    this.#depth = depth;
    return -part;
  }

  #linkOf(branch: number, bit: number, x: number, y: number, z: number): number {
    return 8 * branch + ((x >> bit) & 1) + 2 * ((y >> bit) & 1) + 4 * ((z >> bit) & 1);
  }

  /** At the end of the path. */
  #newLeaf(): number {
    const leaf = this.#leaves.take();
    this.#children[this.#path[this.#depth]!] = -leaf;
    return leaf;
  }

  #gather(leaf: number, slot: number, node: number): void {
    const at = LEAF * leaf + slot;
    let entry = this.#leaves.entries[at]!;
    if (entry >= 0) {
      entry = -1 - this.#crowds.create(entry);
      this.#leaves.entries[at] = entry;
    }
    this.#crowds.add(-1 - entry, node);
  }

  /** A full leaf becomes a branch; @returns its leaf where the state belongs */
  #split(leaf: number, x: number, y: number, z: number): number {
    const bit = this.#bits - 1 - this.#depth;
    const branch = this.#branches.take();
    this.#branchBounds.copy(branch, this.#leaves.bounds, leaf);
    this.#children[this.#path[this.#depth]!] = branch;
    this.#children.fill(EMPTY, 8 * branch, 8 * branch + 8);
    this.#totals[branch] = 1;
    this.#depth++;
    for (let slot = 0; slot < LEAF; slot++) this.#hang(branch, bit, leaf, slot);
    this.#leaves.give(leaf);
    this.#path[this.#depth] = this.#linkOf(branch, bit, x, y, z);
    const child = this.#children[this.#path[this.#depth]!]!;
    return child === EMPTY ? this.#newLeaf() : -child;
  }

  /** An entry of a leaf that was split, in the branch's own. */
  #hang(branch: number, bit: number, leaf: number, slot: number): void {
    const at = LEAF * leaf + slot;
    const { points, entries } = this.#leaves;
    const entry = entries[at]!;
    const [x, y, z] = [points[3 * at]!, points[3 * at + 1]!, points[3 * at + 2]!];
    this.#path[this.#depth] = this.#linkOf(branch, bit, x, y, z);
    const child = this.#children[this.#path[this.#depth]!]!;
    const home = child === EMPTY ? this.#newLeaf() : -child;
    this.#leaves.append(home, x, y, z, entry);
    this.#totals[branch]! += entry < 0 ? this.#crowds.sizeOf(-1 - entry) : 1;
    this.#widenBy(home, entry);
  }

  /** The highest branch of the path with so few nodes becomes a leaf. */
  #collapse(): void {
    let depth = this.#depth;
    while (depth > 1 && this.#totals[this.#path[depth - 1]! >> 3]! <= SPARSE) depth--;
    const branch = this.#path[depth]! >> 3;
    this.#depth = depth - 1;
    this.#children[this.#path[this.#depth]!] = EMPTY;
    if (this.#totals[branch]! > 0) this.#empty(branch, this.#newLeaf());
    else this.#empty(branch, EMPTY);
  }

  /** What is below a branch goes to a leaf. */
  #empty(branch: number, into: number): void {
    for (let link = 8 * branch; link < 8 * branch + 8; link++) {
      const child = this.#children[link]!;
      if (child > 0) this.#empty(child, into);
      if (child >= 0) continue;
      for (let at = LEAF * -child; at < LEAF * -child + this.#leaves.counts[-child]!; at++) {
        this.#leaves.copy(into, at);
      }
      this.#leaves.bounds.unite(into, this.#leaves.bounds, -child);
      this.#leaves.give(-child);
    }
    this.#branches.give(branch);
  }

  /** Bounds only ever widen as nodes come; after some removals a node they are drawn anew. */
  #refreshAll(): void {
    this.#removed = 0;
    const root = this.#children[0]!;
    if (root !== EMPTY) this.#refresh(root);
  }

  #refresh(part: number): void {
    if (part < 0) {
      this.#leaves.bounds.clear(-part);
      for (let at = LEAF * -part; at < LEAF * -part + this.#leaves.counts[-part]!; at++)
        this.#widenBy(-part, this.#leaves.entries[at]!);
      return;
    }
    this.#branchBounds.clear(part);
    for (let link = 8 * part; link < 8 * part + 8; link++) {
      const child = this.#children[link]!;
      if (child === EMPTY) continue;
      this.#refresh(child);
      if (child < 0) this.#branchBounds.unite(part, this.#leaves.bounds, -child);
      else this.#branchBounds.unite(part, this.#branchBounds, child);
    }
  }

  #widenBy(leaf: number, entry: number): void {
    if (entry < 0) this.#crowds.refresh(-1 - entry, this.#leaves.bounds, leaf);
    else this.#leaves.bounds.widen(leaf, this.#facts, entry);
  }
}

function ordersBySides(): Uint8Array {
  const orders = new Uint8Array(64);
  // Two of the eight can't be, unless sums leave 32 bits: any order is right there too.
  for (let row = 0; row < 8; row++) orders.set([0, 1, 2, 4, 3, 5, 6, 7], 8 * row);
  for (const sides of SIDES) {
    const [first, second, third] = sides;
    const order: readonly number[] = sides;
    const isBefore = (one: number, other: number): number =>
      order.indexOf(one) < order.indexOf(other) ? 1 : 0;
    const row = isBefore(2, 1) + 2 * isBefore(4, 2) + 4 * isBefore(4, 1);
    orders.set([0, ...sides, first + second, first + third, second + third, 7], 8 * row);
  }
  return orders;
}
