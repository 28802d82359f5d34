/** The properties of a harness: its functions with an underscore in their name. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT } from '../hardhat.ts';

/** As prettier writes them. */
const FUNCTION = /((?: {4}\/\/\/.*\n)*) {4}function (\w+_\w+)\([\s\S]*?\n {4}\}\n/g;

export interface Property {
  name: string;
  /** Path of the harness, from the repository's root. */
  file: string;
  /** The harness without its other properties, so that a query holds nothing that it does not need. */
  source: string;
  /** Horn clauses, which see any sequence of calls; or one call with its loops unrolled, for which z3 multiplies better. */
  engine: 'chc' | 'bmc';
  /** How often BMC unrolls a loop; it must be as often as the loop turns. */
  loops: number;
  /** Division as the solver has it, else as a quotient and a rest. */
  plainDivision: boolean;
  target: 'assert' | 'overflow';
  /** Why no proof is expected. */
  unproved: string | undefined;
}

/** What follows `@custom:name` in a function's comment. */
function tag(comment: string, name: string): string | undefined {
  return new RegExp(`@custom:${name} (.*)`).exec(comment)?.[1]?.trim();
}

/** The properties of the harness in their order. */
export function propertiesOf(file: string): Property[] {
  const whole = readFileSync(join(ROOT, file), 'utf8');
  return [...whole.matchAll(FUNCTION)].map(([text, comment = '', name = '']) => ({
    name,
    file,
    source: whole.replace(FUNCTION, (other) => (other === text ? other : '')),
    engine: tag(comment, 'engine') === 'bmc' ? 'bmc' : 'chc',
    loops: Number(tag(comment, 'loops') ?? 1),
    plainDivision: tag(comment, 'division') === 'plain',
    target: tag(comment, 'target') === 'overflow' ? 'overflow' : 'assert',
    unproved: tag(comment, 'unproved'),
  }));
}

/**
 * The opposite. Both are proved where the assertion is never reached: BMC leaves out what lies after a loop that it unrolls too little.
 */
export function opposite(property: Property): Property {
  const source =
    property.target === 'assert'
      ? property.source.replace(/assert\(([\s\S]*?)\);\n/, 'assert(!($1));\n')
      : property.source.replace(FUNCTION, (text) =>
          text.replace(/ {4}\}\n$/, '        assert(false);\n    }\n'),
        );
  return { ...property, source, target: 'assert' };
}
