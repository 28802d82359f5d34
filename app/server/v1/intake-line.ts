/**
 * Orders and asks that arrive one by one are taken in the batches in which they arrive: while one transaction is at work
 * under the book's lock, the next one's messages wait together. Nobody waits for a timer.
 */
import type { Refusal } from '../../../domain/refusal.ts';

type Answer<T> = { ok: true; value: T } | { ok: false; refusal: Refusal };

/** Messages of one transaction: what their signatures cost keeps this thread for some 20 ms. */
const MOST = 64;

interface Waiting<T> {
  input: unknown;
  resolve(value: T): void;
  reject(error: unknown): void;
}

/** @param take many inputs in one transaction, each with an answer of its own */
export function createLine<T>(
  take: (inputs: unknown[]) => Promise<Answer<T>[]>,
): (input: unknown) => Promise<T> {
  const waiting: Waiting<T>[] = [];
  let working = false;
  const work = async (): Promise<void> => {
    if (working) return;
    working = true;
    // What arrives in this turn of the loop comes along.
    await new Promise((resolve) => setImmediate(resolve));
    while (waiting.length > 0) {
      const batch = waiting.splice(0, MOST);
      try {
        const answers = await take(batch.map(({ input }) => input));
        for (const [index, { resolve, reject }] of batch.entries()) {
          const answer = answers[index]!;
          if (answer.ok) resolve(answer.value);
          else reject(answer.refusal);
        }
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    working = false;
  };
  return (input) =>
    new Promise<T>((resolve, reject) => {
      waiting.push({ input, resolve, reject });
      void work();
    });
}
