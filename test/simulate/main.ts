/**
 * `npm run test:simulate`: SIMULATE_RUNS (1,000) seeded runs of the indexer over a chain that reorganises, nodes that fail and lie, a
 * database that breaks off, and kills. What is wrong goes to stderr; the last line is a JSON object; exit code 1 unless all are equal.
 */
import { createProgress } from '../../cli/progress.ts';
import { simulateAll } from './simulate.ts';

const runs = Number(process.env['SIMULATE_RUNS'] ?? 1_000);
const seed = Number(process.env['SIMULATE_SEED'] ?? 1);
const parallel = Number(process.env['SIMULATE_PARALLEL'] ?? 4);
const progress = createProgress();
progress.say(`seeds ${seed} to ${seed + runs - 1}`);
progress.start('runs', runs);
const began = performance.now();
const report = await simulateAll({
  runs,
  seed,
  parallel,
  onRun: (done) => progress.at(done),
  say: (sentence) => progress.say(sentence),
});
progress.end();
const wallSeconds = Math.round((performance.now() - began) / 100) / 10;
const { user, system } = process.cpuUsage();
console.log(JSON.stringify({ ...report, seed, wallSeconds, cpuSeconds: Math.round((user + system) / 1e5) / 10 }));
process.exitCode = report.equal === runs ? 0 : 1;
