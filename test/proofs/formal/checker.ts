/** The compiler's SMTChecker on one property. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import solc from 'solc';
import smtchecker from 'solc/smtchecker.js';
import { ROOT } from '../hardhat.ts';
import type { Property } from './property.ts';
import { solve } from './z3.ts';

export type Verdict = 'proved' | 'not terminated' | 'VIOLATED';

interface Output {
  errors?: { severity: string; message: string; formattedMessage: string }[];
}

const compile = solc.compile as (input: string, callbacks: object) => string;

/**
 * @param seconds of z3 for each query
 * @throws when the harness does not compile, or holds nothing to prove
 */
export function check(property: Property, seconds: number): Verdict {
  const input = {
    language: 'Solidity',
    sources: { [property.file]: { content: property.source } },
    settings: {
      modelChecker: {
        engine: property.engine,
        solvers: ['smtlib2'],
        targets: property.target === 'assert' ? ['assert'] : ['overflow', 'underflow', 'divByZero'],
        contracts: { [property.file]: [/^contract (\w+)/m.exec(property.source)?.[1]] },
        bmcLoopIterations: property.engine === 'bmc' ? property.loops : undefined,
        divModNoSlacks: property.plainDivision,
        showUnproved: true,
        showProvedSafe: true,
      },
    },
  };
  const output = JSON.parse(
    compile(JSON.stringify(input), {
      import: (path: string) => ({ contents: readFileSync(join(ROOT, path), 'utf8') }),
      smtSolver: smtchecker.smtCallback((query: string) => solve(query, seconds)),
    }),
  ) as Output;
  const errors = output.errors ?? [];
  const broken = errors.find(({ severity }) => severity === 'error');
  if (broken) throw new Error(broken.formattedMessage);
  const messages = errors
    .map(({ message }) => message)
    .filter((m) => /^(CHC|BMC): .*(safe|happens? here)/.test(m));
  if (messages.length === 0) throw new Error(`${property.name} holds nothing to prove.`);
  return verdictOf(messages);
}

function verdictOf(messages: string[]): Verdict {
  if (messages.some((message) => message.includes('happens here'))) return 'VIOLATED';
  return messages.every((message) => message.includes('check is safe')) ? 'proved' : 'not terminated';
}
