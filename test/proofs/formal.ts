/**
 * `npm run test:formal`: the compiler's SMTChecker with Debian's z3 on the arithmetic libraries, a line per property as it is decided.
 * The last line printed is a JSON object; exit code 1 when a property is violated, one that was proved before isn't, or the checker
 * believes what is false. `npm run test:formal -- owed` takes only the properties with this in their name.
 */
import { check, type Verdict } from './formal/checker.ts';
import { opposite, propertiesOf, type Property } from './formal/property.ts';
import { z3Version } from './formal/z3.ts';

const HARNESSES = ['Accrual', 'Conservation', 'PowerSplit', 'Ranking', 'Rea', 'Standing'];
/** Seconds of z3 for a query; z3's own count of its work should end it before. */
const PATIENCE = 150;
/** For what no proof is expected of. */
const SHORT = 6;

interface Result {
  property: Property;
  verdict: Verdict;
}

function decide(property: Property, seconds: number): Result {
  const started = performance.now();
  const verdict = check(property, seconds);
  const took = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`${verdict.padEnd(14)} ${property.engine} ${took.padStart(6)} s  ${nameOf(property)}`);
  return { property, verdict };
}

function nameOf({ file, name }: Property): string {
  return `${/(\w+)\.sol$/.exec(file)?.[1]}.${name}`;
}

/** A proof counts only if the opposite is found violated: else nothing may have been reached. */
function isReached({ property, verdict }: Result): boolean {
  if (verdict !== 'proved') return true;
  const other = check(opposite(property), PATIENCE);
  if (other !== 'VIOLATED') console.log(`  its opposite:  ${other}`);
  return other === 'VIOLATED';
}

const version = z3Version();
if (version === undefined) {
  console.log('The proofs need z3, which is not installed: apt-get install z3');
  process.exit(1);
}
const started = performance.now();
const filter = process.argv[2] ?? '';
const harness = (name: string) => propertiesOf(`test/proofs/formal/${name}.sol`);
console.log('These are false, and must be found so:');
const wrong = harness('Wrong').map((property) => decide(property, PATIENCE));
console.log('These must hold:');
const results: Result[] = [];
let reached = true;
for (const property of HARNESSES.flatMap(harness).filter(({ name }) => name.includes(filter))) {
  const result = decide(property, property.unproved === undefined ? PATIENCE : SHORT);
  results.push(result);
  reached = isReached(result) && reached;
}
const named = (verdict: Verdict) =>
  results.filter((result) => result.verdict === verdict).map(({ property }) => nameOf(property));
const lost = results.some(({ property, verdict }) => property.unproved === undefined && verdict !== 'proved');
const selfCheck = reached && wrong.every(({ verdict }) => verdict === 'VIOLATED');
console.log(
  JSON.stringify({
    properties: results.length,
    proved: named('proved').length,
    notTerminated: named('not terminated'),
    violated: named('VIOLATED'),
    selfCheck,
    z3: version,
    wallSeconds: Math.round((performance.now() - started) / 1000),
  }),
);
process.exitCode = selfCheck && !lost && named('VIOLATED').length === 0 ? 0 : 1;
