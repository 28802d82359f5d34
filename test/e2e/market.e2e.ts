import { mkdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { RULES } from '../../domain/verify.ts';
import { launchBrowser } from './browser.ts';
import { startStack, type Stack } from './stack.ts';
import { injectWallet, VISITOR_KEY, type InjectedWallet } from './wallet.ts';

const ARTIFACTS = fileURLToPath(new URL('./artifacts/', import.meta.url));
/** For what passes through the chain, the indexer and an agent. */
const SOON = 90_000;

let stack: Stack;
let browser: Browser;
let page: Page;
let wallet: InjectedWallet;
const pageErrors: string[] = [];

beforeAll(async () => {
  stack = await startStack();
  browser = await launchBrowser();
  page = await browser.newPage({ viewport: { width: 1200, height: 900 } });
  page.setDefaultTimeout(SOON);
  page.on('pageerror', (error) => pageErrors.push(error.message));
  wallet = await injectWallet(page, { key: VISITOR_KEY, rpcUrl: stack.rpcUrl });
});

afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  await mkdir(ARTIFACTS, { recursive: true });
  await page.screenshot({ path: `${ARTIFACTS}${task.name}.png`, fullPage: true });
});

afterAll(async () => {
  await browser?.close();
  await stack?.stop();
});

test('visitor_connectsAWalletFoundThroughEip6963', async () => {
  await page.goto(stack.url);
  await page.getByRole('button', { name: 'Connect Test Wallet' }).click();
  await page.getByTestId('account').waitFor();
  await expect
    .poll(() => page.getByTestId('token').textContent(), { timeout: SOON })
    .toContain('10,000 tUSD');
});

test('visitor_buysACardHour_andSeesItRunWithItsLog', async () => {
  await page.getByTestId('listing').first().getByRole('button', { name: 'Buy' }).click();
  const form = page.getByRole('form', { name: 'Buy' });
  await form.getByLabel('Command').fill('echo "bought $((40 + 2))"; sleep 1000000');
  expect(await form.getByTestId('cost').textContent()).toMatch(/^[\d.]+ tUSD$/);
  await form.getByRole('button', { name: 'Buy' }).click();
  await form.getByText('Bought.').waitFor();
  expect(wallet.signed).toEqual(['eth_signTypedData_v4', 'eth_sendTransaction', 'eth_sendTransaction']);

  await openMine();
  const lease = page.getByTestId('lease').first();
  await expect.poll(() => lease.getByTestId('stage').textContent(), { timeout: SOON }).toBe('running');
  expect(await lease.getByTestId('log').count()).toBe(0);
  await page.getByRole('button', { name: 'Sign in to see your logs' }).first().click();
  await lease.getByText('bought 42').waitFor();
});

test('visitor_bidsOnce_andItsAuctionIsCommitted', async () => {
  await page.getByRole('link', { name: 'Market' }).click();
  await page.getByRole('button', { name: 'Bid', exact: true }).first().click();
  const form = page.getByRole('form', { name: 'Bid' });
  await form.getByLabel('Start price').fill('9');
  await form.getByLabel('Command').fill('echo "won $((40 + 3))"; sleep 1000000');
  await form.getByRole('button', { name: 'Bid', exact: true }).click();
  await form.getByText('Handed in.').waitFor();

  await openMine();
  const order = page.getByTestId('order').first();
  await order.locator('.tag', { hasText: /^matched$/ }).waitFor();
  await page.getByTestId('lease').first().getByText('won 43').waitFor();
});

test('visitor_seesBothLeasesSettleWhenTheHourIsOver_toTheLastUnit', async () => {
  await stack.advance(3700);
  await openMine();
  for (const lease of [page.getByTestId('lease').nth(0), page.getByTestId('lease').nth(1)]) {
    await expect.poll(() => lease.getByTestId('stage').textContent(), { timeout: SOON }).toBe('settled');
  }
  const leases = await myLeases();
  expect(leases).toHaveLength(2);
  for (const lease of leases) {
    expect(lease).toMatchObject({ settled: true, endReason: 'COMPLETED', cards: 1, duration: '3600' });
    // A whole card-hour costs its rate, the fee is 2 % of it rounded up, and nothing is left in escrow.
    expect(lease.paid).toBe(lease.rate);
    expect(BigInt(lease.fee)).toBe((BigInt(lease.rate) * 200n + 9_999n) / 10_000n);
    expect(BigInt(lease.locked)).toBe(BigInt(lease.paid) + BigInt(lease.fee) + BigInt(lease.refunded));
  }
});

test('visitor_verifiesTheSlot_andEveryRulePasses', async () => {
  await page.getByTestId('order').first().getByRole('link').click();
  await page
    .getByRole('heading', { name: /^Auction for order/ })
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Verify' }).click();
  await page.getByTestId('verdict').waitFor();
  const rules = await page.getByTestId('rule').allTextContents();
  expect(rules).toHaveLength(RULES.length);
  expect(rules.filter((rule) => !rule.startsWith('PASS'))).toEqual([]);
  expect(pageErrors).toEqual([]);
});

test('visitor_acceptsAFirmQuote_andItIsProcuredOrComesBack', async () => {
  await page.getByRole('link', { name: 'Market' }).click();
  await page.getByTestId('listing').first().getByRole('button', { name: 'Buy' }).click();
  const form = page.getByRole('form', { name: 'Buy' });
  await form.getByLabel('Firm quote').check();
  // Cards come and go with the demo's consumers: a refusal says why, and later there are some.
  const quoted = form.getByTestId('breakdown');
  await expect
    .poll(
      async () => {
        await form.getByRole('button', { name: /^Ask/ }).click();
        await quoted.or(form.getByRole('alert')).first().waitFor();
        return quoted.isVisible();
      },
      { timeout: SOON, interval: 3_000 },
    )
    .toBe(true);
  const total = await form.getByTestId('quote-total').textContent();
  expect(total).toMatch(/^[\d.]+ tUSD$/);
  await form.getByRole('button', { name: /^Accept/ }).click();
  await form.getByText('Accepted:').waitFor();
  const progress = form.getByTestId('quote-progress');
  await expect.poll(() => progress.textContent(), { timeout: SOON }).toMatch(/^Procured at|came back/);
  expect(pageErrors).toEqual([]);
});

test('supplier_seesWhatIsWanted_andHowEvenlyTheNodesAreUsed', async () => {
  await page.getByRole('link', { name: 'Demand' }).click();
  await page.getByRole('heading', { name: 'Demand' }).waitFor();
  await page.getByTestId('demand').getByRole('row').nth(1).waitFor();
  await page
    .getByTestId('missed')
    .getByText(/^Of \d+ orders/)
    .waitFor();
  const nodes = page.getByTestId('entropy').getByRole('row');
  await nodes.nth(1).waitFor();
  await page.getByRole('img', { name: /^Network entropy \d\.\d{3} bits/ }).waitFor();
  expect(pageErrors).toEqual([]);
});

async function openMine(): Promise<void> {
  await page.getByRole('link', { name: 'My orders and leases' }).click();
  await page.getByRole('heading', { name: 'My orders and leases' }).waitFor();
}

interface LeaseRow {
  settled: boolean;
  endReason: string;
  cards: number;
  duration: string;
  rate: string;
  locked: string;
  paid: string;
  fee: string;
  refunded: string;
}

async function myLeases(): Promise<LeaseRow[]> {
  const answer = await fetch(`${stack.url}/api/v1/leases?account=${wallet.address}`);
  return ((await answer.json()) as { items: LeaseRow[] }).items;
}
