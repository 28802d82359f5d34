/**
 * `npm run coverage`: lines of the contracts that the Solidity tests reach. The last line printed is a JSON object; exit code 1 unless
 * all lines of the core (test money apart) are reached.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT, solidityTests } from './hardhat.ts';

const REPORT = join(ROOT, 'coverage', 'lcov.info');
const NOT_CORE = new Set(['contracts/TestStablecoin.sol']);

/** Lines of the core's files, and those that no test reached, as `file:line`. */
function readReport(report: string): { lines: number; uncovered: string[] } {
  const uncovered: string[] = [];
  let lines = 0;
  let file = '';
  for (const row of report.split('\n')) {
    if (row.startsWith('SF:')) file = row.slice(3);
    const [, line, hits] = /^DA:(\d+),(\d+)/.exec(row) ?? [];
    if (line === undefined || !file.startsWith('contracts/') || NOT_CORE.has(file)) continue;
    lines += 1;
    if (hits === '0') uncovered.push(`${file}:${line}`);
  }
  return { lines, uncovered };
}

const { code } = await solidityTests(['--coverage']);
const { lines, uncovered } = readReport(await readFile(REPORT, 'utf8'));
const covered = lines - uncovered.length;
const share = lines === 0 ? 0 : covered / lines;
console.log(JSON.stringify({ lines, covered, share, uncovered, testsPassed: code === 0 }));
process.exitCode = code === 0 && share === 1 ? 0 : 1;
