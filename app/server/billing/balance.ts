/**
 * An account's balance explained: what all its lines since the beginning add up to, beside what the vault holds for it. They are the
 * same to the unit, or the difference is said.
 */
import type { Database } from '../../../prisma/client.ts';
import { movementsSql } from './movements.ts';

export interface Balance {
  available: string;
  bidding: string;
  /** On its way out of bidding. */
  unbidding: string;
  staked: string;
  total: string;
  /** Of leases that are not over, and of quotes that are not procured yet: the account's while it lasts. */
  escrow: string;
  explained: {
    /** Deposits, withdrawals, slashes, shares and fees. */
    moved: string;
    earned: string;
    /** What its leases and quotes took, less what came back. */
    spent: string;
    total: string;
  };
  /** 0 when every unit is explained. */
  difference: string;
}

interface Row {
  available: string;
  bidding: string;
  unbidding: string;
  staked: string;
  moved: string;
  earned: string;
  taken: string;
  back: string;
  used: string;
  /** Of a cluster's account. */
  shared: string;
  kept: string;
  waiting: string;
}

/** One statement: all parts of one moment. */
export async function balanceOf(db: Database, account: string): Promise<Balance> {
  const [row] = await db.$queryRaw<Row[]>`
    SELECT coalesce(a.available, 0)::text AS available, coalesce(a.bidding, 0)::text AS bidding, coalesce(a.unbidding, 0)::text AS unbidding,
      coalesce(a.staked, 0)::text AS staked,
      (SELECT coalesce(sum(m.amount), 0)::text FROM (${movementsSql(account)}) m) AS moved,
      (SELECT coalesce(sum(l.paid), 0)::text FROM provider p JOIN lease l ON l.provider = p.address WHERE p.payout = ${account}) AS earned,
      -- A cluster's account has no provider's record: it is paid itself.
      (SELECT coalesce(sum(l.paid), 0)::text FROM lease l
        WHERE l.provider = ${account} AND NOT EXISTS (SELECT 1 FROM provider p WHERE p.address = l.provider)) AS shared,
      r.taken, r.back, r.used,
      q.kept, q.waiting
    FROM (SELECT coalesce(sum(locked), 0)::text AS taken, coalesce(sum(refunded), 0)::text AS back,
                 coalesce(sum(paid + fee), 0)::text AS used FROM lease WHERE consumer = ${account}) r
      CROSS JOIN (SELECT coalesce(sum(kept) FILTER (WHERE outcome = 'PROCURED'), 0)::text AS kept,
                         coalesce(sum(amount) FILTER (WHERE outcome = 'HELD'), 0)::text AS waiting FROM quote WHERE consumer = ${account}) q
      LEFT JOIN account a ON a.address = ${account}`;
  const { available, bidding, unbidding, staked, ...sums } = row!;
  const total = BigInt(available) + BigInt(bidding) + BigInt(unbidding) + BigInt(staked);
  const earned = BigInt(sums.earned) + BigInt(sums.shared);
  const spent = BigInt(sums.taken) - BigInt(sums.back) + BigInt(sums.kept) + BigInt(sums.waiting);
  const explained = BigInt(sums.moved) + earned - spent;
  return {
    available,
    bidding,
    unbidding,
    staked,
    total: total.toString(),
    escrow: (BigInt(sums.taken) - BigInt(sums.back) - BigInt(sums.used) + BigInt(sums.waiting)).toString(),
    explained: {
      moved: sums.moved,
      earned: earned.toString(),
      spent: spent.toString(),
      total: explained.toString(),
    },
    difference: (total - explained).toString(),
  };
}
