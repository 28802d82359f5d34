/**
 * Writes WebAssembly from TypeScript: the few instructions that the kernels need, as bytes. The module is made when a network is
 * made, for its shape, in a millisecond: nothing compiled is committed, so nothing can be stale. Only instructions whose result
 * IEEE 754 fixes to the bit (no relaxed SIMD, no fused multiply-add), so that every machine computes the same weights.
 *
 * Source: WebAssembly Core Specification 2.0, section 5 (binary format).
 */
export type Code = readonly number[];

const I32 = 0x7f;
const F32 = 0x7d;
const V128 = 0x7b;
const EMPTY_BLOCK = 0x40;

export function number32(value: number): Code {
  return [0x41, ...signed(value)];
}

export function get(local: number): Code {
  return [0x20, ...unsigned(local)];
}

export function set(local: number, value: Code): Code {
  return [...value, 0x21, ...unsigned(local)];
}

export function add(a: Code, b: Code): Code {
  return [...a, ...b, 0x6a];
}

export function multiply(a: Code, b: Code): Code {
  return [...a, ...b, 0x6c];
}

/** `value` without its remainder by `size`, a power of two. */
export function roundedDown(value: Code, size: number): Code {
  return [...value, ...number32(-size), 0x71];
}

/** Four floats from memory; `offset` in bytes. */
export function load(address: Code, offset = 0): Code {
  return [...address, ...vector(0x00), ...memory(offset)];
}

/** One float from memory, in all four lanes. */
export function loadSplat(address: Code, offset = 0): Code {
  return [...address, ...vector(0x09), 0x02, ...unsigned(offset)];
}

export function store(address: Code, value: Code, offset = 0): Code {
  return [...address, ...value, ...vector(0x0b), ...memory(offset)];
}

/** One float of memory to another place. */
export function copyFloat(to: Code, from: Code): Code {
  return [...to, ...from, 0x2a, 0x02, 0x00, 0x38, 0x02, 0x00];
}

export function splat(float: Code): Code {
  return [...float, ...vector(0x13)];
}

export function float(value: number): Code {
  return [0x43, ...new Uint8Array(Float32Array.of(value).buffer)];
}

export const ZEROS: Code = [...vector(0x0c), ...new Array<number>(16).fill(0)];

type Lanes = (a: Code, b: Code) => Code;
const lanes =
  (code: number): Lanes =>
  (a, b) => [...a, ...b, ...vector(code)];
export const plus = lanes(0xe4);
export const minus = lanes(0xe5);
export const times = lanes(0xe6);
export const over = lanes(0xe7);
/** NaN stays NaN, so that a broken network is seen. */
export const larger = lanes(0xe9);
/** All bits of a lane where a > b. */
export const above = lanes(0x44);
export const both = lanes(0x4e);
export function root(a: Code): Code {
  return [...a, ...vector(0xe3)];
}

/** Runs `body` while `local` is below `end`, both unsigned, adding `step` after each. */
export function whileBelow(local: number, end: Code, step: Code, body: Code): Code {
  const leave = [...get(local), ...end, 0x4f, 0x0d, 0x01];
  const next = set(local, add(get(local), step));
  return [0x02, EMPTY_BLOCK, 0x03, EMPTY_BLOCK, ...leave, ...body, ...next, 0x0c, 0x00, 0x0b, 0x0b];
}

/** The same for what runs at least once: one jump a round. */
export function untilReached(local: number, end: Code, step: Code, body: Code): Code {
  const next = set(local, add(get(local), step));
  return [0x03, EMPTY_BLOCK, ...body, ...next, ...get(local), ...end, 0x49, 0x0d, 0x00, 0x0b];
}

export interface Locals {
  /** The number of a parameter, in order. */
  parameter(index: number): number;
  integer(): number;
  vector(): number;
}

export interface Routine {
  name: string;
  parameters: readonly ('i32' | 'f32')[];
  body: (locals: Locals) => Code;
}

/** A module that imports its memory (`env.memory`, of at least `pages`) and exports the routines. */
export function assemble(pages: number, routines: readonly Routine[]): Uint8Array<ArrayBuffer> {
  const types = routines.map(({ parameters }) => [
    0x60,
    ...list(parameters.map((type) => [type === 'i32' ? I32 : F32])),
    0x00,
  ]);
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, list(types)),
    ...section(2, list([[...text('env'), ...text('memory'), 0x02, 0x00, ...unsigned(pages)]])),
    ...section(3, list(routines.map((_, index) => unsigned(index)))),
    ...section(7, list(routines.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(10, list(routines.map(codeOf))),
  ]);
}

function codeOf({ parameters, body }: Routine): Code {
  const declared: number[][] = [];
  const local = (type: number): number => parameters.length + declared.push([0x01, type]) - 1;
  const code = body({
    parameter: (index) => index,
    integer: () => local(I32),
    vector: () => local(V128),
  });
  const whole = [...list(declared), ...code, 0x0b];
  return [...unsigned(whole.length), ...whole];
}

function section(id: number, content: Code): Code {
  return [id, ...unsigned(content.length), ...content];
}

function list(items: readonly Code[]): Code {
  return [...unsigned(items.length), ...items.flat()];
}

function text(word: string): Code {
  const bytes = new TextEncoder().encode(word);
  return [...unsigned(bytes.length), ...bytes];
}

function vector(code: number): Code {
  return [0xfd, ...unsigned(code)];
}

/** Vectors lie on 16 bytes. */
function memory(offset: number): Code {
  return [0x04, ...unsigned(offset)];
}

function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    const done = (rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0);
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}
