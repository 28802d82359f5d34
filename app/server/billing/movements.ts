/** What came into an account and left it beside its leases: each a line of the chain. */
import type { Month } from './month.ts';
import type { Database } from '../../../prisma/client.ts';
import { Prisma } from '../../../prisma/generated/client.ts';

export interface Movement {
  /** Unix seconds. */
  at: string;
  kind: 'deposit' | 'withdrawal' | 'slashed' | 'compensation' | 'share out' | 'share' | 'fees';
  /** Base units; below zero for what left. */
  amount: string;
  txHash: string;
  block: string;
}

/** Lines of one answer. */
export const MOST_MOVEMENTS = 2_000;

/** As a literal: the indexes of expressions are for these very words. */
const literal = (word: string): Prisma.Sql => Prisma.raw(`'${word}'`);

/** The signed movements of an account's money, as one query that others sum or list. @param account lower-case */
export function movementsSql(account: string): Prisma.Sql {
  const of = (name: string, who: string, kind: Movement['kind'], sign: 1 | -1): Prisma.Sql => Prisma.sql`
    SELECT ${kind}::text AS kind, ${sign} * (args->>'amount')::numeric AS amount, "blockNumber", "logIndex", "txHash" FROM chain_event
    WHERE name = ${literal(name)} AND args->>${literal(who)} = ${account}`;
  return Prisma.join(
    [
      of('Deposited', 'account', 'deposit', 1),
      of('Withdrawn', 'account', 'withdrawal', -1),
      of('Slashed', 'account', 'slashed', -1),
      of('Slashed', 'to', 'compensation', 1),
      // What a cluster's account hands to its members.
      of('Distributed', 'account', 'share out', -1),
      of('Distributed', 'to', 'share', 1),
      of('FeesCollected', 'treasury', 'fees', 1),
    ],
    ' UNION ALL ',
  );
}

/** Oldest first; one more than fit where there are more. */
export async function movementsIn(db: Database, account: string, { from, to }: Month): Promise<Movement[]> {
  return db.$queryRaw<Movement[]>`
    SELECT b.timestamp::text AS at, m.kind, m.amount::text AS amount, m."txHash", m."blockNumber"::text AS block
    FROM (${movementsSql(account)}) m JOIN block b ON b.number = m."blockNumber"
    WHERE b.timestamp >= ${from} AND b.timestamp < ${to}
    ORDER BY m."blockNumber", m."logIndex" LIMIT ${MOST_MOVEMENTS + 1}`;
}
