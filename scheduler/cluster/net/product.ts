/**
 * C = A · B in blocks that stay in registers, four columns of C a vector. Every element of C is one sum, from its start over
 * ascending k, whatever the block it falls into: the result does not depend on the number of rows or on the machine.
 */
import * as wasm from './assembler.ts';
import type { Code, Locals } from './assembler.ts';

/** Addresses and steps in bytes. */
export interface Product {
  /** Element (m, k) of A lies at `a + m · aRow + k · aStep`. */
  a: number;
  aRow: number;
  aStep: number;
  /** Row k of B lies at `b + k · bStep`, its columns beside each other. */
  b: number;
  bStep: number;
  c: number;
  cRow: number;
  /** The rows of C, any number. */
  rows: Code;
  /** How many k, at least one: known now, or when it runs. */
  depth: number | Code;
  /** The columns of C, a multiple of 4. */
  columns: number;
  /** What each sum starts from: a row at an address, the same for all rows, or what C holds. */
  start: { row: number } | 'held' | 'zero';
  /** What is stored: the sum; the sum or 0, whichever is more; or the sum where the float at the same place of `mask` is above 0. */
  finish: 'sum' | 'relu' | { mask: number };
}

const VECTOR_BYTES = 16;
const BLOCK_ROWS = 4;
/** Sums that run beside each other: enough to hide an addition's latency, few enough for 16 registers. */
const SUMS = 8;
const UNROLLED = 4;

interface Scratch {
  n: number;
  m: number;
  pa: number;
  pc: number;
  ka: number;
  kb: number;
  end: number;
  whole: number;
  sums: number[];
  bs: number[];
  x: number;
}

/** The code of one product after another within one routine: they share its locals. */
export function productsIn(locals: Locals): (product: Product) => Code {
  const scratch: Scratch = {
    n: locals.integer(),
    m: locals.integer(),
    pa: locals.integer(),
    pc: locals.integer(),
    ka: locals.integer(),
    kb: locals.integer(),
    end: locals.integer(),
    whole: locals.integer(),
    sums: Array.from({ length: SUMS }, () => locals.vector()),
    bs: Array.from({ length: SUMS }, () => locals.vector()),
    x: locals.vector(),
  };
  return (product) => [
    ...wasm.set(scratch.whole, wasm.roundedDown(product.rows, BLOCK_ROWS)),
    ...columns(product, scratch, BLOCK_ROWS, wasm.number32(0), wasm.get(scratch.whole)),
    ...columns(product, scratch, 1, wasm.get(scratch.whole), product.rows),
  ];
}

/** All columns of the rows from `first` below `last`: full blocks in a loop, what is left after it. */
function columns(product: Product, scratch: Scratch, rows: number, first: Code, last: Code): Code {
  const { n } = scratch;
  const vectors = product.columns / 4;
  const wide = Math.min(SUMS / rows, vectors);
  const full = Math.floor(vectors / wide) * wide;
  const block = (width: number): Code => blocks(product, scratch, rows, width, first, last);
  return [
    ...wasm.set(n, wasm.number32(0)),
    ...wasm.untilReached(
      n,
      wasm.number32(full * VECTOR_BYTES),
      wasm.number32(wide * VECTOR_BYTES),
      block(wide),
    ),
    ...(vectors > full ? block(vectors - full) : []),
  ];
}

function blocks(
  product: Product,
  scratch: Scratch,
  rows: number,
  width: number,
  first: Code,
  last: Code,
): Code {
  const { n, m, pa, pc } = scratch;
  const { a, aRow, c, cRow } = product;
  return [
    ...wasm.set(m, first),
    ...wasm.set(pa, wasm.add(wasm.number32(a), wasm.multiply(first, wasm.number32(aRow)))),
    ...wasm.set(
      pc,
      wasm.add(wasm.add(wasm.number32(c), wasm.get(n)), wasm.multiply(first, wasm.number32(cRow))),
    ),
    ...wasm.whileBelow(m, last, wasm.number32(rows), [
      ...block(product, scratch, rows, width),
      ...wasm.set(pa, wasm.add(wasm.get(pa), wasm.number32(rows * aRow))),
      ...wasm.set(pc, wasm.add(wasm.get(pc), wasm.number32(rows * cRow))),
    ]),
  ];
}

function block(product: Product, scratch: Scratch, rows: number, width: number): Code {
  const { n, pa, pc, ka, kb, end, sums, bs, x } = scratch;
  const { aRow, aStep, b, bStep, c, cRow, depth, start, finish } = product;
  const places = grid(rows, width).map(({ r, v }) => ({
    r,
    v,
    sum: sums[r * width + v]!,
    at: r * cRow + v * VECTOR_BYTES,
  }));
  const begin = places.flatMap(({ v, sum, at }) => {
    if (start === 'zero') return wasm.set(sum, wasm.ZEROS);
    if (start === 'held') return wasm.set(sum, wasm.load(wasm.get(pc), at));
    return wasm.set(sum, wasm.load(wasm.get(n), start.row + v * VECTOR_BYTES));
  });
  const step = (u: number): Code => [
    ...range(width).flatMap((v) => wasm.set(bs[v]!, wasm.load(wasm.get(kb), u * bStep + v * VECTOR_BYTES))),
    ...range(rows).flatMap((r) => [
      ...wasm.set(x, wasm.loadSplat(wasm.get(ka), r * aRow + u * aStep)),
      ...range(width).flatMap((v) => {
        const sum = sums[r * width + v]!;
        return wasm.set(sum, wasm.plus(wasm.get(sum), wasm.times(wasm.get(x), wasm.get(bs[v]!))));
      }),
    ]),
  ];
  const unrolled = typeof depth === 'number' && depth % UNROLLED === 0 ? UNROLLED : 1;
  const depthCode = typeof depth === 'number' ? wasm.number32(depth) : depth;
  return [
    ...begin,
    ...wasm.set(ka, wasm.get(pa)),
    ...wasm.set(kb, wasm.add(wasm.number32(b), wasm.get(n))),
    ...wasm.set(end, wasm.add(wasm.get(pa), wasm.multiply(depthCode, wasm.number32(aStep)))),
    ...wasm.untilReached(ka, wasm.get(end), wasm.number32(unrolled * aStep), [
      ...range(unrolled).flatMap(step),
      ...wasm.set(kb, wasm.add(wasm.get(kb), wasm.number32(unrolled * bStep))),
    ]),
    ...places.flatMap(({ sum, at }) => {
      const value = wasm.get(sum);
      if (finish === 'sum') return wasm.store(wasm.get(pc), value, at);
      if (finish === 'relu') return wasm.store(wasm.get(pc), wasm.larger(value, wasm.ZEROS), at);
      // The mask lies beside C in the same shape: the same pointer reaches it with another offset.
      const open = wasm.above(wasm.load(wasm.get(pc), at + finish.mask - c), wasm.ZEROS);
      return wasm.store(wasm.get(pc), wasm.both(value, open), at);
    }),
  ];
}

function grid(rows: number, width: number): { r: number; v: number }[] {
  return range(rows).flatMap((r) => range(width).map((v) => ({ r, v })));
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, index) => index);
}
