import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formats } from '../vectors/formats.ts';
import { reaRandom } from '../vectors/rea-random.ts';

test('formats.json is what generate.ts writes', () => {
  const file = readFileSync(new URL('../vectors/formats.json', import.meta.url), 'utf8');
  expect(file).toBe(formats());
});

test('rea-random.json is what generate.ts writes', () => {
  const file = readFileSync(new URL('../vectors/rea-random.json', import.meta.url), 'utf8');
  expect(file).toBe(reaRandom());
});
