/** Judges what the simulated pools wrote down: when each lease ran, whether ever twice at once, whether on cards of another. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Ran {
  /** First start of each lease, unix milliseconds. */
  started: Map<string, number>;
  starts: number;
  doubleRuns: number;
  doubleUsedCards: number;
}

/** @param survives whether a pool's jobs outlive its process, so that `born` ends none */
export function readJournals(folder: string, pools: string[], survives: (pool: string) => boolean): Ran {
  const ran: Ran = { started: new Map(), starts: 0, doubleRuns: 0, doubleUsedCards: 0 };
  /** Across pools: a lease may run in one place alone. */
  const lines = pools.flatMap((pool) => {
    const path = join(folder, pool, 'journal');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line, order) => ({ pool, order, words: line.split(' ') }));
  });
  lines.sort((a, b) => Number(a.words[0]) - Number(b.words[0]) || a.order - b.order);
  const running = new Map<string, { pool: string; cards: string[] }>();
  for (const { pool, words } of lines) {
    const [at, what, id = '', ...cards] = words;
    if (what === 'born' && !survives(pool))
      for (const [lease, run] of running) if (run.pool === pool) running.delete(lease);
    if (what === 'end') running.delete(id);
    if (what !== 'start') continue;
    ran.starts += 1;
    const lease = id.split('-')[0] ?? '';
    if (!ran.started.has(lease)) ran.started.set(lease, Number(at));
    if (running.has(id)) ran.doubleRuns += 1;
    const held = new Set(
      [...running.values()].filter((run) => run.pool === pool).flatMap((run) => run.cards),
    );
    ran.doubleUsedCards += cards.filter((card) => held.has(card)).length;
    running.set(id, { pool, cards });
  }
  return ran;
}
