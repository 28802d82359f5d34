/** Debian's z3 as the solver of the compiler's queries. */
import { spawnSync } from 'node:child_process';

/** z3's own count of its work: unlike seconds, the same on every machine. */
const EFFORT = 200_000_000;
const FOR_HORN_CLAUSES = [
  'rewriter.pull_cheap_ite=true',
  'fp.spacer.q3.use_qgen=true',
  'fp.spacer.mbqi=false',
  'fp.spacer.ground_pobs=false',
];

/** @returns its version, or undefined where it is not installed */
export function z3Version(): string | undefined {
  return /version (\S+)/.exec(spawnSync('z3', ['--version'], { encoding: 'utf8' }).stdout ?? '')?.[1];
}

/**
 * What z3 says of a query in SMT-LIB 2: `sat` or `unsat` first, or `unknown`.
 * @param seconds for what its own count of its work misses
 */
export function solve(query: string, seconds: number): string {
  const options = query.includes('HORN') ? FOR_HORN_CLAUSES : [];
  const child = spawnSync('z3', ['-in', '-smt2', `-T:${seconds}`, `rlimit=${EFFORT}`, ...options], {
    input: query,
    encoding: 'utf8',
    maxBuffer: 2 ** 30,
  });
  return /^(sat|unsat)/.test(child.stdout) ? child.stdout : 'unknown';
}
