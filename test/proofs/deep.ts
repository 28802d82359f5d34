/**
 * `npm run test:deep`: the stateful invariants with 128 runs of 1,000 calls each, a minute per invariant and more. The last line
 * printed is a JSON object; exit code 1 when one fails.
 */
import { DEEP } from '../../hardhat.config.ts';
import { solidityTests } from './hardhat.ts';

const started = performance.now();
const { code, output } = await solidityTests(['--grep', 'invariant_'], { CARDHOUR_DEEP: '1' });
const names = [...output.matchAll(/[✔)] (invariant_\w+)\(\)/g)].map(([, name]) => name);
const failed = /(\d+) failing/.exec(output)?.[1] ?? '0';
console.log(
  JSON.stringify({
    invariants: new Set(names).size,
    calls: DEEP.runs * DEEP.depth,
    failed: Number(failed),
    wallSeconds: Math.round((performance.now() - started) / 1000),
  }),
);
process.exitCode = code;
