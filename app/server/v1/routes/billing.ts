/** Statements, invoices, and how long the money lasts: chain rows, to the unit, each line with its proof. */
import { z } from 'zod';
import { monthAt, monthOf } from '../../billing/month.ts';
import { runwayOf } from '../../../../domain/billing/runway.ts';
import { balanceOf } from '../../billing/balance.ts';
import { budgetOf } from '../../billing/budget.ts';
import { invoiceCsv } from '../../billing/invoice-csv.ts';
import { invoiceOf } from '../../billing/invoice.ts';
import { leaseLines } from '../../billing/lines.ts';
import { statementOf } from '../../billing/statement.ts';
import { ownAccount } from '../access.ts';
import { pageFrom, readCursor } from '../cursor.ts';
import { route } from '../declaration.ts';
import { addressIn, addressOut, decimal, hashOut, money, pageOf, pageQuery, seconds } from '../texts.ts';

const tag = 'Billing';
const own = { tag, access: ownAccount('account:read'), rate: 'heavy' } as const;
const byAccount = z.strictObject({ account: addressIn });
const byMonth = z.strictObject({
  account: addressIn,
  month: z.string().max(7).describe('as 2026-11: calendar months of chain time, UTC'),
});

const totals = z.object({
  leases: z.int(),
  locked: money,
  price: money.describe('to providers, base units of the token'),
  fee: money,
  surplus: money.describe('of firm quotes: above what procuring them took, kept by the market'),
  refunded: money,
  held: money.describe('still locked'),
});

const line = z.object({
  lease: decimal,
  side: z.enum(['rented', 'let']),
  counterparty: addressOut,
  className: z.string().nullable(),
  region: z.string().nullable(),
  cards: z.int(),
  start: seconds,
  end: seconds,
  seconds: decimal.describe('settled so far'),
  rate: money.describe('base units per card-hour'),
  locked: money,
  price: money,
  fee: money,
  surplus: money,
  refunded: money,
  held: money,
  endReason: z.string(),
  settled: z.boolean(),
  slot: decimal.nullable().describe('null for a Buy'),
  page: decimal.describe('page of the lease book'),
  place: z.int().describe('in the page'),
  txHash: hashOut.nullable().describe('transaction that opened it'),
  block: decimal.nullable(),
});

const budget = z.object({
  month: z.string(),
  perMonth: money.nullable(),
  spent: money.describe('of leases that began in the month, with what they still hold'),
});

const movement = z.object({
  at: seconds,
  kind: z.string().describe('deposit, withdrawal, slashed, compensation, share out, share, fees'),
  amount: money.describe('below zero for what left'),
  txHash: hashOut,
  block: decimal,
});

