/** A process that plays mutants, one after another: `node worker.ts <base file>`, mutants in and outcomes out as messages. */
import { readFile } from 'node:fs/promises';
import type { Mutant } from './candidates.ts';
import { CompileError, build } from './compiler.ts';
import type { Contracts } from './compiler.ts';
import { replaceBytes } from './replace.ts';
import { closureOf } from './sources.ts';
import type { Sources } from './sources.ts';
import { SLOW, failuresOf, suitesOf } from './suites.ts';

/** What a worker needs to know of the code as it is. */
export interface Base {
  readonly sources: Sources;
  readonly contracts: Contracts;
  /** Contracts whose bytecode holds code of the key. */
  readonly holders: Readonly<Record<string, readonly string[]>>;
}

/** How a mutant ended; `by` is the test that killed it. */
export interface Outcome {
  readonly end: 'killed' | 'survived' | 'equivalent' | 'notCompiling';
  readonly by?: string;
}

const base = JSON.parse(await readFile(process.argv[2] ?? '', 'utf8')) as Base;
const suites = suitesOf(base.contracts);

async function play(mutant: Mutant | 'none'): Promise<Outcome> {
  if (mutant === 'none') return unharmed();
  const sources = { ...base.sources, [mutant.file]: replaceBytes(base.sources[mutant.file] ?? '', mutant) };
  const holders = base.holders[mutant.owner] ?? [];
  try {
    const deployed = holders.filter((id) => !id.startsWith('test/'));
    const contracts = { ...base.contracts, ...rebuild(sources, deployed) };
    if (isSame(contracts, deployed)) {
      // What tests alone call (the auction's own rule), or nothing.
      Object.assign(contracts, rebuild(sources, holders));
      if (isSame(contracts, holders)) return { end: 'equivalent' };
    }
    for (const group of inOrder(mutant)) {
      // Tests which call a library themselves hold its code, so they are mutated as well.
      Object.assign(
        contracts,
        rebuild(
          sources,
          group.filter((id) => holders.includes(id)),
        ),
      );
      const failures = await failuresOf(contracts, group);
      if (failures.length > 0) return ended(failures);
    }
    return { end: 'survived' };
  } catch (error) {
    if (error instanceof CompileError) return { end: 'notCompiling' };
    throw error;
  }
}

/** The tests pass without a mutant, with the runs and the gas that mutants are given. */
async function unharmed(): Promise<Outcome> {
  const quick = await failuresOf(
    base.contracts,
    suites.filter((id) => !SLOW.test(id)),
  );
  const slow = await failuresOf(
    base.contracts,
    suites.filter((id) => SLOW.test(id)),
  );
  return ended([...quick, ...slow]);
}

function isSame(contracts: Contracts, ids: readonly string[]): boolean {
  return ids.every((id) => contracts[id]?.creation === base.contracts[id]?.creation);
}

function rebuild(sources: Sources, wanted: readonly string[]): Contracts {
  if (wanted.length === 0) return {};
  const files = wanted.map((id) => id.slice(0, id.indexOf(':')));
  return build(closureOf(sources, files), wanted);
}

/** The tests of the mutated contract, then the others, then the slow. */
function inOrder({ owner }: Mutant): string[][] {
  const holders = base.holders[owner] ?? [];
  const name = owner.slice(owner.indexOf(':') + 1);
  const own = suites.filter((id) => id.includes(`:${name}Test`));
  const others = suites.filter((id) => !own.includes(id));
  const quick = others.filter((id) => !SLOW.test(id));
  const slow = others.filter((id) => SLOW.test(id));
  const groups = [own, quick.filter((id) => !holders.includes(id))];
  // One at a time, because each costs seconds to compile.
  for (const id of quick) if (holders.includes(id)) groups.push([id]);
  return [...groups, slow].filter((group) => group.length > 0);
}

function ended(failures: readonly string[]): Outcome {
  const [by] = failures.toSorted();
  return by === undefined ? { end: 'survived' } : { end: 'killed', by };
}

process.on('message', (mutant: Mutant | 'none') => {
  void play(mutant).then((outcome) => process.send?.(outcome));
});
// Whoever asked is gone; a mutant that loops would go on alone.
process.on('disconnect', () => process.exit());
