/** The market's commands for what an account has: leases, logs, money, bills. */
import { writeFile } from 'node:fs/promises';
import { formatMoney } from '../../domain/units.ts';
import { table, type Desk } from './desk.ts';

const amount = (units: string): string => formatMoney(BigInt(units));

/** Your leases, either side, newest first. */
export async function listLeases(desk: Desk, live: boolean): Promise<void> {
  const account = await desk.account();
  const query = { account, limit: 100, ...(live ? { live: '1' } : {}) };
  const { items } = await desk.client.call('GET /leases', { query });
  desk.print(
    items,
    table([
      ['LEASE', 'CLASS', 'CARDS', 'START', 'END', 'RATE', 'PAID', 'STATE'],
      ...items.map(({ id, className, cards, start, end, rate, paid, settled, endReason, report }) => [
        id,
        className ?? '–',
        String(cards),
        start,
        end,
        amount(rate),
        amount(paid),
        settled ? endReason : (report?.state ?? 'waiting'),
      ]),
    ]),
  );
}

export async function showLease(desk: Desk, id: string): Promise<void> {
  const lease = await desk.client.call('GET /leases/{id}', { path: { id } });
  const { cards, className, node, rate, locked, paid, fee, refunded, settledUntil, endReason, ref } = lease;
  desk.print(lease, [
    `lease ${id}: ${cards} × ${className ?? '–'} on ${node}`,
    `${lease.start} to ${lease.end}, settled until ${settledUntil}, ${lease.settled ? endReason : 'not over'}`,
    `${amount(rate)} per card-hour: locked ${amount(locked)}, paid ${amount(paid)}, fee ${amount(fee)}, returned ${amount(refunded)}`,
    ref === null ? 'its page is not indexed yet' : `page ${ref.pageId}, place ${ref.index} of ${ref.count}`,
  ]);
}

const LOOK_MS = 1_000;

/** What a lease's command wrote; with `follow`, until the lease is over or `stop`. */
export async function showLog(
  desk: Desk,
  id: string,
  follow: boolean,
  write: (text: string) => void,
  stop: AbortSignal,
): Promise<void> {
  await desk.account();
  let shown = '';
  for (;;) {
    const { text } = await desk.client.call('GET /leases/{id}/log', { path: { id } });
    // The answer is the log's end: what was shown before is passed over.
    write(text.startsWith(shown) ? text.slice(shown.length) : text);
    shown = text;
    if (!follow || stop.aborted) return;
    const { settled, report } = await desk.client.call('GET /leases/{id}', { path: { id } });
    if (settled || report?.state === 'exited' || report?.state === 'failed') return;
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  }
}

/** Balance with its explanation, and how long it lasts. */
export async function showAccount(desk: Desk): Promise<void> {
  const account = await desk.account();
  const [balance, runway] = await Promise.all([
    desk.client.call('GET /accounts/{account}/balance', { path: { account } }),
    desk.client.call('GET /accounts/{account}/runway', { path: { account } }),
  ]);
  const { available, bidding, unbidding, staked, escrow, explained, difference } = balance;
  desk.print({ account, balance, runway }, [
    account,
    `available ${amount(available)}, bidding ${amount(bidding)}, leaving it ${amount(unbidding)}, staked ${amount(staked)}, in leases ${amount(escrow)}`,
    `moved in ${amount(explained.moved)}, earned ${amount(explained.earned)}, spent ${amount(explained.spent)}: ${difference === '0' ? 'every unit is explained' : `${amount(difference)} is NOT explained`}`,
    runway.seconds === null
      ? 'nothing runs'
      : `burns ${amount(runway.burnPerHour)} an hour: lasts ${(Number(runway.seconds) / 3_600).toFixed(1)} hours`,
  ]);
}

/** A month's bill: as text, or written to files. */
export async function invoice(
  desk: Desk,
  month: string,
  files: { csv?: string; pdf?: string },
): Promise<void> {
  const account = await desk.account();
  const path = { account, month };
  if (files.csv !== undefined)
    await writeFile(
      files.csv,
      await desk.client.call('GET /accounts/{account}/invoices/{month}/csv', { path }),
    );
  if (files.pdf !== undefined)
    await writeFile(
      files.pdf,
      await desk.client.call('GET /accounts/{account}/invoices/{month}/pdf', { path }),
    );
  const statement = await desk.client.call('GET /accounts/{account}/statements/{month}', { path });
  const { rented, let: earned } = statement;
  const due = BigInt(rented.price) + BigInt(rented.fee) + BigInt(rented.surplus);
  desk.print(statement, [
    `${month}: ${rented.leases} leases rented, billed ${amount(due.toString())} (price ${amount(rented.price)}, fees ${amount((due - BigInt(rented.price)).toString())}), still held ${amount(rented.held)}`,
    `${earned.leases} leases let, earned ${amount(earned.price)}`,
    ...Object.values(files).map((file) => `wrote ${file}`),
  ]);
}
