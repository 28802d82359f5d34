/** When requests come: a fixed number always under way, Poisson in steps, or as in a recorded trace. */
import { readFileSync } from 'node:fs';
import { random } from '../bench.ts';
import { placeOf } from './scene.ts';
import type { Request } from './serving.ts';

/** A request with the place that it comes from. */
export interface Sent extends Request {
  place: number;
}

export interface Arrivals {
  first: readonly { at: number; sent: Sent }[];
  /** What comes because that request was answered. */
  after(id: number): Sent | null;
}

const TOKENS = 1024;

/** So many users at once, each of whom sends the next request when the last is answered, until all are sent. */
export function closedLoop(
  users: readonly number[],
  seed: number,
  concurrency: number,
  requests: number,
): Arrivals {
  const next = random(seed);
  const homes = Array.from({ length: concurrency }, () => placeOf(users, next()));
  const sender: number[] = [];
  let count = 0;
  const send = (user: number): Sent | null => {
    if (count === requests) return null;
    sender[count] = user;
    return { id: count++, promptTokens: TOKENS, outputTokens: TOKENS, place: homes[user]! };
  };
  return {
    first: homes.map((_, user) => ({ at: 0, sent: send(user)! })),
    after: (id) => send(sender[id]!),
  };
}

/** Steps of a rising rate, requests a second, each for so many seconds. */
export function poissonSteps(
  users: readonly number[],
  seed: number,
  rates: readonly number[],
  seconds: number,
): Arrivals {
  const next = random(seed);
  const first: { at: number; sent: Sent }[] = [];
  rates.forEach((rate, step) => {
    let at = step * seconds;
    for (;;) {
      at += -Math.log(1 - next()) / rate;
      if (at >= (step + 1) * seconds) return;
      first.push({
        at,
        sent: { id: first.length, promptTokens: TOKENS, outputTokens: TOKENS, place: placeOf(users, next()) },
      });
    }
  });
  return { first, after: () => null };
}

export interface TraceRow {
  /** Seconds from the trace's first request. */
  at: number;
  promptTokens: number;
  outputTokens: number;
}

/** A file in the format of Azure's LLM inference trace 2023: TIMESTAMP, ContextTokens, GeneratedTokens. */
export function readTrace(file: string): TraceRow[] {
  const [head = '', ...lines] = readFileSync(file, 'utf8').trimEnd().split(/\r?\n/);
  if (head !== 'TIMESTAMP,ContextTokens,GeneratedTokens')
    throw new Error(`${file} is no Azure LLM inference trace: it begins "${head.slice(0, 80)}"`);
  const rows = lines.map((line) => {
    const [time = '', prompt, output] = line.split(',');
    // Seven decimals: more than a Date reads.
    const [whole, fraction = '0'] = time.split('.');
    const at = Date.parse(`${whole!.replace(' ', 'T')}Z`) / 1000 + Number(`0.${fraction}`);
    return { at, promptTokens: Math.max(1, Number(prompt)), outputTokens: Math.max(1, Number(output)) };
  });
  const origin = rows[0]?.at ?? 0;
  return rows.map((row) => ({ ...row, at: row.at - origin }));
}

/** A window of the trace, drawn by the seed. */
export function traced(
  users: readonly number[],
  seed: number,
  trace: readonly TraceRow[],
  seconds: number,
): Arrivals {
  const next = random(seed);
  const from = next() * Math.max(0, trace.at(-1)!.at - seconds);
  const rows = trace.filter(({ at }) => at >= from && at < from + seconds);
  return {
    first: rows.map(({ at, promptTokens, outputTokens }, id) => ({
      at: at - from,
      sent: { id, promptTokens, outputTokens, place: placeOf(users, next()) },
    })),
    after: () => null,
  };
}
