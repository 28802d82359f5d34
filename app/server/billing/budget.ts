/** What an account means to spend in a month, and what it has spent: leases that began in it, with what they still hold. */
import type { Database } from '../../../prisma/client.ts';
import { leaseTotals } from './lines.ts';
import { monthAt, monthOf } from './month.ts';

export interface BudgetState {
  month: string;
  /** Base units; null without a budget. */
  perMonth: bigint | null;
  spent: bigint;
}

/** @param now chain time, unix seconds */
export async function budgetOf(db: Database, account: string, now: bigint): Promise<BudgetState> {
  const month = monthAt(now);
  const [row, totals] = await Promise.all([
    db.budget.findUnique({ where: { account } }),
    leaseTotals(db, account, monthOf(month), 'rented'),
  ]);
  const { price, fee, surplus, held } = totals;
  const spent = [price, fee, surplus, held].reduce((sum, part) => sum + BigInt(part), 0n);
  return { month, perMonth: row === null ? null : BigInt(row.perMonth.toFixed(0)), spent };
}
