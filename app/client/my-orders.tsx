'use client';

import Link from 'next/link';
import type { OrderView, StatsView } from '../views.ts';
import { ActionNote } from './action-note.tsx';
import { useApi, useList } from './api.ts';
import { money, short, span } from './format.ts';
import { useMarket } from './market.ts';
import { cancelOrder } from './trade.ts';
import { SignIn, useSession } from './session.tsx';
import { useAction } from './use-action.ts';
import { useWallet } from './use-wallet.ts';
import { outcomeWords } from './words.ts';

/** The account's bids with what became of each. */
export function MyOrders({ account }: { account: string }) {
  const { deployment, symbol } = useMarket();
  const { wallet } = useWallet();
  const action = useAction();
  const session = useSession();
  const mine = session === account;
  const { data = [], error } = useList<OrderView>(mine ? '/api/v1/orders?limit=100' : null);
  const { data: stats } = useApi<StatsView>('/api/v1/stats');
  return (
    <section className="card">
      <h2>My bids</h2>
      {error !== null && <p className="note bad">{error.message}</p>}
      {!mine && <SignIn what="bids" />}
      {mine && data.length === 0 && <p className="quiet">None yet: bid for a class on the market page.</p>}
      {data.length > 0 && (
        <table>
          <thead>
            <tr>
              <th>Order</th>
              <th>Wanted</th>
              <th className="number">Start price, {symbol}</th>
              <th>Outcome</th>
              <th>Slot</th>
              <th>Lease</th>
              <th />
            </tr>
          </thead>
          <tbody>
            {data.map((row) => (
              <tr key={row.id} data-testid="order">
                <td className="mono" title={row.id}>
                  {short(row.id)}
                </td>
                <td>
                  {row.order['cards']} × {row.className}, {span(Number(row.order['duration']))}
                </td>
                <td className="number">
                  {money(String(row.order['startPrice']))}
                  {row.signing === 'QUOTE' && <span className="quiet"> (firm quote)</span>}
                </td>
                <td>
                  <Outcome row={row} now={stats?.now} />
                </td>
                <td>
                  <Link href={`/slots/${row.outcome?.slot ?? row.slot}`}>
                    {row.outcome?.slot ?? row.slot}
                  </Link>
                </td>
                <td>{row.leaseId ?? '–'}</td>
                <td className="number">
                  {row.state === 'waiting' && wallet !== null && (
                    <button
                      type="button"
                      disabled={action.busy}
                      onClick={() => {
                        void action.run('Confirm the cancellation in your wallet.', async () => {
                          await cancelOrder(wallet, deployment, BigInt(row.order['nonce'] ?? 0));
                          return 'Cancelled on-chain; a slot that closed before may still fill it.';
                        });
                      }}
                    >
                      Cancel
                    </button>
                  )}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      <ActionNote action={action} />
    </section>
  );
}

function Outcome({ row, now }: { row: OrderView; now: string | undefined }) {
  if (row.state === 'matched') return <span className="tag good">matched</span>;
  if (row.state === 'cancelled') return <span className="tag done">cancelled</span>;
  const why = row.outcome === null ? '' : outcomeWords(row.outcome.code);
  if (row.state === 'expired') return <span className="tag done">expired{why === '' ? '' : `: ${why}`}</span>;
  const left = now === undefined ? '' : `, ${span(Number(BigInt(row.validUntil) - BigInt(now)))} left`;
  if (row.outcome?.code === 'matched') return <span className="tag wait">matched, being committed</span>;
  return (
    <span className="tag wait">
      waiting{left}
      {why === '' ? '' : `: ${why}`}
    </span>
  );
}
