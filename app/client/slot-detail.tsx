'use client';

import type { SlotView } from '../views.ts';
import { useApi } from './api.ts';
import { AuctionCard } from './auction-card.tsx';
import { clockTime, money, short, span } from './format.ts';
import { useMarket } from './market.ts';
import { Verification } from './verification.tsx';
import { outcomeWords } from './words.ts';

/** A slot: its verification, its auctions, its orders, its header. */
export function SlotDetail({ slot }: { slot: string }) {
  const { data, error, isPending } = useApi<SlotView>(`/api/v1/slots/${slot}`);
  if (isPending) return <p className="quiet">Reading the slot…</p>;
  if (data === undefined) return <p className="note bad">{error?.message}</p>;
  return (
    <>
      <p>
        <span
          className={`tag ${data.state === 'committed' ? 'good' : data.state === 'abandoned' ? 'bad' : 'wait'}`}
        >
          {data.state}
        </span>{' '}
        <span className="quiet">
          {clockTime(data.start)} to {clockTime(data.end)}, {data.orders.length} orders, {data.matches.length}{' '}
          matched
        </span>
      </p>
      {data.error !== null && <p className="note bad">{data.error}</p>}
      {data.state === 'open' && (
        <p className="quiet">The slot is open: its orders and asks are sealed until it closes.</p>
      )}
      {data.state === 'empty' && <p className="quiet">No order came: such a slot is not committed.</p>}
      {data.header !== null && <Verification slot={slot} />}
      {data.matches.map((match) => (
        <AuctionCard key={match.index} match={match} gammaWad={BigInt(data.gammaWad)} />
      ))}
      <Orders view={data} />
      {data.header !== null && <Header header={data.header} />}
    </>
  );
}

function Orders({ view }: { view: SlotView }) {
  const { symbol } = useMarket();
  if (view.orders.length === 0) return null;
  return (
    <section className="card">
      <h2>Orders</h2>
      <table>
        <thead>
          <tr>
            <th>Order</th>
            <th>Consumer</th>
            <th>Wanted</th>
            <th className="number">Start price, {symbol}</th>
            <th>Outcome</th>
          </tr>
        </thead>
        <tbody>
          {view.orders.map((order) => (
            <tr key={order.id}>
              <td className="mono" title={order.id}>
                {short(order.id)}
              </td>
              <td className="mono" title={order.consumer}>
                {short(order.consumer)}
              </td>
              <td>
                {order.cards} × {order.className}, {span(order.duration)}
              </td>
              <td className="number">{money(order.startPrice)}</td>
              <td>
                <span className={`tag ${order.code === 'matched' ? 'good' : 'done'}`}>
                  {outcomeWords(order.code)}
                </span>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Header({ header }: { header: NonNullable<SlotView['header']> }) {
  return (
    <details className="card">
      <summary>Header on-chain</summary>
      <dl className="header">
        {Object.entries(header).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
