/** `cardhour provider drain`: pools whose nodes are not offered any more, for maintenance or for good. */
import { existsSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Refusal } from '../../domain/refusal.ts';
import { writeState } from '../../provider/files.ts';
import type { PoolConfig } from '../../provider/pools/pools.ts';

/**
 * Marks a pool, or all of them, in `pools.json`, which a running agent looks at every two seconds.
 * @param undo offers them again
 * @throws Refusal NOT_FOUND
 */
export function drainPools(
  { data, pool, undo = false }: { data: string; pool?: string; undo?: boolean },
  log: (line: string) => void,
): void {
  const path = process.env.POOLS_FILE ?? join(resolve(data), 'pools.json');
  // Without the file an agent has this one pool.
  const { pools } = existsSync(path)
    ? (JSON.parse(readFileSync(path, 'utf8')) as { pools: PoolConfig[] })
    : { pools: [{ name: 'local', plugin: 'process' }] };
  const chosen = pools.filter(({ name }) => pool === undefined || name === pool);
  if (chosen.length === 0)
    throw new Refusal(
      'NOT_FOUND',
      `There is no pool ${pool}.`,
      `There are ${pools.map(({ name }) => name).join(', ')}.`,
    );
  const changed = pools.map((config) => {
    const { drain: _drain, ...rest } = config;
    return chosen.includes(config) && !undo
      ? { ...rest, drain: true }
      : chosen.includes(config)
        ? rest
        : config;
  });
  writeState(path, { pools: changed });
  for (const { name } of chosen)
    log(
      undo
        ? `pool ${name} is offered again`
        : `pool ${name} is drained: nothing more is offered; what is sold, and standing offers sell within the hour, still runs`,
    );
}
