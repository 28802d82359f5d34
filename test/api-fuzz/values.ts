/** Values for a JSON schema: mostly what it asks for, sometimes what nobody should send. */

export type Random = () => number;
export type Schema = Record<string, unknown>;

const pick = <T>(next: Random, list: readonly T[]): T => list[Math.floor(next() * list.length)]!;

/** What has broken servers before. */
const NASTY: readonly unknown[] = [
  '',
  '\0',
  'a\0b',
  '\ud800',
  "' OR 1=1; DROP TABLE lease; --",
  '1); SELECT pg_sleep(5); --',
  '${jndi:ldap://127.0.0.1/a}',
  '../../../../etc/passwd',
  '\r\nset-cookie: cardhour_session=x',
  '%00',
  '😀'.repeat(50),
  'x'.repeat(5_000),
  '9'.repeat(80),
  '-1',
  '0x',
  '1e309',
  'NaN',
  '__proto__',
  'constructor',
  -1,
  0,
  1.5,
  2 ** 31,
  2 ** 53,
  1e308,
  null,
  true,
  [],
  {},
  [[[[[[]]]]]],
  { __proto__: { admin: true }, constructor: { prototype: {} } },
];

export function nasty(next: Random): unknown {
  return pick(next, NASTY);
}

/** A value that the schema takes; `bad` is the chance that a part of it is something else. */
export function valueFor(schema: Schema, next: Random, bad: number): unknown {
  if (next() < bad) return nasty(next);
  if ('const' in schema) return schema['const'];
  if (Array.isArray(schema['enum'])) return pick(next, schema['enum'] as unknown[]);
  const anyOf = schema['anyOf'] as Schema[] | undefined;
  if (anyOf !== undefined) return valueFor(pick(next, anyOf), next, bad);
  switch (schema['type']) {
    case 'object':
      return objectFor(schema, next, bad);
    case 'array': {
      const most = Math.min(4, (schema['maxItems'] as number | undefined) ?? 4);
      return Array.from({ length: Math.floor(next() * (most + 1)) }, () =>
        valueFor((schema['items'] as Schema | undefined) ?? {}, next, bad),
      );
    }
    case 'integer':
    case 'number':
      return numberFor(schema, next);
    case 'boolean':
      return next() < 0.5;
    case 'null':
      return null;
    case 'string':
      return textFor(schema, next);
    default:
      return pick(next, ['text', 1, null, { a: 1 }, ['b']]);
  }
}

function objectFor(schema: Schema, next: Random, bad: number): unknown {
  const properties = (schema['properties'] ?? {}) as Record<string, Schema>;
  const required = new Set((schema['required'] as string[] | undefined) ?? []);
  const made: Record<string, unknown> = {};
  for (const [name, part] of Object.entries(properties)) {
    const leftOut = required.has(name) ? next() < bad : next() < 0.5;
    if (!leftOut) made[name] = valueFor(part, next, bad);
  }
  if (schema['additionalProperties'] !== undefined && schema['additionalProperties'] !== false) {
    const values = schema['additionalProperties'] as Schema;
    for (let count = Math.floor(next() * 3); count > 0; count -= 1)
      made[`N${count}`] = valueFor(values, next, bad);
  }
  if (next() < bad) made[pick(next, ['__proto__', 'extra', 'constructor', ''])] = nasty(next);
  return made;
}

function numberFor(schema: Schema, next: Random): number {
  const low = Math.max(-1_000, (schema['minimum'] as number | undefined) ?? 0);
  const high = Math.min(100_000, (schema['maximum'] as number | undefined) ?? 100_000);
  return next() < 0.2 ? pick(next, [low, high]) : Math.floor(low + next() * (high - low + 1));
}

function textFor(schema: Schema, next: Random): string {
  const pattern = schema['pattern'] as string | undefined;
  if (pattern !== undefined) return fromPattern(pattern, next);
  const least = (schema['minLength'] as number | undefined) ?? 0;
  const most = Math.min(40, (schema['maxLength'] as number | undefined) ?? 40);
  const length = least + Math.floor(next() * (most - least + 1));
  return Array.from({ length }, () => pick(next, ['a', 'Z', '0', '-', ' ', 'é', '卡', '"', "'", '\\'])).join(
    '',
  );
}

/** A text of a regular expression without look-around: alternatives, groups, classes, counts. */
export function fromPattern(pattern: string, next: Random): string {
  let at = 0;
  const counted = (): [number, number] => {
    const rest = pattern.slice(at);
    const braces = /^\{(\d+)(,(\d*))?\}/.exec(rest);
    if (braces !== null) {
      at += braces[0].length;
      const low = Number(braces[1]);
      return [low, braces[2] === undefined ? low : Math.min(low + 6, Number(braces[3] || low + 6))];
    }
    if (rest[0] === '?') return ((at += 1), [0, 1]);
    if (rest[0] === '*') return ((at += 1), [0, 4]);
    if (rest[0] === '+') return ((at += 1), [1, 4]);
    return [1, 1];
  };
  const repeated = (make: () => string): string => {
    const [low, high] = counted();
    return Array.from({ length: low + Math.floor(next() * (high - low + 1)) }, make).join('');
  };
  const alternatives = (): string => {
    const options: string[] = [''];
    while (at < pattern.length && pattern[at] !== ')') {
      if (pattern[at] === '|') {
        at += 1;
        options.push('');
      } else options[options.length - 1] += piece();
    }
    return pick(next, options);
  };
  const piece = (): string => {
    const char = pattern[at]!;
    at += 1;
    if (char === '^' || char === '$') return '';
    if (char === '(') {
      if (pattern.startsWith('?:', at)) at += 2;
      const inside = alternatives();
      at += 1;
      return repeated(() => inside);
    }
    if (char === '[') {
      const end = pattern.indexOf(']', at);
      const chars = classOf(pattern.slice(at, end));
      at = end + 1;
      return repeated(() => pick(next, chars));
    }
    if (char === '\\') {
      const escaped = pattern[at]!;
      at += 1;
      return repeated(() => (escaped === 'd' ? String(Math.floor(next() * 10)) : escaped));
    }
    return repeated(() => (char === '.' ? 'x' : char));
  };
  return alternatives();
}

function classOf(text: string): string[] {
  if (text.startsWith('^')) return ['a', 'b', '7', ' '];
  const chars: string[] = [];
  for (let at = 0; at < text.length; at += 1) {
    if (text[at + 1] === '-' && at + 2 < text.length) {
      for (let code = text.charCodeAt(at); code <= text.charCodeAt(at + 2); code += 1)
        chars.push(String.fromCharCode(code));
      at += 2;
    } else chars.push(text[at]!);
  }
  return chars.slice(0, 64);
}
