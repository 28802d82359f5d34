/** The model against the published run that it is fitted to: one node of eight H200, a number of requests always under way. */
import { random } from '../bench.ts';
import { CARDS, PROMPT_SECONDS } from './model.ts';
import { ServingNode } from './serving.ts';

/**
 * `InferenceX` issue 870 (DeepSeek-R1-0528, SGLang 0.5.7, FP8, tensor-parallel over eight H200, 1,024 tokens in and out): means in
 * milliseconds of the time to the first token and the time for each further one.
 */
export const PUBLISHED = [
  { concurrency: 8, ttftMs: 330.6, perTokenMs: 12.8 },
  { concurrency: 16, ttftMs: 356.0, perTokenMs: 17.2 },
  { concurrency: 32, ttftMs: 426.5, perTokenMs: 25.6 },
  { concurrency: 64, ttftMs: 423.1, perTokenMs: 34.6 },
] as const;

/** Requests of a run for each that is under way at once. */
const ROUNDS = 10;
/** Lengths are 0.8 to 1 of 1,024, so that requests do not march in step. */
const SHORTEST = 0.8;

export function calibrated(concurrency: number): { ttftMs: number; perTokenMs: number } {
  const next = random(concurrency);
  const node = new ServingNode(CARDS.find(({ name }) => name === 'H200')!);
  const length = (): number => Math.round(1024 * (SHORTEST + (1 - SHORTEST) * next()));
  const started = new Map<number, number>();
  const firsts = new Map<number, number>();
  let [sent, now, ttft, perToken, done] = [0, 0, 0, 0, 0];
  /** Requests that are being tokenised, by when they join. */
  const coming: { at: number; id: number }[] = [];
  const send = (): void => {
    if (sent === concurrency * ROUNDS) return;
    started.set(sent, now);
    coming.push({ at: now + PROMPT_SECONDS, id: sent++ });
  };
  for (let i = 0; i < concurrency; i++) send();
  const tokens = new Map<number, number>();
  while (done < concurrency * ROUNDS) {
    const joining = coming[0]?.at ?? Infinity;
    if (joining <= node.dueAt) {
      now = joining;
      const id = coming.shift()!.id;
      const outputTokens = length();
      tokens.set(id, outputTokens);
      if (node.arrive({ id, promptTokens: length(), outputTokens }, now) === now) node.advance(now);
      continue;
    }
    now = node.dueAt;
    const { first, finished } = node.advance(now);
    for (const { id } of first) {
      firsts.set(id, now);
      ttft += now - started.get(id)!;
    }
    for (const { id } of finished) {
      perToken += (now - firsts.get(id)!) / (tokens.get(id)! - 1);
      done++;
      send();
    }
  }
  return { ttftMs: (ttft / done) * 1000, perTokenMs: (perToken / done) * 1000 };
}
