import { Interface, keccak256, toUtf8Bytes, type JsonRpcProvider } from 'ethers';
import type { Pool } from 'pg';
import { leaseBookAbi, vaultAbi } from '../contracts/generated/abi.ts';
import type { Deployment } from '../contracts/deployment.ts';
import { bytesToHex } from '../domain/hash.ts';
import { encodeSettlement, leaseRef, type LeasePage } from '../domain/lease-page.ts';
import type { Hex } from '../domain/types.ts';
import { MAX_TRANSACTION_GAS, type Call } from './commit/signing.ts';
import type { TransactionManager } from './commit/transaction-manager.ts';
import { refundCalls } from './refunds.ts';

/** Gas asked for: measured for fresh accounts, with room. */
const BASE_GAS = 100_000n;
const PAGE_GAS = 40_000n;
const LEASE_GAS = 4_000n;
const PROVIDER_GAS = 60_000n;
const ALONE_GAS = 300_000n;
/** Leases of one `settlePages` transaction. */
const BATCH_LEASES = 1_000;
const BATCH_PAGES = 100;
/** Chain time between two collections of the fees, seconds. */
const COLLECT_SECONDS = 3_600n;
/** A final settlement is repeated only when the indexer still lacks it after so many seconds (a reorganisation). */
const REPEAT_SECONDS = 60n;

export interface SettlementOptions {
  pool: Pool;
  provider: JsonRpcProvider;
  transactions: TransactionManager;
  deployment: Deployment;
  /** Least seconds of chain time between two payments of a running lease; 0 pays at its end alone. */
  streamSeconds: number;
}

export interface Settlement {
  /**
   * Settles what is due now, and returns what quotes hold that were not procured; returns how many of both. Who calls twice pays gas
   * twice at worst: what is settled is passed over.
   */
  settleDue(): Promise<number>;
}

interface PageRow {
  id: string;
  start: string;
  source: Hex;
  accounts: Hex;
  leases: Hex;
}

const leaseBook = new Interface(leaseBookAbi);
const vault = new Interface(vaultAbi);

