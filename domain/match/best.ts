/**
 * The best nodes so far, in order: (distance, gap, way on the ring from the search's place to the node). Nodes are numbers, and their
 * ring is the numbers themselves: whoever numbers them decides the last tie-break. Distances are kept as the sums of squares that they
 * are a third of, rounded down.
 */
/** Beyond every sum of squares of 16-bit components. */
const NO_LIMIT = 3 * 2 ** 32;

export class Best {
  /** Second key of a node, the smaller the earlier. */
  readonly #gaps: Uint32Array;
  readonly #nodes: Int32Array;
  readonly #sums: Float64Array;
  #count = 0;
  #width = 0;
  /** Group of each node of which one node may come in; null for no such rule. */
  #groups: Int32Array | null = null;
  /** Sums of this or more are too far to come in any more. */
  limit = NO_LIMIT;
  /** Where the ring starts for this search. */
  place = 0;

  constructor(gaps: Uint32Array, mostWidth: number) {
    this.#gaps = gaps;
    this.#nodes = new Int32Array(mostWidth);
    this.#sums = new Float64Array(mostWidth);
  }

  reset(width: number, place: number, groups: Int32Array | null): void {
    this.#count = 0;
    this.limit = NO_LIMIT;
    this.#width = width;
    this.place = place;
    this.#groups = groups;
  }

  get count(): number {
    return this.#count;
  }

  nodeAt(index: number): number {
    return this.#nodes[index]!;
  }

  distanceAt(index: number): number {
    return Math.floor(this.#sums[index]! / 3);
  }

  /** Whether a list that is full has no place for such a node. */
  excludes(sum: number, gap: number): boolean {
    if (this.#count < this.#width) return false;
    const last = this.#width - 1;
    const farther = Math.floor(sum / 3) - this.distanceAt(last);
    return farther > 0 || (farther === 0 && gap > this.#gaps[this.#nodes[last]!]!);
  }

  /** False when it comes after a full list. */
  offer(node: number, sum: number): boolean {
    const nodes = this.#nodes;
    const sums = this.#sums;
    const width = this.#width;
    let count = this.#count;
    let place = count;
    if (count === width) {
      place = width - 1;
      if (!this.#precedes(node, sum, place)) return false;
    }
    const sibling = this.#groups === null ? -1 : this.#siblingOf(node, this.#groups);
    if (sibling >= 0) {
      if (!this.#precedes(node, sum, sibling)) return true;
      place = sibling;
    } else if (count < width) this.#count = ++count;
    // What follows the new one's place moves down, up to the entry that leaves.
    for (; place > 0; place--) {
      const other = sums[place - 1]!;
      // Three apart, their thirds differ.
      if (sum > other - 3 && (sum >= other + 3 || !this.#precedesNear(node, sum, place - 1))) break;
      nodes[place] = nodes[place - 1]!;
      sums[place] = other;
    }
    nodes[place] = node;
    sums[place] = sum;
    if (count === width) this.limit = sums[width - 1]! + 3;
    return true;
  }

  #siblingOf(node: number, groups: Int32Array): number {
    const group = groups[node];
    for (let i = 0; i < this.#count; i++) if (groups[this.#nodes[i]!] === group) return i;
    return -1;
  }

  #precedes(node: number, sum: number, index: number): boolean {
    const other = this.#sums[index]!;
    return sum <= other - 3 || (sum < other + 3 && this.#precedesNear(node, sum, index));
  }

  #precedesNear(node: number, sum: number, index: number): boolean {
    const difference = Math.floor(sum / 3) - this.distanceAt(index);
    if (difference !== 0) return difference < 0;
    const other = this.#nodes[index]!;
    const gap = this.#gaps[node]! - this.#gaps[other]!;
    if (gap !== 0) return gap < 0;
    // Numbers before the place come after those that are not.
    const late = node < this.place;
    return late === other < this.place ? node < other : !late;
  }
}
