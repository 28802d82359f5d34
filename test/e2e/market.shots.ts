/** Draws the pictures of `docs/screens` from a market that has run for a while: `node test/e2e/market.shots.ts`. */
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { launchBrowser } from './browser.ts';
import { startStack } from './stack.ts';
import { injectWallet, VISITOR_KEY } from './wallet.ts';

const OUT = fileURLToPath(new URL('../../docs/screens/', import.meta.url));
/** Settled leases that make a market look alive. */
const SETTLED = Number(process.argv[2] ?? 40);

const stack = await startStack();
const browser = await launchBrowser();
try {
  await mkdir(OUT, { recursive: true });
  const read = async <T>(path: string): Promise<T> =>
    (await (await fetch(`${stack.url}${path}`)).json()) as T;
  while ((await read<{ leases: { settled: number } }>('/api/v1/stats')).leases.settled < SETTLED)
    await sleep(2_000);

  const page = await browser.newPage({ viewport: { width: 1120, height: 860 }, deviceScaleFactor: 1.5 });
  await injectWallet(page, { key: VISITOR_KEY, rpcUrl: stack.rpcUrl });
  await page.goto(stack.url);
  await page.getByRole('button', { name: 'Connect Test Wallet' }).click();
  await page.getByText('10,000 tUSD').waitFor();
  await page.getByTestId('listing').first().waitFor();
  await page.screenshot({ path: `${OUT}market.png` });

  await page.goto(`${stack.url}/demand`);
  await page.getByTestId('demand').getByRole('row').nth(1).waitFor();
  await page.getByTestId('entropy').getByRole('row').nth(1).waitFor();
  await page.screenshot({ path: `${OUT}demand.png`, fullPage: true });

  const { items: slots } = await read<{ items: { slot: string; state: string; matched: number }[] }>(
    '/api/v1/slots',
  );
  const best = slots.filter((slot) => slot.state === 'committed').sort((a, b) => b.matched - a.matched)[0];
  if (best !== undefined) {
    await page.goto(`${stack.url}/slots/${best.slot}`);
    await page.getByRole('button', { name: 'Verify' }).click();
    await page.getByTestId('verdict').waitFor();
    await page.screenshot({ path: `${OUT}slot.png`, fullPage: true });
  }
} finally {
  await browser.close();
  await stack.stop();
}
