/**
 * Makes `domain/dictionary/gbt4754-2017.json`, the dictionary's table of industries (GB/T 4754-2017), from files in the
 * form of robin621/gbcrosswalk (MIT, commit 58869bf). No npm package had these codes on 2026-11-21.
 *
 *   node cli/dictionary/generate.mjs [FOLDER]      default: ../shared/data/gbt4754_industry
 *
 * FOLDER holds `sections.csv` (section, division_range, name) and `gbt4754_2017_small_classes.csv` (section, division,
 * group, class code, name).
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = process.argv[2] ?? '../shared/data/gbt4754_industry';
const files = ['sections.csv', 'gbt4754_2017_small_classes.csv'].map((name) => join(folder, name));
const missing = files.find((file) => !existsSync(file));
if (missing !== undefined) {
  console.error(
    `${missing} is missing: take it from robin621/gbcrosswalk (MIT), or name the folder that has it.`,
  );
  process.exit(2);
}
const [sections, classes] = files.map((file) =>
  readFileSync(file, 'utf8')
    .trim()
    .split(/\r?\n/)
    .slice(1)
    .map((line) => line.split(',')),
);
const names = Object.fromEntries([
  ...sections.map(([code, , name]) => [code, name]),
  ...classes.map(([, , , code, name]) => [`${code}`, name]),
]);
const table = {
  version: '2017',
  source: 'GB/T 4754-2017 by robin621/gbcrosswalk (58869bf)',
  licence: 'MIT',
  names,
};
const target = new URL('../../domain/dictionary/gbt4754-2017.json', import.meta.url);
writeFileSync(target, `${JSON.stringify(table, null, 2)}\n`);
console.log(`${Object.keys(names).length} codes`);
