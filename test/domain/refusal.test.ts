import { expect, test } from 'vitest';
import { Refusal } from '../../domain/refusal.ts';

test('refusals_areTheSame_whicheverCopyOfTheModuleMadeThem', async () => {
  const path = '../../domain/refusal.ts?copy';
  const copy = (await import(path)) as { Refusal: typeof Refusal };
  expect(copy.Refusal).not.toBe(Refusal);
  const made = new copy.Refusal('NOT_FOUND', 'It is not there.', 'Look elsewhere.');
  expect(made instanceof Refusal).toBe(true);
  expect(made.http).toBe(404);
  for (const other of [new Error('It is not there.'), null, { name: 'Refusal', sentence: '' }])
    expect(other instanceof Refusal).toBe(false);
});
