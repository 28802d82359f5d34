/**
 * keccak256 with its permutation in WebAssembly: a slot hashes some ten thousand leaves and lotteries, and 64-bit
 * rotations are what JavaScript lacks. The module is assembled here, lane by lane, from FIPS 202's tables, so there is no
 * binary to trust; where WebAssembly is forbidden (a page's content policy), @noble/hashes serves, ten times slower.
 * A test holds both equal.
 */
import { keccak_256 } from '@noble/hashes/sha3.js';

/** Bytes absorbed per permutation for 256 bits of capacity twice. */
const RATE = 136;
const LANES = 25;
/** Memory: the state at 0, the round constants, the block to absorb. */
const CONSTANTS_AT = 256;
const BLOCK_AT = 512;

/** Opcodes of the few instructions that Keccak-f needs. */
const OP = {
  loop: [0x03, 0x40],
  end: [0x0b],
  brIf0: [0x0d, 0x00],
  i32Add: [0x6a],
  i32LtU: [0x49],
  and: [0x83],
  xor: [0x85],
  rotl: [0x89],
  minusOne: [0x42, 0x7f],
};
/** Locals: the round's place in the constants, then state A, permuted state B, column parities C, all 64-bit lanes. */
const ROUND = 0;
const A = (lane: number) => 1 + lane;
const B = (lane: number) => 1 + LANES + lane;
const C = (column: number) => 1 + 2 * LANES + column;

/** keccak256 of the bytes, 32 bytes. */
export const keccak256: (message: Uint8Array) => Uint8Array = compile() ?? keccak_256;

function compile(): ((message: Uint8Array) => Uint8Array) | null {
  let instance: WebAssembly.Instance;
  try {
    instance = new WebAssembly.Instance(new WebAssembly.Module(assemble()));
  } catch {
    return null;
  }
  const { memory, absorb } = instance.exports as { memory: WebAssembly.Memory; absorb: () => void };
  const bytes = new Uint8Array(memory.buffer);
  const constants = new DataView(memory.buffer);
  roundConstants().forEach((value, round) => constants.setBigUint64(CONSTANTS_AT + 8 * round, value, true));
  return (message) => {
    bytes.fill(0, 0, 8 * LANES);
    let at = 0;
    for (; at + RATE <= message.length; at += RATE) {
      bytes.set(message.subarray(at, at + RATE), BLOCK_AT);
      absorb();
    }
    const rest = message.length - at;
    bytes.fill(0, BLOCK_AT + rest, BLOCK_AT + RATE);
    bytes.set(at === 0 ? message : message.subarray(at), BLOCK_AT);
    bytes[BLOCK_AT + rest] = 0x01;
    bytes[BLOCK_AT + RATE - 1]! |= 0x80;
    absorb();
    return bytes.slice(0, 32);
  };
}

/** A module that exports its memory and `absorb`: the block is added to the state, then Keccak-f[1600] runs. */
function assemble(): Uint8Array<ArrayBuffer> {
  const body = [2, 1, 0x7f, ...leb(2 * LANES + 5), 0x7e, ...absorbCode()];
  const name = (text: string) => [text.length, ...[...text].map((char) => char.charCodeAt(0))];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, [1, 0x60, 0, 0]),
    ...section(3, [1, 0]),
    ...section(5, [1, 0, 1]),
    ...section(7, [2, ...name('memory'), 2, 0, ...name('absorb'), 0, 0]),
    ...section(10, [1, ...leb(body.length), ...body]),
  ]);
}

function absorbCode(): number[] {
  const code: number[] = [];
  const emit = (...parts: number[][]) => {
    for (const part of parts) code.push(...part);
  };
  for (let lane = 0; lane < LANES; lane++) {
    emit(i32(0), load(8 * lane));
    if (lane < RATE / 8) emit(i32(0), load(BLOCK_AT + 8 * lane), OP.xor);
    emit(set(A(lane)));
  }
  emit(i32(CONSTANTS_AT), set(ROUND), OP.loop);
  // θ: each lane takes the parities of the column before and of the rotated column after.
  for (let x = 0; x < 5; x++) {
    emit(get(A(x)));
    for (let y = 1; y < 5; y++) emit(get(A(x + 5 * y)), OP.xor);
    emit(set(C(x)));
  }
  const offsets = rotations();
  for (let x = 0; x < 5; x++)
    for (let y = 0; y < 5; y++) {
      emit(get(A(x + 5 * y)), get(C((x + 4) % 5)), OP.xor, get(C((x + 1) % 5)), i64(1), OP.rotl, OP.xor);
      // ρ and π: rotate, and move to (y, 2x + 3y).
      emit(i64(offsets[x + 5 * y]!), OP.rotl, set(B(y + 5 * ((2 * x + 3 * y) % 5))));
    }
  // χ: the only step that is not linear.
  for (let y = 0; y < 5; y++)
    for (let x = 0; x < 5; x++) {
      const row = (column: number) => get(B((column % 5) + 5 * y));
      emit(row(x), row(x + 1), OP.minusOne, OP.xor, row(x + 2), OP.and, OP.xor, set(A(x + 5 * y)));
    }
  // ι: the round's constant.
  emit(get(A(0)), get(ROUND), load(0), OP.xor, set(A(0)));
  emit(get(ROUND), i32(8), OP.i32Add, tee(ROUND), i32(CONSTANTS_AT + 8 * 24), OP.i32LtU, OP.brIf0, OP.end);
  for (let lane = 0; lane < LANES; lane++) emit(i32(0), get(A(lane)), store(8 * lane));
  emit(OP.end);
  return code;
}

/** ρ's rotation of each lane. (FIPS 202, algorithm 2) */
function rotations(): number[] {
  const offsets = new Array<number>(LANES).fill(0);
  for (let t = 0, x = 1, y = 0; t < 24; t++) {
    offsets[x + 5 * y] = (((t + 1) * (t + 2)) / 2) % 64;
    [x, y] = [y, (2 * x + 3 * y) % 5];
  }
  return offsets;
}

/** ι's constants, from the 8-bit shift register of FIPS 202, algorithm 5. */
function roundConstants(): bigint[] {
  let register = 1;
  return Array.from({ length: 24 }, () => {
    let constant = 0n;
    for (let j = 0; j <= 6; j++) {
      if ((register & 1) === 1) constant |= 1n << BigInt(2 ** j - 1);
      register = (register << 1) ^ ((register & 0x80) === 0 ? 0 : 0x171);
    }
    return constant;
  });
}

function section(id: number, content: number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

function get(local: number): number[] {
  return [0x20, ...leb(local)];
}

function set(local: number): number[] {
  return [0x21, ...leb(local)];
}

function tee(local: number): number[] {
  return [0x22, ...leb(local)];
}

function load(offset: number): number[] {
  return [0x29, 3, ...leb(offset)];
}

function store(offset: number): number[] {
  return [0x37, 3, ...leb(offset)];
}

function i32(value: number): number[] {
  return [0x41, ...signedLeb(value)];
}

function i64(value: number): number[] {
  return [0x42, ...signedLeb(value)];
}

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

/** For values from 0: the last byte keeps its sign bit clear. */
function signedLeb(value: number): number[] {
  return value < 0x40 ? [value] : [(value & 0x7f) | 0x80, ...signedLeb(value >>> 7)];
}
