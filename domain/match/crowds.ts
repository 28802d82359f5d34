/**
 * Nodes in one and the same state: idle machines of a kind share a point, so that thousands are equally near. A crowd keeps its nodes in
 * the order of (gap, number), in chunks; a search enters where its place on the ring is and leaves at the first that comes too late.
 */
import type { Best } from './best.ts';
import { Rows, type Layout, type Terms } from './facts.ts';
import { grown, Pool } from './pool.ts';

const CHUNK = 16;
/** Chunks below a quarter join their neighbour. */
const SPARSE = CHUNK >> 2;

interface Directory {
  chunks: Int32Array;
  length: number;
}

export class Crowds {
  readonly #gaps: Uint32Array;
  readonly #facts: Rows;
  readonly #chunks: Pool;
  #members: Int32Array;
  #counts: Uint8Array;
  readonly #bounds: Rows;
  readonly #crowds: Pool;
  /** The crowd's chunk while one is enough, -1 otherwise. */
  #single: Int32Array;
  readonly #directories: (Directory | undefined)[] = [];
  /** A position: chunk of a directory, and place in it. */
  #atChunk = 0;
  #at = 0;

  constructor(gaps: Uint32Array, facts: Rows, layout: Layout) {
    this.#gaps = gaps;
    this.#facts = facts;
    const room = 4;
    this.#members = new Int32Array(room * CHUNK);
    this.#counts = new Uint8Array(room);
    this.#single = new Int32Array(room);
    this.#bounds = new Rows(layout, room);
    this.#chunks = new Pool(room, (size) => {
      this.#members = grown(this.#members, size * CHUNK);
      this.#counts = grown(this.#counts, size);
      this.#bounds.grow(size);
    });
    this.#crowds = new Pool(room, (size) => {
      this.#single = grown(this.#single, size);
    });
  }

  get bytes(): number {
    let directories = 0;
    for (const directory of this.#directories) if (directory) directories += directory.chunks.byteLength + 64;
    return (
      this.#members.byteLength +
      this.#counts.byteLength +
      this.#single.byteLength +
      this.#bounds.values.byteLength +
      directories
    );
  }

  /** A crowd of one. */
  create(node: number): number {
    const crowd = this.#crowds.take();
    const chunk = this.#newChunk();
    this.#members[chunk * CHUNK] = node;
    this.#counts[chunk] = 1;
    this.#bounds.widen(chunk, this.#facts, node);
    this.#single[crowd] = chunk;
    return crowd;
  }

  add(crowd: number, node: number): void {
    this.#find(crowd, this.#gaps[node]!, node);
    // A node that belongs between two chunks goes to the end of the first.
    if (this.#at === 0 && this.#atChunk > 0) {
      this.#atChunk--;
      this.#at = this.#counts[this.#chunkAt(crowd, this.#atChunk)]!;
    }
    let chunk = this.#chunkAt(crowd, this.#atChunk);
    if (this.#counts[chunk] === CHUNK) chunk = this.#split(crowd, chunk);
    const base = chunk * CHUNK;
    const count = this.#counts[chunk]!;
    const members = this.#members;
    const at = base + this.#at;
    for (let i = base + count; i > at; i--) members[i] = members[i - 1]!;
    members[at] = node;
    this.#counts[chunk] = count + 1;
    this.#bounds.widen(chunk, this.#facts, node);
  }

  /** @returns the node that is left alone, and the crowd is no more; -1 otherwise */
  remove(crowd: number, node: number): number {
    this.#find(crowd, this.#gaps[node]!, node);
    const at = this.#atChunk;
    const chunk = this.#chunkAt(crowd, at);
    const base = chunk * CHUNK;
    const count = this.#counts[chunk]! - 1;
    const members = this.#members;
    for (let i = base + this.#at; i < base + count; i++) members[i] = members[i + 1]!;
    this.#counts[chunk] = count;
    if (this.#single[crowd]! >= 0) {
      if (count > 1) return -1;
      const last = members[base]!;
      this.#chunks.give(chunk);
      this.#crowds.give(crowd);
      return last;
    }
    if (count < SPARSE) this.#join(crowd, at);
    return -1;
  }

  /** The node's facts are others now. */
  change(crowd: number, node: number): void {
    this.#find(crowd, this.#gaps[node]!, node);
    this.#bounds.widen(this.#chunkAt(crowd, this.#atChunk), this.#facts, node);
  }

  sizeOf(crowd: number): number {
    let size = 0;
    for (let i = 0; i < this.#lengthOf(crowd); i++) size += this.#counts[this.#chunkAt(crowd, i)]!;
    return size;
  }

  /** Offers `best` every node of the crowd that may still come in: gap by gap, each run of equal gaps from the search's place round. */
  visit(crowd: number, sum: number, best: Best, terms: Terms): void {
    const { place } = best;
    const length = this.#lengthOf(crowd);
    this.#atChunk = 0;
    this.#at = 0;
    while (this.#atChunk < length) {
      const chunk = this.#atChunk;
      const at = this.#at;
      const first = this.#members[this.#chunkAt(crowd, chunk) * CHUNK + at]!;
      const gap = this.#gaps[first]!;
      if (best.excludes(sum, gap)) return;
      if (first >= place || this.#isAlone(crowd, gap)) {
        if (!this.#scan(crowd, gap, Infinity, sum, best, terms)) return;
        continue;
      }
      this.#find(crowd, gap, place);
      if (!this.#scan(crowd, gap, Infinity, sum, best, terms)) return;
      const endChunk = this.#atChunk;
      const end = this.#at;
      this.#atChunk = chunk;
      this.#at = at;
      if (!this.#scan(crowd, gap, place, sum, best, terms)) return;
      this.#atChunk = endChunk;
      this.#at = end;
    }
  }

  /** Whether the node where the position stands is the only one of its gap; false as well where that is not seen at once. */
  #isAlone(crowd: number, gap: number): boolean {
    const chunk = this.#chunkAt(crowd, this.#atChunk);
    const next = this.#at + 1;
    return next < this.#counts[chunk]! && this.#gaps[this.#members[chunk * CHUNK + next]!] !== gap;
  }

  /** Bounds that were widened by nodes that have left are drawn anew. */
  refresh(crowd: number, bounds: Rows, row: number): void {
    for (let i = 0; i < this.#lengthOf(crowd); i++) {
      const chunk = this.#chunkAt(crowd, i);
      this.#redraw(chunk);
      bounds.unite(row, this.#bounds, chunk);
    }
  }

  /** From the position on, numbers below `end` of this gap; moves it to the first after them. False when one came after a full list. */
  #scan(crowd: number, gap: number, end: number, sum: number, best: Best, terms: Terms): boolean {
    const members = this.#members;
    const gaps = this.#gaps;
    const facts = this.#facts.values;
    const bounds = this.#bounds.values;
    const single = this.#single[crowd]!;
    const directory = single >= 0 ? null : this.#directories[crowd]!;
    const length = directory === null ? 1 : directory.length;
    let from = this.#at;
    for (let index = this.#atChunk; index < length; index++, from = 0) {
      const chunk = directory === null ? single : directory.chunks[index]!;
      const base = chunk * CHUNK;
      const count = this.#counts[chunk]!;
      for (let at = from; at < count; at++) {
        const node = members[base + at]!;
        if (node >= end || gaps[node] !== gap) {
          this.#atChunk = index;
          this.#at = at;
          return true;
        }
        if (terms.any) {
          // Nothing of this chunk passes: what is left of it needs no look.
          if (at === from && terms.looks && !terms.mayAccept(bounds, chunk)) break;
          if (!terms.accepts(facts, node)) continue;
        }
        if (!best.offer(node, sum)) return false;
      }
    }
    this.#atChunk = length;
    this.#at = 0;
    return true;
  }

  /** Stands at the first node that is not before (gap, number); past the last chunk when all are. */
  #find(crowd: number, gap: number, number: number): void {
    const single = this.#single[crowd]!;
    let chunk = single;
    this.#atChunk = 0;
    if (single < 0) {
      const { chunks, length } = this.#directories[crowd]!;
      let low = 0;
      let high = length;
      // The last chunk whose first node is not after the key.
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const first = this.#members[chunks[middle]! * CHUNK]!;
        if (this.#isAfter(first, gap, number)) high = middle;
        else low = middle;
      }
      this.#atChunk = low;
      chunk = chunks[low]!;
    }
    const base = chunk * CHUNK;
    const count = this.#counts[chunk]!;
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = this.#members[base + middle]!;
      const before = this.#gaps[node]! - gap || node - number;
      if (before < 0) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
    if (low === count) {
      this.#atChunk++;
      this.#at = 0;
    }
  }

  #isAfter(node: number, gap: number, number: number): boolean {
    const difference = this.#gaps[node]! - gap;
    return difference > 0 || (difference === 0 && node > number);
  }

  #lengthOf(crowd: number): number {
    return this.#single[crowd]! >= 0 ? 1 : this.#directories[crowd]!.length;
  }

  #chunkAt(crowd: number, index: number): number {
    const single = this.#single[crowd]!;
    return single >= 0 ? single : this.#directories[crowd]!.chunks[index]!;
  }

  /** Halves a full chunk; the position stays that of the same gap between nodes. @returns its chunk */
  #split(crowd: number, chunk: number): number {
    const right = this.#newChunk();
    const half = CHUNK >> 1;
    const base = chunk * CHUNK;
    this.#members.copyWithin(right * CHUNK, base + half, base + CHUNK);
    this.#counts[chunk] = half;
    this.#counts[right] = CHUNK - half;
    this.#redraw(chunk);
    this.#redraw(right);
    let directory = this.#directories[crowd];
    if (directory === undefined) {
      directory = { chunks: Int32Array.of(chunk, 0, 0, 0), length: 1 };
      this.#directories[crowd] = directory;
      this.#single[crowd] = -1;
    }
    const { length } = directory;
    if (length === directory.chunks.length) directory.chunks = grown(directory.chunks, length * 2);
    directory.chunks.copyWithin(this.#atChunk + 2, this.#atChunk + 1, length);
    directory.chunks[this.#atChunk + 1] = right;
    directory.length = length + 1;
    if (this.#at <= half) return chunk;
    this.#at -= half;
    return right;
  }

  /** A sparse chunk takes in a neighbour, or the neighbour's surplus stays where it is. */
  #join(crowd: number, index: number): void {
    const directory = this.#directories[crowd]!;
    const { chunks, length } = directory;
    const left = index + 1 < length ? index : index - 1;
    const [one, other] = [chunks[left]!, chunks[left + 1]!];
    const [count, more] = [this.#counts[one]!, this.#counts[other]!];
    if (count + more > CHUNK - SPARSE && count > 0 && more > 0) return;
    if (count + more > CHUNK) return;
    this.#members.copyWithin(one * CHUNK + count, other * CHUNK, other * CHUNK + more);
    this.#counts[one] = count + more;
    this.#bounds.unite(one, this.#bounds, other);
    this.#chunks.give(other);
    chunks.copyWithin(left + 1, left + 2, length);
    directory.length = length - 1;
    if (directory.length > 1) return;
    this.#single[crowd] = one;
    this.#directories[crowd] = undefined;
  }

  #newChunk(): number {
    const chunk = this.#chunks.take();
    this.#bounds.clear(chunk);
    this.#counts[chunk] = 0;
    return chunk;
  }

  #redraw(chunk: number): void {
    this.#bounds.clear(chunk);
    for (let at = chunk * CHUNK; at < chunk * CHUNK + this.#counts[chunk]!; at++)
      this.#bounds.widen(chunk, this.#facts, this.#members[at]!);
  }
}
