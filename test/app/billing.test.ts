/** Bills against the chain: every account of a market day explained to the unit, and 10,000 quotes that equal their bills. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { balanceOf } from '../../app/server/billing/balance.ts';
import { invoiceCsv } from '../../app/server/billing/invoice-csv.ts';
import { invoicePdf } from '../../app/server/billing/invoice-pdf.ts';
import type { Invoice } from '../../app/server/billing/invoice.ts';
import { leaseLines } from '../../app/server/billing/lines.ts';
import { allLines, statementOf } from '../../app/server/billing/statement.ts';
import { monthAt, monthOf } from '../../app/server/billing/month.ts';
import { runwayOf } from '../../domain/billing/runway.ts';
import { keccakText } from '../../domain/hash.ts';
import { QUOTE_POLICY, quotePrice } from '../../domain/pricing.ts';
import { feeUp, lockFor, owed } from '../../domain/units.ts';
import { openDatabase, type Database } from '../../prisma/client.ts';
import { packRecords } from '../domain/pack-matches.ts';
import { address, addNode, addProvider, emptyWorld, random } from '../domain/world.ts';
import { tradeOneDay } from '../indexer/day.ts';
import { setup } from '../indexer/setup.ts';

let world: Awaited<ReturnType<typeof setup>>;
let db: Database;

beforeAll(async () => {
  world = await setup();
  await tradeOneDay(world.chain, world.deployment, world.actors);
  const url = await world.database();
  await (await world.indexer(url)).syncTo();
  db = openDatabase(url, 4);
});
afterAll(async () => {
  await db.$disconnect();
  await world.teardown();
});

test('everyAccount_isExplained_toTheUnit', async () => {
  const accounts = await db.account.findMany();
  expect(accounts.length).toBeGreaterThan(5);
  for (const { address: account } of accounts) {
    const { total, explained, difference } = await balanceOf(db, account);
    expect({ account, difference, explained: explained.total }).toEqual({
      account,
      difference: '0',
      explained: total,
    });
  }
});

test('aMonth_holdsEachLeaseOnce_withTheTransactionThatOpenedIt', async () => {
  const leases = await db.lease.findMany();
  const months = new Set(leases.map(({ start }) => monthAt(start)));
  let lines = 0;
  for (const month of months) {
    for (const consumer of new Set(leases.map((lease) => lease.consumer))) {
      const { rented } = await statementOf(db, consumer, month);
      const some = await allLines(db, consumer, month, 1_000);
      lines += some.length;
      expect(some).toHaveLength(rented.leases);
      for (const column of ['locked', 'price', 'fee', 'surplus', 'refunded', 'held'] as const)
        expect(some.reduce((sum, line) => sum + BigInt(line[column]), 0n).toString()).toBe(rented[column]);
      for (const { txHash, page, lease } of some) {
        expect(page).toBe((BigInt(lease) >> 8n).toString());
        const { logs } = await world.chain.rpc<{ logs: { address: string }[] }>('eth_getTransactionReceipt', [
          txHash,
        ]);
        expect(logs.length).toBeGreaterThan(0);
      }
    }
  }
  expect(lines).toBe(leases.length);
});

test('aFirmQuote_equalsTheLaterBill_on10000RandomLeases', async () => {
  const next = random(8);
  const { state, emit } = emptyWorld();
  const market = { state, emit };
  const provider = addProvider(market as never, 'seller');
  const node = addNode(market as never, provider, 'node');
  const { feeBps } = state;
  const start = monthOf('2031-05').from;
  const promised = new Map<string, bigint>();
  // Beyond the pages of the market day.
  for (let page = 1_001n; page <= 1_100n; page++) {
    const orders = Array.from({ length: 100 }, (_, place) => {
      const terms = { cards: 1 + next(64), duration: 60 + next(86_400), feeBps };
      const basePrice = BigInt(1 + next(20_000_000));
      const { pricePerCardHour, total } = quotePrice(
        {
          ...terms,
          basePrice,
          toleranceSeconds: BigInt(1 + next(100_000)),
          transferCost: BigInt(next(1_000_000)),
        },
        QUOTE_POLICY,
      );
      const price = (pricePerCardHour * BigInt(1 + next(1_000))) / 1_000n;
      const id = keccakText(`order ${page} ${place}`);
      return { ...terms, id, consumer: address(`consumer ${next(50)}`), rate: price, amount: total, place };
    });
    for (const { id, consumer, cards, duration, rate, amount } of orders) {
      emit('Deposited', { account: consumer, amount });
      emit('QuoteAccepted', { orderId: id, consumer, amount, deadline: start });
      const total = lockFor(cards, duration, rate, feeBps);
      const shared = (amount - total) / 2n;
      emit('QuoteProcured', { orderId: id, consumer, total, shared, kept: amount - total - shared });
      promised.set(id, amount - shared);
    }
    const slot = 1_000n + page;
    emit('SlotCommitted', { slot, scheduler: provider, header: {} });
    emit('PageCommitted', {
      slot,
      page: 0,
      pageId: page,
      start,
      matchRoot: keccakText(`root ${page}`),
      ...packRecords(
        orders.map(({ id, consumer, rate, cards, duration, place }) => ({
          ...{ orderId: id, askId: keccakText(`ask ${page} ${place}`), node, workload: keccakText('work') },
          ...{ nonce: page * 100n + BigInt(place), price: rate, cards, duration, provider, consumer },
        })),
      ),
    });
    // However often it is settled on its way: the same to the unit.
    const cuts = Array.from({ length: next(4) }, () => start + BigInt(next(86_000))).sort((a, b) =>
      a < b ? -1 : 1,
    );
    for (const until of [...new Set(cuts), start + 100_000n])
      emit('PageSettled', settled(state, page, until));
  }
  await storeRows(db, state);

  let bills = 0;
  for (let i = 0; i < 50; i++) {
    for (const line of await allLines(db, address(`consumer ${i}`), '2031-05', 10_000)) {
      const { sourceId } = state.leases.get(BigInt(line.lease))!;
      expect([line.held, line.refunded, line.settled]).toEqual(['0', '0', true]);
      expect(BigInt(line.price) + BigInt(line.fee) + BigInt(line.surplus)).toBe(promised.get(sourceId));
      bills += 1;
    }
  }
  expect(bills).toBe(10_000);
  // The provider's side of the same leases, page by page.
  let earned = 0n;
  for (let after = -1n; ;) {
    const lines = await leaseLines(db, provider, monthOf('2031-05'), 'let', 3_000, after);
    for (const { price } of lines) earned += BigInt(price);
    if (lines.length < 3_000) break;
    after = BigInt(lines.at(-1)!.lease);
  }
  expect((await statementOf(db, provider, '2031-05')).let.price).toBe(earned.toString());
});

/** What `PageSettled` says, by the rule of the lease book written out again. */
function settled(state: ReturnType<typeof emptyWorld>['state'], pageId: bigint, until: bigint) {
  let [paid, fee] = [0n, 0n];
  for (const id of state.pages.get(pageId)!.leaseIds) {
    const { cards, rate, start, end, paid: before, fee: feeBefore } = state.leases.get(id)!;
    const all = owed(cards, (until < end ? until : end) - start, rate);
    paid += all - before;
    fee += feeUp(all, state.feeBps) - feeBefore;
  }
  return { pageId, until, paid, fee };
}

