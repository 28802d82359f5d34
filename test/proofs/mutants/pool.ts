/** Workers that play mutants side by side, in the order drawn. */
import { fork } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Mutant } from './candidates.ts';
import type { Outcome } from './worker.ts';

/** A mutant that was played. */
export interface Played {
  readonly mutant: Mutant;
  readonly outcome: Outcome;
  readonly seconds: number;
}

const WORKER = fileURLToPath(new URL('./worker.ts', import.meta.url));
/** An honest run takes 10 s; beyond this, the mutant loops. */
const TIMEOUT_MS = 240_000;
/** What kills a mutant that loops. */
export const OUT_OF_TIME = 'its time ran out';

/**
 * @param order mutants to draw from; those that do not count are replaced by the next
 * @param wanted how many have to count
 * @returns what was played, in drawing order, whichever worker was faster
 * @throws Error when the tests fail without any mutant
 */
export async function playMutants(
  baseFile: string,
  order: readonly Mutant[],
  wanted: number,
  onPlayed: (played: Played) => void,
  workers: number,
): Promise<Played[]> {
  const played: (Played | undefined)[] = [];
  let next = 0;
  let counted = 0;
  let underWay = 0;

  async function work(): Promise<void> {
    let worker = fork(WORKER, [baseFile]);
    try {
      const baseline = await ask(worker, 'none');
      if (baseline.end !== 'survived')
        throw new Error(`fails without a mutant: ${baseline.by ?? baseline.end}`);
      for (;;) {
        // No more than can still count, so that what is played hangs on the seed alone.
        if (counted + underWay >= wanted) {
          if (underWay === 0) return;
          await new Promise((resolve) => setTimeout(resolve, 100));
          continue;
        }
        const index = next;
        const mutant = order[index];
        if (mutant === undefined) return;
        next += 1;
        underWay += 1;
        const started = performance.now();
        const outcome = await ask(worker, mutant);
        underWay -= 1;
        if (isCounted(outcome)) counted += 1;
        const one = { mutant, outcome, seconds: (performance.now() - started) / 1000 };
        played[index] = one;
        onPlayed(one);
        if (worker.killed) worker = fork(WORKER, [baseFile]);
      }
    } finally {
      worker.kill();
    }
  }

  await Promise.all(Array.from({ length: workers }, work));
  return played.filter((one) => one !== undefined);
}

/** @returns whether the mutant is one: it compiles, to other code */
export function isCounted({ end }: Outcome): boolean {
  return end === 'killed' || end === 'survived';
}

async function ask(worker: ChildProcess, mutant: Mutant | 'none'): Promise<Outcome> {
  const answer = Promise.withResolvers<Outcome>();
  const timer = setTimeout(() => {
    worker.kill('SIGKILL');
    answer.resolve({ end: 'killed', by: OUT_OF_TIME });
  }, TIMEOUT_MS);
  const failed = () => answer.reject(new Error(`the worker died of ${JSON.stringify(mutant)}`));
  worker.once('message', answer.resolve);
  worker.once('exit', failed);
  worker.send(mutant);
  try {
    return await answer.promise;
  } finally {
    clearTimeout(timer);
    worker.off('message', answer.resolve);
    worker.off('exit', failed);
  }
}
