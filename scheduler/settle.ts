import { Interface, keccak256, toUtf8Bytes, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import { leaseBookAbi } from '../contracts/generated/abi.ts';
import type { Deployment } from '../contracts/deployment.ts';
import type { Hex } from '../domain/types.ts';
import type { Call, TransactionManager } from './commit/transaction-manager.ts';

/** Leases of one settleMany transaction, and the gas asked for each (a final settlement writes four accounts). */
const BATCH = 100;
const BASE_GAS = 100_000n;
const LEASE_GAS = 160_000n;

export interface SettlementOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  deployment: Deployment;
  /** Least seconds of chain time between two payments of a running lease; 0 pays at its end alone. */
  streamSeconds: number;
}

export interface Settlement {
  /** Settles what is due now. Who calls twice pays gas twice at worst: an ended lease is passed over. */
  settleDue(): Promise<number>;
}

const leaseBook = new Interface(leaseBookAbi);

export function createSettlement(options: SettlementOptions): Settlement {
  const { pool, provider, transactions, deployment } = options;
  const lag = BigInt(deployment.parameters.settleLagSeconds);
  const stream = BigInt(options.streamSeconds);
  /** Chain time at which this process settled a lease: the indexer may not have the event yet. */
  const settledAt = new Map<string, bigint>();

  /**
   * Leases whose lag after the end is over, and running ones that have not been paid for a while. A closed lease's
   * `end` is its early end.
   */
  const due = async (now: bigint): Promise<{ id: string; final: boolean }[]> => {
    const { rows } = await pool.query<{ id: string; final: boolean }>(
      `SELECT id, "end" + $2::bigint <= $1::bigint AS final FROM lease
       WHERE NOT settled AND ("end" + $2::bigint <= $1::bigint
          OR ($3::bigint > 0 AND "settledUntil" + $2::bigint + $3::bigint <= $1::bigint))
       ORDER BY id`,
      [now, lag, stream],
    );
    return rows.filter((row) => {
      const last = settledAt.get(row.id);
      // A final settlement is repeated only when the indexer still lacks it after a while (a reorganisation).
      return last === undefined || now - last >= (stream > 0n && !row.final ? stream : 60n);
    });
  };

  const callFor = (ids: readonly string[], now: bigint): Call => ({
    effect: `settle:${now}:${keccak256(toUtf8Bytes(ids.join(','))).slice(2, 18)}`,
    to: deployment.leaseBook,
    data: leaseBook.encodeFunctionData('settleMany', [ids]) as Hex,
    gasLimit: BASE_GAS + LEASE_GAS * BigInt(ids.length),
  });

  return {
    async settleDue() {
      const block = await provider.getBlock('latest');
      const now = BigInt(block?.timestamp ?? 0);
      const leases = await due(now);
      if (leases.length === 0) return 0;
      const ids = leases.map((lease) => lease.id);
      const calls: Call[] = [];
      for (let at = 0; at < ids.length; at += BATCH) calls.push(callFor(ids.slice(at, at + BATCH), now));
      const mined = await transactions.send(calls);
      for (const id of ids) settledAt.set(id, now);
      for (const [id, at] of settledAt) if (now - at > 3600n + stream) settledAt.delete(id);
      const reverted = mined.find((result) => result.reverted !== null);
      if (reverted)
        throw new Error(
          `${reverted.effect} reverted: ${reverted.reverted?.name}(${reverted.reverted?.args.join(', ')})`,
        );
      return ids.length;
    },
  };
}
