/**
 * `npm run test:chaos`: the scheduler killed with SIGKILL at CHAOS_POINTS (1,000) points, chosen and random, over a chain that
 * reorganises, while consumers bid. What is wrong goes to stderr; the last line is a JSON object; exit code 1 unless `ok`.
 */
import { createProgress } from '../../cli/progress.ts';
import { chaos } from './chaos.ts';

const points = Number(process.env['CHAOS_POINTS'] ?? 1_000);
const seed = Number(process.env['CHAOS_SEED'] ?? Date.now() % 1_000_000);
const progress = createProgress();
progress.say(`seed ${seed}`);
progress.start('kills', points);
const [report, findings] = await chaos({
  points,
  seed,
  onPoint: (done) => progress.at(done),
  say: (sentence) => progress.say(sentence),
});
progress.end();
for (const list of [
  findings.lost,
  findings.double,
  findings.stuckNonces,
  findings.unaccounted,
  findings.unverified,
])
  for (const finding of list.slice(0, 20)) progress.say(finding);
const { double: duplicated, stuckNonces: stuck } = report;
console.log(JSON.stringify({ ...report, duplicated, stuck }));
process.exitCode = report.ok ? 0 : 1;
