/**
 * Checks what came over a pipe and gives it its type. Hand-written, because every plugin is a process of its own and a
 * validation library would cost each of them 20 MB and a tenth of a second (ADR 26). Unknown keys are left out.
 */
export type Shape<T> = (value: unknown, at: string) => T;

export type Shaped<S> = S extends Shape<infer T> ? T : never;

export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** @throws ShapeError that says where and what was expected */
export function check<T>(shape: Shape<T>, value: unknown, at = 'value'): T {
  return shape(value, at);
}

/** At most `max` UTF-16 units, none of them NUL. */
export function text(max: number, form?: RegExp, meaning = `a text of at most ${max} characters`) {
  return (value: unknown, at: string): string => {
    const fits = typeof value === 'string' && value.length <= max && !value.includes('\0');
    return fits && (form === undefined || form.test(value)) ? value : expected(at, meaning);
  };
}

/** A whole number from `low` to `high`. */
export function whole(low = 0, high = Number.MAX_SAFE_INTEGER) {
  return (value: unknown, at: string): number =>
    Number.isSafeInteger(value) && (value as number) >= low && (value as number) <= high
      ? (value as number)
      : expected(at, `a whole number from ${low} to ${high}`);
}

export const flag: Shape<boolean> = (value, at) =>
  typeof value === 'boolean' ? value : expected(at, 'true or false');

export function oneOf<const T extends string>(...options: T[]): Shape<T> {
  return (value, at) => options.find((option) => option === value) ?? expected(at, options.join(', '));
}

export function listOf<T>(item: Shape<T>, max: number, min = 0): Shape<T[]> {
  return (value, at) =>
    Array.isArray(value) && value.length >= min && value.length <= max
      ? value.map((one, index) => item(one, `${at}[${index}]`))
      : expected(at, `a list of ${min} to ${max} entries`);
}

/** An object whose keys are names of the sender's. */
export function mapOf<T>(item: Shape<T>, max: number, key = /^[^\0]{1,128}$/): Shape<Record<string, T>> {
  return (value, at) => {
    const entries = Object.entries(plain(value, at));
    if (entries.length > max) expected(at, `at most ${max} entries`);
    return Object.fromEntries(
      entries.map(([name, one]) => {
        if (!key.test(name)) expected(`${at}.${name.slice(0, 40)}`, `a name like ${key.source}`);
        return [name, item(one, `${at}.${name}`)];
      }),
    );
  };
}

/** Any JSON object, unchecked. */
export const anyObject: Shape<Record<string, unknown>> = (value, at) => plain(value, at);

type Fields = Record<string, Shape<unknown>>;
type Parts<F extends Fields> = { [K in keyof F]: Shaped<F[K]> };

/** All of `needed`, and of `optional` what is there. */
export function record<N extends Fields, O extends Fields = Record<never, never>>(
  needed: N,
  optional: O = {} as O,
): Shape<Parts<N> & Partial<Parts<O>>> {
  return (value, at) => {
    const source = plain(value, at);
    const result: Record<string, unknown> = {};
    for (const [name, shape] of Object.entries(needed)) result[name] = shape(source[name], `${at}.${name}`);
    for (const [name, shape] of Object.entries(optional)) {
      if (source[name] !== undefined && source[name] !== null)
        result[name] = shape(source[name], `${at}.${name}`);
    }
    return result as Parts<N> & Partial<Parts<O>>;
  };
}

function plain(value: unknown, at: string): Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) expected(at, 'an object');
  return value as Record<string, unknown>;
}

function expected(at: string, what: string): never {
  throw new ShapeError(`${at} must be ${what}`);
}