export const billingRoutes = {
  'GET /accounts/{account}/balance': route({
    ...own,
    summary:
      'Your balance, and what all its lines since the beginning add up to: the difference is 0 to the unit',
    path: byAccount,
    answer: z.object({
      available: money,
      bidding: money,
      unbidding: money,
      staked: money,
      total: money,
      escrow: money.describe('locked for leases that are not over and quotes that are not procured'),
      explained: z.object({ moved: money, earned: money, spent: money, total: money }),
      difference: money,
    }),
    handler: ({ server, path }) => balanceOf(server.db, path.account),
  }),
  'GET /accounts/{account}/runway': route({
    ...own,
    summary: 'How long your money lasts while your leases go on as they are',
    path: byAccount,
    answer: z.object({
      now: seconds,
      leases: z.int(),
      balance: money.describe('available and bidding'),
      burnPerHour: money,
      prepaid: money.describe('locked for the leases and not used yet'),
      seconds: decimal.nullable().describe('null while nothing runs'),
    }),
    async handler({ server: { db, recentNow, deployment }, path: { account } }) {
      const now = await recentNow();
      const [row, leases] = await Promise.all([
        db.account.findUnique({ where: { address: account } }),
        db.lease.findMany({
          where: { consumer: account, settled: false, end: { gt: now } },
          select: { cards: true, rate: true, end: true },
        }),
      ]);
      const balance =
        row === null ? 0n : BigInt(row.available.plus(row.bidding).plus(row.unbidding).toFixed(0));
      const burning = leases.map(({ rate, ...lease }) => ({ ...lease, rate: BigInt(rate.toFixed(0)) }));
      const runway = runwayOf(balance, burning, now, deployment.parameters.feeBps);
      return { now, leases: leases.length, balance, ...runway };
    },
  }),
  'GET /accounts/{account}/budget': route({
    ...own,
    summary: 'What you mean to spend in a calendar month (UTC), and what this one has cost',
    path: byAccount,
    answer: budget,
    handler: async ({ server, path }) => budgetOf(server.db, path.account, await server.recentNow()),
  }),
  'PUT /accounts/{account}/budget': route({
    tag,
    access: ownAccount(null, []),
    rate: 'write',
    audit: 'set a budget',
    summary: 'Set or end it: webhooks tell at 80% and at all of it; the vault’s caps are what stops',
    path: byAccount,
    body: z.strictObject({
      perMonth: z
        .string()
        .regex(/^[1-9][0-9]{0,29}$/, 'base units in decimal digits are needed')
        .nullable()
        .describe('base units; null for none'),
    }),
    answer: budget,
    async handler({ server, path: { account }, body: { perMonth } }) {
      if (perMonth === null) await server.db.budget.deleteMany({ where: { account } });
      else
        await server.db.budget.upsert({
          where: { account },
          create: { account, perMonth },
          update: { perMonth },
        });
      return budgetOf(server.db, account, await server.recentNow());
    },
  }),
  'GET /accounts/{account}/statements': route({
    ...own,
    summary: 'Months in which leases of yours began, newest first',
    path: byAccount,
    answer: z.object({ items: z.array(z.object({ month: z.string() })) }),
    async handler({ server: { db }, path: { account } }) {
      const rows = await db.$queryRaw<{ at: bigint }[]>`
        SELECT DISTINCT extract(epoch FROM date_trunc('month', to_timestamp(start) AT TIME ZONE 'UTC'))::bigint AS at
        FROM lease WHERE consumer = ${account} OR provider = ${account} ORDER BY at DESC LIMIT 1200`;
      return { items: rows.map(({ at }) => ({ month: monthAt(at) })) };
    },
  }),
  'GET /accounts/{account}/statements/{month}': route({
    ...own,
    summary: 'A month: what you rented and let, summed, and what your money moved beside it',
    path: byMonth,
    answer: z.object({
      account: addressOut,
      month: z.string(),
      from: seconds,
      to: seconds,
      rented: totals,
      let: totals,
      movements: z.array(movement),
      allMovements: z.boolean().describe('false when there are more than 2,000'),
    }),
    handler: ({ server, path }) => statementOf(server.db, path.account, path.month),
  }),
  'GET /accounts/{account}/statements/{month}/lines': route({
    ...own,
    summary:
      'The month’s leases of one side, a line each, with the transaction, slot, page and place that prove it',
    path: byMonth,
    query: z.strictObject({ ...pageQuery, side: z.enum(['rented', 'let']).default('rented') }),
    answer: pageOf(line),
    async handler({ server, path, query }) {
      const at = readCursor(query.cursor, [/^[0-9]{1,18}$/]);
      const after = at === null ? -1n : BigInt(at[0]!);
      const month = monthOf(path.month);
      const rows = await leaseLines(server.db, path.account, month, query.side, query.limit + 1, after);
      return pageFrom(rows, query.limit, ({ lease }) => [lease]);
    },
  }),
  'GET /accounts/{account}/invoices/{month}/csv': route({
    ...own,
    summary: 'The month’s bill as CSV: a line a lease, amounts in base units, the sums last',
    path: byMonth,
    media: 'text/csv',
    async handler({ server, path }) {
      const invoice = await invoiceOf(server, path.account, path.month);
      return file(`${invoiceCsv(invoice)}`, 'text/csv; charset=utf-8', `${invoice.number}.csv`);
    },
  }),
  'GET /accounts/{account}/invoices/{month}/pdf': route({
    ...own,
    summary: 'The month’s bill as PDF',
    path: byMonth,
    media: 'application/pdf',
    async handler({ server, path }) {
      // Whoever never asks for one never loads the writer.
      const { invoicePdf } = await import('../../billing/invoice-pdf.ts');
      const invoice = await invoiceOf(server, path.account, path.month);
      return file(await invoicePdf(invoice), 'application/pdf', `${invoice.number}.pdf`);
    },
  }),
};

function file(raw: Uint8Array | string, type: string, name: string) {
  return { raw, type, headers: { 'content-disposition': `attachment; filename="${name}"` } };
}
