/** The bill for what an account rented in a month: for machines as CSV, for people as PDF. Its number is the same each time it is asked for. */
import { keccakText } from '../../../domain/hash.ts';
import { Refusal } from '../../../domain/refusal.ts';
import type { ServerContext } from '../context.ts';
import type { LeaseLine, LeaseTotals } from './lines.ts';
import { allLines, statementOf } from './statement.ts';

export interface Invoice {
  number: string;
  account: string;
  month: string;
  /** Chain time, unix seconds: what was not settled then is still held. */
  asOf: bigint;
  chainId: number;
  leaseBook: string;
  token: string;
  totals: LeaseTotals;
  lines: LeaseLine[];
}

/** Lines of one file. */
const MOST_LINES = 50_000;

/** @throws Refusal MALFORMED on a month that is none, TOO_LARGE on one with more lines than a file holds */
export async function invoiceOf(server: ServerContext, account: string, month: string): Promise<Invoice> {
  const { db, deployment } = server;
  const { rented } = await statementOf(db, account, month);
  if (rented.leases > MOST_LINES)
    throw new Refusal(
      'TOO_LARGE',
      `The month has ${rented.leases} lines; an invoice has at most ${MOST_LINES}.`,
      'Read the statement’s lines page by page.',
    );
  const { chainId, leaseBook, token } = deployment;
  return {
    number: `CH-${month.replace('-', '')}-${keccakText(`${chainId} ${leaseBook} ${account} ${month}`).slice(2, 10).toUpperCase()}`,
    account,
    month,
    asOf: await server.recentNow(),
    chainId,
    leaseBook,
    token,
    totals: rented,
    lines: await allLines(db, account, month, MOST_LINES),
  };
}
