/** Many inputs at once: each has an answer of its own, and the refused ones are counted. */
import { Refusal } from '../../domain/refusal.ts';
import type { Database } from '../../prisma/client.ts';
import { countRefusals, type InputKind } from './refusals.ts';

/** One answer per item of a batch, in its order. */
export type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** Items of one transaction: below PostgreSQL's 65,535 parameters for the queries that bind one each. */
const BATCH = 4000;

/** Runs a batch in parts, and counts its refusals. */
export async function inBatches<P, T>(
  db: Database,
  kind: InputKind,
  inputs: unknown[],
  prepare: (input: unknown) => Promise<P> | P,
  store: (items: P[]) => Promise<Answer<T>[]>,
): Promise<Answer<T>[]> {
  const answers: Answer<T>[] = [];
  for (let from = 0; from < inputs.length; from += BATCH) {
    const prepared = await Promise.all(
      inputs.slice(from, from + BATCH).map((input) => answerOf(() => prepare(input))),
    );
    const stored = await store(prepared.filter((item) => item.ok).map((item) => item.value)).then((list) =>
      list.values(),
    );
    for (const item of prepared) answers.push(item.ok ? (stored.next().value as Answer<T>) : item);
  }
  await countRefusals(
    db,
    kind,
    answers.flatMap((answer) => (answer.ok ? [] : [answer.refusal])),
  );
  return answers;
}

export async function answerOf<T>(make: () => Promise<T> | T): Promise<Answer<T>> {
  try {
    return { ok: true, value: await make() };
  } catch (error) {
    if (error instanceof Refusal) return { ok: false, refusal: error };
    throw error;
  }
}

export function only<T>(answers: Answer<T>[]): T {
  const [answer] = answers;
  if (answer === undefined) throw new Error('a batch of one has no answer');
  if (!answer.ok) throw answer.refusal;
  return answer.value;
}