async function storeRows(
  to: Database,
  { leases, quotes }: ReturnType<typeof emptyWorld>['state'],
): Promise<void> {
  const mirrored = { blockNumber: 1n, blockHash: keccakText('block') };
  const text = <T extends object>(row: T) =>
    Object.fromEntries(
      Object.entries(row).map(([key, value]) => [
        key,
        MONEY.has(key) ? (value as bigint).toString() : (value as unknown),
      ]),
    );
  const all = [...leases.values()].map((row) => ({ ...text(row), ...mirrored }));
  for (let i = 0; i < all.length; i += 1_000)
    await to.lease.createMany({ data: all.slice(i, i + 1_000) as never });
  const held = [...quotes].map(([id, row]) => ({ id, ...text(row), ...mirrored }));
  for (let i = 0; i < held.length; i += 1_000)
    await to.quote.createMany({ data: held.slice(i, i + 1_000) as never });
}

const MONEY = new Set(['rate', 'locked', 'paid', 'fee', 'refunded', 'amount', 'shared', 'kept']);

test('anInvoice_isTheSameFileEachTime_andItsCellsAreNoFormulas', async () => {
  const [lease] = await db.lease.findMany({ take: 1 });
  const month = monthAt(lease!.start);
  const { rented } = await statementOf(db, lease!.consumer, month);
  const lines = await allLines(db, lease!.consumer, month, 100);
  const invoice: Invoice = {
    number: 'CH-1',
    account: lease!.consumer,
    month,
    asOf: 1_900_000_000n,
    chainId: 31_337,
    leaseBook: world.deployment.leaseBook,
    token: world.deployment.token,
    totals: rented,
    lines: [{ ...lines[0]!, className: '=HYPERLINK("x","y")', region: 'a,b' }, ...lines.slice(1)],
  };
  const [first, again] = [await invoicePdf(invoice), await invoicePdf(invoice)];
  expect(Buffer.from(first.subarray(0, 5)).toString()).toBe('%PDF-');
  expect(Buffer.from(again).equals(Buffer.from(first))).toBe(true);
  const rows = invoiceCsv(invoice).trimEnd().split('\r\n');
  expect(rows).toHaveLength(lines.length + 2);
  expect(rows[1]).toContain(`"'=HYPERLINK(""x"",""y"")","a,b"`);
  expect(rows.at(-1)).toContain(`,${rented.price},${rented.fee},`);
});

test('months_areCalendarMonths_andNothingElseIsOne', () => {
  expect(monthOf('2028-02')).toEqual({ name: '2028-02', from: 1_832_976_000n, to: 1_835_481_600n });
  expect(monthAt(1_835_481_599n)).toBe('2028-02');
  for (const wrong of ['2028-2', '2028-13', '1999-01', '2028-02-01', ''])
    expect(() => monthOf(wrong)).toThrow('no month');
});

test('runway_countsWhatIsPrepaid_andEndsWithTheMoney', () => {
  const lease = { cards: 2, rate: 3_000_000n, end: 10_000n };
  expect(runwayOf(5n, [], 0n, 200)).toEqual({ burnPerHour: 0n, prepaid: 0n, seconds: null });
  const { burnPerHour, prepaid, seconds } = runwayOf(
    6_120_000n,
    [lease, { ...lease, end: 6_400n }],
    6_400n,
    200,
  );
  expect([burnPerHour, prepaid, seconds]).toEqual([6_120_000n, 6_120_000n, 7_200n]);
});
