/**
 * Arrays as PostgreSQL's binary protocol has them (`array_recv`): what a slot publishes is tens of thousands of short values, and as text
 * each would be escaped here and parsed there. Each goes where the statement says `$n::text[]`, `$n::int4[]` or `$n::bytea[]`.
 */
const OID = { bytea: 17, int4: 23, text: 25 };
/** Dimensions, null flag, type, length, lower bound. */
const HEAD = 20;

export function textArray(values: readonly (string | null)[]): Buffer {
  const sizes = values.map((value) => (value === null ? 0 : Buffer.byteLength(value)));
  return write(OID.text, sizes, (target, at, i) => {
    const value = values[i]!;
    if (value === null) return -1;
    return target.write(value, at, 'utf8');
  });
}

export function byteaArray(values: readonly Uint8Array[]): Buffer {
  const sizes = values.map((value) => value.length);
  return write(OID.bytea, sizes, (target, at, i) => {
    target.set(values[i]!, at);
    return sizes[i]!;
  });
}

export function int4Array(values: readonly number[]): Buffer {
  const sizes = values.map(() => 4);
  return write(OID.int4, sizes, (target, at, i) => {
    target.writeInt32BE(values[i]!, at);
    return 4;
  });
}

/** @param put writes element `i` at `at` and returns its length; -1 for null */
function write(
  type: number,
  sizes: readonly number[],
  put: (target: Buffer, at: number, i: number) => number,
): Buffer {
  const count = sizes.length;
  const target = Buffer.allocUnsafe(HEAD + sizes.reduce((sum, size) => sum + 4 + size, 0));
  [1, 1, type, count, 1].forEach((word, i) => target.writeInt32BE(word, 4 * i));
  let at = HEAD;
  for (let i = 0; i < count; i++) {
    const length = put(target, at + 4, i);
    target.writeInt32BE(length, at);
    at += 4 + Math.max(0, length);
  }
  return target;
}
