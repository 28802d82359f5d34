/** What `npm run test:mutants` says of its mutants. */
import type { Mutant } from './candidates.ts';
import { OUT_OF_TIME, isCounted } from './pool.ts';
import type { Played } from './pool.ts';

/** Why a mutant survives rightly, by its identity. */
export type Explanations = Readonly<Record<string, { readonly equivalent: boolean; readonly why: string }>>;

interface Tally {
  mutants: number;
  killed: number;
}

/** @returns `file:line operator: original → mutated` */
export function describe({ file, line, operator, original, mutated }: Mutant): string {
  return `${file}:${line} ${operator}: ${original} → ${mutated}`;
}

/** Prints the survivors and returns the numbers. */
export function report(played: readonly Played[], explanations: Explanations) {
  const counted = played.filter(({ outcome }) => isCounted(outcome));
  const survivors = counted.filter(({ outcome }) => outcome.end === 'survived').map(({ mutant }) => mutant);
  const explained = survivors.filter(({ identity }) => identity in explanations);
  const equivalent = explained.filter(({ identity }) => explanations[identity]?.equivalent);
  const killed = counted.length - survivors.length;
  const perOperator: Record<string, Tally> = {};
  for (const { mutant, outcome } of counted) {
    const tally = (perOperator[mutant.operator] ??= { mutants: 0, killed: 0 });
    tally.mutants += 1;
    if (outcome.end === 'killed') tally.killed += 1;
  }
  for (const survivor of survivors) {
    const explanation = explanations[survivor.identity];
    console.log(`survived: ${describe(survivor)}`);
    console.log(`  ${survivor.identity}`);
    console.log(`  ${explanation === undefined ? 'UNEXPLAINED' : explanation.why}`);
  }
  return {
    mutants: counted.length,
    killed,
    survived: survivors.length,
    killedShare: share(killed, counted.length),
    killedShareOfNonEquivalent: share(killed, counted.length - equivalent.length),
    explained: explained.length,
    timedOut: counted.filter(({ outcome }) => outcome.by === OUT_OF_TIME).length,
    equivalentSkipped: played.filter(({ outcome }) => outcome.end === 'equivalent').length,
    notCompiling: played.filter(({ outcome }) => outcome.end === 'notCompiling').length,
    perOperator,
    survivors: survivors.map(describe),
  };
}

function share(part: number, whole: number): number {
  return whole === 0 ? 0 : Math.round((part / whole) * 10_000) / 10_000;
}
