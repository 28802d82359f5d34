/** Which roles an account has: from the chain's rows, the environment, and what administrators gave. */
import { LRUCache } from 'lru-cache';
import type { Hex } from '../../../../domain/types.ts';
import type { Database } from '../../../../prisma/client.ts';
import type { Role } from '../access.ts';

/** What is known of an account may be this old, milliseconds. */
const KEPT_MS = 5_000;

export interface Roles {
  of(account: Hex): Promise<ReadonlySet<Role>>;
  /** Looks anew at the next question. */
  forget(account: string): void;
}

/** @param administrators accounts that the environment names, lower-case */
export function createRoles(db: Database, administrators: ReadonlySet<string>): Roles {
  const kept = new LRUCache<string, Promise<ReadonlySet<Role>>>({ max: 10_000, ttl: KEPT_MS });
  const read = async (account: Hex): Promise<ReadonlySet<Role>> => {
    const [row] = await db.$queryRaw<
      { provider: boolean; monitor: boolean; auditor: boolean; granted: string[] }[]
    >`
      SELECT EXISTS (SELECT 1 FROM provider WHERE address = ${account} OR signer = ${account}) AS provider,
             coalesce((SELECT name <> 'MonitorLeft' FROM chain_event
               WHERE name IN ('MonitorBonded', 'MonitorLeaving', 'MonitorLeft') AND lower(args->>'monitor') = ${account}
               ORDER BY "blockNumber" DESC, "logIndex" DESC LIMIT 1), false) AS monitor,
             EXISTS (SELECT 1 FROM node WHERE auditor = ${account}) AS auditor,
             coalesce((SELECT array_agg(role) FROM role_grant WHERE account = ${account}), '{}') AS granted`;
    const roles = new Set<Role>(['consumer']);
    if (row?.provider === true) roles.add('provider');
    if (row?.monitor === true) roles.add('monitor');
    if (row?.auditor === true) roles.add('auditor');
    for (const role of row?.granted ?? []) roles.add(role as Role);
    if (administrators.has(account)) roles.add('administrator');
    return roles;
  };
  return {
    of(account) {
      const known = kept.get(account);
      if (known !== undefined) return known;
      const roles = read(account);
      kept.set(account, roles);
      roles.catch(() => kept.delete(account));
      return roles;
    },
    forget: (account) => void kept.delete(account),
  };
}
