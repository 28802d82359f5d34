/** `npm run test:frauds`: a line a fraud, and the figures as JSON on the last line. */
import { runFrauds } from './run.ts';

const started = performance.now();
const summary = await runFrauds((line) => console.log(line));
console.log(`${Math.round((performance.now() - started) / 1000)} s`);
console.log(JSON.stringify(summary));
process.exitCode = summary.ok ? 0 : 1;
