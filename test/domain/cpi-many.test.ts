import { describe, expect, test } from 'vitest';
import { CPI_FIELDS, CPI_SEGMENTS, formatCpi, parseCpi, type Cpi } from '../../domain/cpi.ts';
import { Refusal } from '../../domain/refusal.ts';
import { random } from '../../bench/bench.ts';

const DESCRIPTIONS = 100_000;

/** Values that meet every rule of the encoding: marks, escapes, several scripts, text that looks like an escape. */
const PIECES = [
  'a',
  'Z',
  '9',
  '.',
  '_',
  '-',
  ',',
  '/',
  '#',
  '%',
  '%41',
  ' ',
  "'",
  '~',
  '厂',
  'é',
  '\u0301',
  '😀',
  '\0',
];

function generator(seed: number): () => Cpi {
  const next = random(seed);
  const pick = (count: number): number => Math.floor(next() * count);
  const value = (least: number): string => {
    let text = '';
    for (let rest = least + pick(4); rest > 0; rest--) text += PIECES[pick(PIECES.length)]!;
    return text.normalize('NFC');
  };
  return () => {
    const cpi: Cpi = { x: [], y: [], s: [], z: [] };
    for (const segment of CPI_SEGMENTS) {
      const needed = segment === 'x' || segment === 'z' ? 1 : 0;
      cpi[segment] = CPI_FIELDS[segment].map(() => value(needed));
      for (let extra = pick(8) - 5; extra > 0; extra--) cpi[segment].push(value(0));
    }
    return cpi;
  };
}

describe(`${DESCRIPTIONS} generated descriptions`, () => {
  test('read as they were written, each in a text of its own', { timeout: 120_000 }, () => {
    const next = generator(1);
    const meanings = new Map<string, string>();
    let tooLong = 0;
    for (let index = 0; index < DESCRIPTIONS;) {
      const cpi = next();
      let text: string;
      try {
        text = formatCpi(cpi);
      } catch (error) {
        // Only for its length: every value is well formed and in normal form C.
        if (!(error instanceof Refusal) || !error.sentence.includes('512')) throw error;
        tooLong++;
        continue;
      }
      index++;
      const parsed = parseCpi(text);
      const meaning = JSON.stringify(cpi);
      if (!('cpi' in parsed) || JSON.stringify(parsed.cpi) !== meaning)
        throw new Error(`${text} reads as ${JSON.stringify(parsed)}, not as ${meaning}`);
      const other = meanings.get(text);
      if (other !== undefined && other !== meaning) throw new Error(`${text} means ${other} and ${meaning}`);
      meanings.set(text, meaning);
    }
    expect(meanings.size).toBeGreaterThan(DESCRIPTIONS * 0.99);
    expect(tooLong).toBeLessThan(DESCRIPTIONS / 10);
  });

  test('never read as something else when their text is changed', { timeout: 120_000 }, () => {
    const next = generator(2);
    const chance = random(3);
    const pick = (count: number): number => Math.floor(chance() * count);
    const ALPHABET = 'abcXYZ019._-%,/#éа';
    const REASONS = new Set<string>();
    for (let index = 0; index < DESCRIPTIONS; index++) {
      let text: string;
      try {
        text = formatCpi(next());
      } catch {
        continue;
      }
      const [at, letter] = [pick(text.length), ALPHABET[pick(ALPHABET.length)]!];
      const changed = [
        text.slice(0, at) + letter + text.slice(at + 1),
        text.slice(0, at) + letter + text.slice(at),
        text.slice(0, at) + text.slice(at + 1),
        text.slice(0, at),
        text.slice(0, at) + (text[at + 1] ?? '') + text[at]! + text.slice(at + 2),
      ][index % 5]!;
      if (changed === text) continue;
      const parsed = parseCpi(changed);
      if ('cpi' in parsed) throw new Error(`${changed}, changed from ${text}, reads`);
      if (parsed.position > changed.length) throw new Error(`${changed} is wrong at ${parsed.position}`);
      REASONS.add(parsed.field);
    }
    // Every kind of error came up.
    expect([...REASONS]).toEqual(expect.arrayContaining(['check', 'version', 'segments', 'city', 'chipId']));
  });
});
