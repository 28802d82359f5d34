/** The commands of a consumer, against the real API over a real chain. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { exitCodeOf, openDesk, table, type Desk } from '../../cli/client/desk.ts';
import { invoice, listLeases, showAccount, showLease, showLog } from '../../cli/client/mine.ts';
import { bid, listOrders, showMarket } from '../../cli/client/trade.ts';
import { openWorld, type World } from '../app/v1/world.ts';
import { CLASS, keyOf, REGION } from '../scheduler/market.ts';
import { testDatabase } from '../support/postgres.ts';

const LEASE = 512n;
const WISH = { class: CLASS, cards: '2', hours: '0.5', region: REGION, run: 'true' };

let world: World;
let dir: string;
beforeAll(async () => {
  world = await openWorld(await testDatabase());
  await world.addLease({ id: LEASE, paid: '4000000', fee: '40000', settled: true, endReason: 'COMPLETED' });
  await world.db.leaseLog.create({ data: { leaseId: LEASE, seq: 0, text: 'hello\n' } });
  dir = await mkdtemp(join(tmpdir(), 'cardhour-client-'));
});
afterAll(async () => {
  await world.close();
  await rm(dir, { recursive: true });
});

/** A desk of an account, and what it prints. */
function desk(name: string | null, json = false): { at: Desk; lines: string[] } {
  const lines: string[] = [];
  const env = name === null ? {} : { CARDHOUR_KEY: keyOf(name) };
  const flags = { api: world.url, ...(json ? { json } : {}) };
  return { at: openDesk(flags, (line) => lines.push(line), env), lines };
}

test('market_showsClasses_forPeopleAndForPrograms', async () => {
  const people = desk(null);
  await showMarket(people.at);
  expect(people.lines[1]).toMatch(new RegExp(`^${CLASS} +\\d+ +\\d+ +${REGION}`));
  const programs = desk(null, true);
  await showMarket(programs.at);
  expect(JSON.parse(programs.lines.join(''))).toMatchObject({ classes: [{ name: CLASS }] });
});

test('anOrder_isSignedAndReceipted_andSeenAmongOnesOwn', async () => {
  const { at, lines } = desk('consumer', true);
  await bid(at, WISH, '2.5');
  const sent = JSON.parse(lines[0]!) as { id: string; receipt: { item: string } };
  expect(sent.receipt.item).toBe(sent.id);
  await listOrders(at);
  const orders = JSON.parse(lines[1]!) as { id: string; order: { startPrice: string } }[];
  expect(orders.find(({ id }) => id === sent.id)).toMatchObject({ order: { startPrice: '2500000' } });
});

test('leasesAndLogs_areShownToTheirParty_andToNobodyElse', async () => {
  const { at, lines } = desk('consumer');
  await listLeases(at, false);
  expect(lines.join('\n')).toContain('COMPLETED');
  await showLease(at, String(LEASE));
  expect(lines.join('\n')).toContain('paid 4, fee 0.04');
  let log = '';
  await showLog(at, String(LEASE), true, (text) => (log += text), new AbortController().signal);
  expect(log).toBe('hello\n');
  const said: string[] = [];
  const other = desk('stranger');
  const work = (): Promise<void> =>
    showLog(other.at, String(LEASE), false, () => undefined, new AbortController().signal);
  expect(await exitCodeOf(work, (line) => said.push(line))).toBe(1);
  expect(said).toEqual([expect.stringMatching(/^NOT_FOUND: /)]);
});

test('account_explainsItsMoney', async () => {
  const { at, lines } = desk('other consumer', true);
  await showAccount(at);
  expect(JSON.parse(lines[0]!)).toMatchObject({ balance: { difference: '0' }, runway: { seconds: null } });
});

test('anInvoice_isWrittenAsFiles', async () => {
  const { at, lines } = desk('consumer');
  const [csv, pdf] = [join(dir, 'bill.csv'), join(dir, 'bill.pdf')];
  await invoice(at, '1970-01', { csv, pdf }).then(
    () => expect.unreachable(),
    (error: { code: string }) => expect(error.code).toBe('MALFORMED'),
  );
  const { start } = await world.db.lease.update({ where: { id: LEASE }, data: { start: 1_925_000_000n } });
  expect(start).toBe(1_925_000_000n);
  await invoice(at, '2031-01', { csv, pdf });
  expect(lines[0]).toContain('1 leases rented, billed 4.04');
  const path = { account: await at.account() };
  const { items } = await at.client.call('GET /accounts/{account}/statements', { path });
  expect(items).toEqual([{ month: '2031-01' }]);
  const page = await at.client.call('GET /accounts/{account}/statements/{month}/lines', {
    path: { ...path, month: '2031-01' },
  });
  expect(page).toMatchObject({ items: [{ lease: String(LEASE), price: '4000000', slot: '7' }], next: null });
  expect((await readFile(csv, 'utf8')).split('\r\n')).toHaveLength(4);
  expect((await readFile(pdf)).subarray(0, 5).toString()).toBe('%PDF-');
});

test('whatFails_isSaidInOneLine_withItsExitCode', async () => {
  const said: string[] = [];
  const code = (work: () => Promise<void>) => exitCodeOf(work, (line) => said.push(line));
  expect(await code(() => bid(desk('poor').at, WISH, '2.5'))).toBe(1);
  expect(said[0]).toMatch(/^INSUFFICIENT_BIDDING: /);
  expect(await code(() => bid(desk(null).at, WISH, '2.5'))).toBe(1);
  expect(said[1]).toContain('CARDHOUR_KEY');
  expect(await code(() => bid(desk('consumer').at, WISH, 'much'))).toBe(1);
  const nobody = openDesk({ api: 'http://127.0.0.1:1' }, () => undefined, {});
  expect(await code(() => showMarket(nobody))).toBe(3);
});

test('columns_areAsWideAsTheirWidestCell', () => {
  expect(
    table([
      ['A', 'B'],
      ['long', 'x'],
    ]),
  ).toEqual(['A     B', 'long  x']);
});
