/**
 * `npm run test:mutants`: small faults, put into the core contracts one at a time; the Solidity tests have to fail for each.
 * `--seed` draws others, `--count` as many, `--workers` side by side; `--match` plays those alone whose identity has a text, which
 * is how one sees a new test kill a survivor. The last line printed is a JSON object; exit code 1 when fewer than 90 % are killed,
 * or a survivor stands without a reason in `mutants/explained.json`.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { candidatesOf } from './mutants/candidates.ts';
import { build, parse } from './mutants/compiler.ts';
import { detachTests } from './mutants/detach.ts';
import { drawOrder } from './mutants/draw.ts';
import { embeddedCode } from './mutants/embedded.ts';
import { isCounted, playMutants } from './mutants/pool.ts';
import { describe, report } from './mutants/report.ts';
import type { Explanations } from './mutants/report.ts';
import { readSources } from './mutants/sources.ts';
import type { Base } from './mutants/worker.ts';

const LEAST_SHARE = 0.9;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: '1' },
    count: { type: 'string', default: '200' },
    workers: { type: 'string', default: '2' },
    match: { type: 'string', multiple: true, default: [''] },
  },
});
const seed = Number(values.seed);
const count = Number(values.count);

const started = performance.now();
const explanations = JSON.parse(
  await readFile(new URL('./mutants/explained.json', import.meta.url), 'utf8'),
) as Explanations;

console.log('compiling the contracts and their tests');
const written = await readSources();
const asts = parse(written);
const sources = detachTests(written, asts);
const holders: Record<string, string[]> = {};
for (const [id, held] of embeddedCode(asts)) for (const key of held) (holders[key] ??= []).push(id);
const base: Base = { sources, contracts: build(sources), holders };
const candidates = candidatesOf(written, asts).filter(({ identity }) =>
  values.match.some((text) => identity.includes(text)),
);
console.log(`${candidates.length} mutants to draw ${count} from`);

const folder = await mkdtemp(join(tmpdir(), 'cardhour-mutants-'));
try {
  const baseFile = join(folder, 'base.json');
  await writeFile(baseFile, JSON.stringify(base));
  let counted = 0;
  const played = await playMutants(
    baseFile,
    drawOrder(candidates, seed),
    count,
    ({ mutant, outcome, seconds }) => {
      if (isCounted(outcome)) counted += 1;
      const number = isCounted(outcome) ? `${counted}/${count}` : 'another drawn';
      console.log(
        `${number} ${describe(mutant)} — ${outcome.end} ${outcome.by ?? ''} (${seconds.toFixed(1)} s)`,
      );
    },
    Number(values.workers),
  );
  const result = report(played, explanations);
  const wallSeconds = Math.round((performance.now() - started) / 1000);
  console.log(JSON.stringify({ ...result, seed, wallSeconds }));
  const isGood = result.killedShare >= LEAST_SHARE && result.explained === result.survived;
  process.exitCode = isGood ? 0 : 1;
} finally {
  await rm(folder, { recursive: true, force: true });
}
