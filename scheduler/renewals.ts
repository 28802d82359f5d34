import { Interface, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import { z } from 'zod';
import { marketAbi } from '../contracts/generated/abi.ts';
import type { Deployment } from '../contracts/deployment.ts';
import { leaseRef, type LeasePage } from '../domain/lease-page.ts';
import type { Hex } from '../domain/types.ts';
import type { Call } from './commit/signing.ts';
import type { TransactionManager } from './commit/transaction-manager.ts';

/** Prolonged so long before its end, seconds: the contract allows it in the last hour, the money is locked from then on. */
const AHEAD_SECONDS = 600n;
/** Gas asked for; 220,000 were measured: a lease is bought, and the word moves on. */
const RENEW_GAS = 500_000n;
/** Renewals of one round, soonest ends first. */
const BATCH = 100;

export interface RenewalOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  deployment: Deployment;
}

export interface Renewals {
  /**
   * Prolongs the open-ended leases that end soon, from the cheapest listing of their node that their consumers allow; returns how many.
   * What can't be renewed now is tried again until it ends.
   */
  renewDue(): Promise<number>;
}

interface DueRow {
  lease: string;
  id: string;
  start: string;
  source: Hex;
  accounts: Hex;
  leases: Hex;
  message: unknown;
  signature: Hex;
}

const market = new Interface(marketAbi);
/** Of a stored listing, in the contract's names; integers above 32 bits are decimal strings. */
const listingFields = z.looseObject({ provider: z.string(), node: z.string(), pricePerCardHour: z.string() });

export function createRenewals({ pool, provider, transactions, deployment }: RenewalOptions): Renewals {
  /** A word that has moved on to a later lease leaves its row: that lease has a child. */
  const due = async (now: bigint): Promise<DueRow[]> => {
    const { rows } = await pool.query<DueRow>(
      `SELECT l.id AS lease, p.id, p.start, p.source, p.accounts, p.leases, o.message, o.signature
       FROM renewal r
         JOIN lease l ON l.id = r."leaseId" AND NOT l.settled AND l."end" = l.start + l.duration
           AND l."end" > $1 AND l."end" <= $1 + $2::bigint AND l."end" < r.until
         JOIN page p ON p.id = l.id >> 8
         JOIN LATERAL (
           SELECT x.message, x.signature FROM listing x
             JOIN node n ON n.id = x.node AND n.epoch = (x.message->>'nodeEpoch')::bigint
             LEFT JOIN fill f ON f.id = x.id
           WHERE x.node = r.node AND x.provider = l.provider AND x."resourceClass" = r."resourceClass"
             AND x.price <= r."maxRate" AND x."validUntil" >= $1 AND (x.message->>'validFrom')::numeric <= $1
             AND x.cards - coalesce(f.filled, 0) >= l.cards
             AND NOT EXISTS (SELECT 1 FROM used_nonce u
               WHERE u.kind = 'listing' AND u.account = x.provider AND u.nonce = (x.message->>'nonce')::numeric)
           ORDER BY x.price, x.id LIMIT 1) o ON true
       WHERE NOT EXISTS (SELECT 1 FROM lease c WHERE c.parent = l.id)
       ORDER BY l."end", l.id LIMIT ${BATCH}`,
      [now, AHEAD_SECONDS],
    );
    return rows;
  };

  const callOf = (row: DueRow, now: bigint): Call => {
    const { lease, message, signature, ...page } = row;
    const opened: LeasePage = { ...page, id: BigInt(page.id), start: BigInt(page.start) };
    const ref = leaseRef(opened, Number(BigInt(lease) & 0xffn));
    return {
      effect: `renew:${now}:${lease}`,
      to: deployment.market,
      data: market.encodeFunctionData('renew', [ref, listingFields.parse(message), signature]) as Hex,
      gasLimit: RENEW_GAS,
    };
  };

  /** Whether the chain would take it now: money, cap, cards, pause and the word itself are judged there. */
  const passes = async ({ to, data }: Call): Promise<boolean> => {
    try {
      await provider.call({ to, data, from: transactions.address });
      return true;
    } catch (error) {
      if ((error as { code?: string }).code === 'CALL_EXCEPTION') return false;
      throw error;
    }
  };

  return {
    async renewDue() {
      const now = BigInt((await provider.getBlock('latest'))?.timestamp ?? 0);
      const calls: Call[] = [];
      for (const row of await due(now)) {
        const call = callOf(row, now);
        if (await passes(call)) calls.push(call);
      }
      if (calls.length === 0) return 0;
      const mined = await transactions.send(calls);
      return mined.filter((result) => result.reverted === null).length;
    },
  };
}
