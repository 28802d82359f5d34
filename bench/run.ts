/** `node bench/run.ts NAME [--seed N] [--quick]` runs `bench/NAME.ts` and prints its figures as one JSON object on the last line. */
import { execFileSync } from 'node:child_process';
import { access } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { seed: { type: 'string', default: '1' }, quick: { type: 'boolean', default: false } },
});

const name = positionals[0];
const seed = Number(values.seed);
const file = new URL(`./${name}.ts`, import.meta.url);
const exists = await access(file).then(
  () => true,
  () => false,
);

if (name === undefined || !/^[a-z0-9-]+$/.test(name) || ['run', 'bench', 'plot'].includes(name) || !exists) {
  console.error(
    'usage: npm run bench -- NAME [--seed N] [--quick]; NAME is a file of bench/ without .ts, e.g. slot',
  );
  process.exitCode = 2;
} else if (!Number.isSafeInteger(seed) || seed < 0) {
  console.error('--seed must be a whole number, 0 or more');
  process.exitCode = 2;
} else {
  const module = (await import(file.href)) as { bench: Bench };
  const started = performance.now();
  const { measured, figures } = await module.bench(seed, { quick: values.quick });
  const report = {
    bench: name,
    ...figures,
    measured,
    seed,
    ...(values.quick ? { quick: true } : {}),
    wallSeconds: round((performance.now() - started) / 1000),
    machine: machine(),
  };
  console.log(JSON.stringify(report));
}

function machine(): Record<string, unknown> {
  return {
    cpu: cpus()[0]?.model ?? 'unknown',
    cores: cpus().length,
    memoryGb: round(totalmem() / 2 ** 30),
    os: `${process.platform} ${process.arch}`,
    node: process.version,
    commit: commit(),
  };
}

/** The commit that was measured; null outside a repository. */
function commit(): string | null {
  try {
    return execFileSync('git', ['rev-parse', '--short', 'HEAD'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();
  } catch {
    return null;
  }
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
