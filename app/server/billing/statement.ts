/** An account's month: what it rented, what it let, what it moved, each line with its proof on the chain. */
import { monthOf } from './month.ts';
import type { Database } from '../../../prisma/client.ts';
import { leaseLines, leaseTotals, type LeaseLine, type LeaseTotals } from './lines.ts';
import { MOST_MOVEMENTS, movementsIn, type Movement } from './movements.ts';

export interface Statement {
  account: string;
  month: string;
  /** Unix seconds: the month's first second, and the first after it. */
  from: string;
  to: string;
  rented: LeaseTotals;
  let: LeaseTotals;
  movements: Movement[];
  /** False when there are more. */
  allMovements: boolean;
}

/** @throws Refusal MALFORMED on a month that is none */
export async function statementOf(db: Database, account: string, name: string): Promise<Statement> {
  const month = monthOf(name);
  const [rented, let_, movements] = await Promise.all([
    leaseTotals(db, account, month, 'rented'),
    leaseTotals(db, account, month, 'let'),
    movementsIn(db, account, month),
  ]);
  return {
    account,
    month: name,
    from: month.from.toString(),
    to: month.to.toString(),
    rented,
    let: let_,
    movements: movements.slice(0, MOST_MOVEMENTS),
    allMovements: movements.length <= MOST_MOVEMENTS,
  };
}

/** Lines of one read. */
const BATCH = 5_000;

/** All of a month's lines, in their order, as many as `most`. */
export async function allLines(
  db: Database,
  account: string,
  name: string,
  most: number,
): Promise<LeaseLine[]> {
  const month = monthOf(name);
  const lines: LeaseLine[] = [];
  for (let after = -1n; lines.length < most;) {
    const some = await leaseLines(db, account, month, 'rented', Math.min(BATCH, most - lines.length), after);
    lines.push(...some);
    if (some.length < BATCH) break;
    after = BigInt(some.at(-1)!.lease);
  }
  return lines;
}
