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

/** Chunks in order. Nodes of a chunk are not before its key (gap, number), and before the next one's. */
interface Directory {
  chunks: Int32Array;
  gaps: Uint32Array;
  numbers: Int32Array;
  length: number;
}

export class Crowds {
  readonly #gaps: Uint32Array;
  readonly #facts: Rows;
  /** The chunk of each node that is in a crowd. */
  readonly #chunkOf: Int32Array;
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

  /** @param chunkOf room for a number a node, which no other crowds of a node use */
  constructor(gaps: Uint32Array, facts: Rows, layout: Layout, chunkOf: Int32Array) {
    this.#gaps = gaps;
    this.#facts = facts;
    this.#chunkOf = chunkOf;
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
    for (const directory of this.#directories)
      if (directory) directories += 3 * directory.chunks.byteLength + 128;
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
    this.#chunkOf[node] = chunk;
    this.#counts[chunk] = 1;
    this.#bounds.widen(chunk, this.#facts, node);
    this.#single[crowd] = chunk;
    return crowd;
  }

  add(crowd: number, node: number): void {
    this.#seek(crowd, this.#gaps[node]!, node);
    let chunk = this.#chunkAt(crowd, this.#atChunk);
    if (this.#counts[chunk] === CHUNK) chunk = this.#split(crowd, chunk);
    const base = chunk * CHUNK;
    const count = this.#counts[chunk]!;
    const members = this.#members;
    const at = base + this.#at;
    for (let i = base + count; i > at; i--) members[i] = members[i - 1]!;
    members[at] = node;
    this.#chunkOf[node] = chunk;
    this.#counts[chunk] = count + 1;
    this.#bounds.widen(chunk, this.#facts, node);
  }

  /** @returns the node that is left alone, and the crowd is no more; -1 otherwise */
  remove(crowd: number, node: number): number {
    const chunk = this.#chunkOf[node]!;
    const members = this.#members;
    const count = this.#counts[chunk]! - 1;
    const end = chunk * CHUNK + count;
    let at = chunk * CHUNK;
    while (members[at] !== node) at++;
    for (; at < end; at++) members[at] = members[at + 1]!;
    this.#counts[chunk] = count;
    if (this.#single[crowd]! >= 0) {
      if (count > 1) return -1;
      this.#chunks.give(chunk);
      this.#crowds.give(crowd);
      return members[chunk * CHUNK]!;
    }
    if (count < SPARSE) {
      // Where the node would be is its chunk, empty or not.
      this.#seek(crowd, this.#gaps[node]!, node);
      this.#join(crowd, this.#atChunk);
    }
    return -1;
  }

  /** The node's facts are others now. */
  change(node: number): void {
    this.#bounds.widen(this.#chunkOf[node]!, this.#facts, node);
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
    this.#seek(crowd, gap, number);
    if (this.#at < this.#counts[this.#chunkAt(crowd, this.#atChunk)]!) return;
    this.#atChunk++;
    this.#at = 0;
  }

  /** Stands in the chunk where (gap, number) belongs, at the first node that is not before it, or after the last. */
  #seek(crowd: number, gap: number, number: number): void {
    let chunk = this.#single[crowd]!;
    this.#atChunk = 0;
    if (chunk < 0) {
      const { chunks, gaps, numbers, length } = this.#directories[crowd]!;
      let low = 0;
      let high = length;
      while (high - low > 1) {
        const middle = (low + high) >> 1;
        const other = gaps[middle]!;
        if (other > gap || (other === gap && numbers[middle]! > number)) high = middle;
        else low = middle;
      }
      this.#atChunk = low;
      chunk = chunks[low]!;
    }
    const base = chunk * CHUNK;
    let low = 0;
    let high = this.#counts[chunk]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      const node = this.#members[base + middle]!;
      const other = this.#gaps[node]!;
      if (other < gap || (other === gap && node < number)) low = middle + 1;
      else high = middle;
    }
    this.#at = low;
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
    this.#counts[right] = half;
    this.#redraw(chunk);
    this.#redraw(right);
    for (let at = right * CHUNK; at < right * CHUNK + half; at++) this.#chunkOf[this.#members[at]!] = right;
    const directory = this.#directories[crowd] ?? this.#newDirectory(crowd, chunk);
    const at = this.#atChunk + 1;
    const { length } = directory;
    if (length === directory.chunks.length) {
      directory.chunks = grown(directory.chunks, length * 2);
      directory.gaps = grown(directory.gaps, length * 2);
      directory.numbers = grown(directory.numbers, length * 2);
    }
    const first = this.#members[right * CHUNK]!;
    directory.chunks.copyWithin(at + 1, at, length);
    directory.gaps.copyWithin(at + 1, at, length);
    directory.numbers.copyWithin(at + 1, at, length);
    directory.chunks[at] = right;
    directory.gaps[at] = this.#gaps[first]!;
    directory.numbers[at] = first;
    directory.length = length + 1;
    if (this.#at <= half) return chunk;
    this.#at -= half;
    return right;
  }

  /** Of one chunk, whose key is before every other. */
  #newDirectory(crowd: number, chunk: number): Directory {
    const chunks = Int32Array.of(chunk, 0, 0, 0);
    const directory = { chunks, gaps: new Uint32Array(4), numbers: new Int32Array(4), length: 1 };
    this.#directories[crowd] = directory;
    this.#single[crowd] = -1;
    return directory;
  }

  /** A sparse chunk takes in a neighbour, or the neighbour's surplus stays where it is. */
  #join(crowd: number, index: number): void {
    const directory = this.#directories[crowd]!;
    const { chunks, gaps, numbers, length } = directory;
    const left = index + 1 < length ? index : index - 1;
    const [one, other] = [chunks[left]!, chunks[left + 1]!];
    const [count, more] = [this.#counts[one]!, this.#counts[other]!];
    if (count + more > CHUNK - SPARSE && count > 0 && more > 0) return;
    if (count + more > CHUNK) return;
    for (let i = 0; i < more; i++) {
      const node = this.#members[other * CHUNK + i]!;
      this.#members[one * CHUNK + count + i] = node;
      this.#chunkOf[node] = one;
    }
    this.#counts[one] = count + more;
    this.#bounds.unite(one, this.#bounds, other);
    this.#chunks.give(other);
    chunks.copyWithin(left + 1, left + 2, length);
    gaps.copyWithin(left + 1, left + 2, length);
    numbers.copyWithin(left + 1, left + 2, length);
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
