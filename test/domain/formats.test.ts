import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { formats } from '../vectors/formats.ts';

test('formats.json is what generate.ts writes', () => {
  const file = readFileSync(new URL('../vectors/formats.json', import.meta.url), 'utf8');
  expect(file).toBe(formats());
});