export function createSettlement(options: SettlementOptions): Settlement {
  const { pool, provider, transactions, deployment } = options;
  const lag = BigInt(deployment.parameters.settleLagSeconds);
  const stream = BigInt(options.streamSeconds);
  /** Chain time at which this process settled a page or lease: the indexer may not have the event yet. */
  const settledAt = new Map<string, bigint>();
  let collectedAt: bigint | null = null;

  const isNew = (key: string, now: bigint, pause: bigint): boolean => {
    const last = settledAt.get(key);
    return last === undefined || now - last >= pause;
  };

  /**
   * Pages in which a lease that follows them has come to its end, or that have not been paid for a while. One settlement of a page
   * pays all of its leases.
   */
  const duePages = async (now: bigint): Promise<{ page: LeasePage; leases: number }[]> => {
    const { rows } = await pool.query<PageRow & { due: string }>(
      `SELECT p.id, p.start, p.source, p.accounts, p.leases, d.due FROM page p JOIN (
         SELECT id >> 8 AS page, count(*) FILTER (WHERE "end" + $2::bigint <= $1::bigint) AS due,
           min("settledUntil") AS paid FROM lease
         WHERE NOT settled AND "followsPage" GROUP BY id >> 8) d ON d.page = p.id
       WHERE p.open > 0 AND (d.due > 0 OR ($3::bigint > 0 AND d.paid + $2::bigint + $3::bigint <= $1::bigint))
       ORDER BY p.id`,
      [now, lag, stream],
    );
    return rows
      .filter(({ id, due }) => isNew(`page:${id}:${due}`, now, due === '0' ? stream : REPEAT_SECONDS))
      .map(({ due, ...row }) => {
        settledAt.set(`page:${row.id}:${due}`, now);
        return { page: pageOf(row), leases: Math.max(1, Number(due)) };
      });
  };

  /** Leases that left their page and whose lag after the end is over. */
  const dueAlone = async (now: bigint): Promise<{ id: bigint; page: LeasePage }[]> => {
    const { rows } = await pool.query<PageRow & { lease: string }>(
      `SELECT l.id AS lease, p.id, p.start, p.source, p.accounts, p.leases FROM lease l JOIN page p ON p.id = l.id >> 8
       WHERE NOT l.settled AND NOT l."followsPage" AND l."end" + $2::bigint <= $1::bigint ORDER BY l.id`,
      [now, lag],
    );
    return rows
      .filter(({ lease }) => isNew(`lease:${lease}`, now, REPEAT_SECONDS))
      .map(({ lease, ...row }) => {
        settledAt.set(`lease:${lease}`, now);
        return { id: BigInt(lease), page: pageOf(row) };
      });
  };

  const pagesCall = (pages: readonly LeasePage[], now: bigint): Call => {
    const leases = pages.reduce((sum, page) => sum + BigInt((page.leases.length - 2) / 40), 0n);
    const accounts = pages.reduce((sum, page) => sum + BigInt((page.accounts.length - 2) / 40), 0n);
    const gas = BASE_GAS + PAGE_GAS * BigInt(pages.length) + LEASE_GAS * leases + PROVIDER_GAS * accounts;
    return {
      effect: `settle:${now}:${keccak256(toUtf8Bytes(pages.map((page) => page.id).join(','))).slice(2, 18)}`,
      to: deployment.leaseBook,
      data: leaseBook.encodeFunctionData('settlePages', [bytesToHex(encodeSettlement(pages))]) as Hex,
      gasLimit: gas < MAX_TRANSACTION_GAS ? gas : MAX_TRANSACTION_GAS,
    };
  };

  const aloneCall = ({ id, page }: { id: bigint; page: LeasePage }, now: bigint): Call => ({
    effect: `settle:${now}:lease:${id}`,
    to: deployment.leaseBook,
    data: leaseBook.encodeFunctionData('settle', [leaseRef(page, Number(id & 0xffn))]) as Hex,
    gasLimit: ALONE_GAS,
  });

  /** A call that moves the fees to the treasury, when there are any and the last time was a while ago. */
  const collectCall = async (now: bigint): Promise<Call[]> => {
    collectedAt ??= now;
    if (now - collectedAt < COLLECT_SECONDS) return [];
    const answer = await provider.call({ to: deployment.vault, data: vault.encodeFunctionData('totals') });
    const [, fees] = vault.decodeFunctionResult('totals', answer) as unknown as [bigint, bigint];
    collectedAt = now;
    const data = vault.encodeFunctionData('collectFees') as Hex;
    return fees === 0n ? [] : [{ effect: `collect:${now}`, to: deployment.vault, data, gasLimit: BASE_GAS }];
  };

  return {
    async settleDue() {
      const block = await provider.getBlock('latest');
      const now = BigInt(block?.timestamp ?? 0);
      const [pages, alone] = await Promise.all([duePages(now), dueAlone(now)]);
      const refunds = await refundCalls(options, now, (id) => {
        const isFresh = isNew(`refund:${id}`, now, REPEAT_SECONDS);
        if (isFresh) settledAt.set(`refund:${id}`, now);
        return isFresh;
      });
      const calls = [
        ...refunds,
        ...batches(pages.map(({ page }) => page)).map((batch) => pagesCall(batch, now)),
        ...alone.map((lease) => aloneCall(lease, now)),
        ...(await collectCall(now)),
      ];
      if (calls.length === 0) return 0;
      const mined = await transactions.send(calls);
      for (const [key, at] of settledAt) if (now - at > 3600n + stream) settledAt.delete(key);
      const reverted = mined.find((result) => result.reverted !== null);
      if (reverted)
        throw new Error(
          `${reverted.effect} reverted: ${reverted.reverted?.name}(${reverted.reverted?.args.join(', ')})`,
        );
      return pages.reduce((sum, { leases }) => sum + leases, alone.length + refunds.length);
    },
  };
}

function pageOf({ id, start, source, accounts, leases }: PageRow): LeasePage {
  return { id: BigInt(id), start: BigInt(start), source, accounts, leases };
}

/** Pages in transactions that stay within their bounds. */
function batches(pages: readonly LeasePage[]): LeasePage[][] {
  const result: LeasePage[][] = [];
  let leases = Infinity;
  for (const page of pages) {
    const count = (page.leases.length - 2) / 40;
    const last = result.at(-1);
    if (last && last.length < BATCH_PAGES && leases + count <= BATCH_LEASES) {
      last.push(page);
      leases += count;
    } else {
      result.push([page]);
      leases = count;
    }
  }
  return result;
}
