'use client';

import type { MissedView } from '../views.ts';
import { useApi } from './api.ts';
import { money } from './format.ts';
import { useMarket } from './market.ts';

/** What the filter that left nothing was looking for. */
const MISSING: Record<string, string> = {
  NO_CLASS: 'the class',
  NO_REGION: 'the region',
  NO_CARDS: 'free cards on one node',
  NO_REPUTATION: 'reputation',
  NO_TIER: 'attestation',
  PRICE: 'a lower price',
};

/** What the auctions could not serve, the most work first. */
export function MissedTable() {
  const { symbol } = useMarket();
  const { data, error } = useApi<MissedView>('/api/v1/demand/missed');
  return (
    <section className="card" data-testid="missed">
      <h2>Not served</h2>
      {data === undefined ? (
        <p className={error === null ? 'quiet' : 'note bad'}>{error?.message ?? 'Reading the slots…'}</p>
      ) : (
        <>
          <p className="quiet">
            {data.orders === 0
              ? 'No order came yet.'
              : `Of ${data.orders === 1 ? 'one order' : `${data.orders} orders`}, by what was missing: cards that a provider could have sold. An order may have been missed in several slots, and served later.`}
            {data.far.matches > 0 &&
              ` ${data.far.far} of ${data.far.matches === 1 ? 'one match' : `${data.far.matches} matches`} found only nodes of quite another size than they asked for.`}
          </p>
          {data.missed.length > 0 && (
            <table>
              <thead>
                <tr>
                  <th>Wanted</th>
                  <th>Where</th>
                  <th>Missing</th>
                  <th className="number">Orders</th>
                  <th className="number">Served later</th>
                  <th className="number">Card-hours</th>
                  <th className="number">Offered, {symbol}</th>
                  <th className="number">Lowest ask</th>
                </tr>
              </thead>
              <tbody>
                {data.missed.map((row) => (
                  <tr key={`${row.reason} ${row.what} ${row.region}`}>
                    <td>{row.what}</td>
                    <td>{row.region}</td>
                    <td>{MISSING[row.reason] ?? row.reason}</td>
                    <td className="number">{row.orders}</td>
                    <td className="number">{row.servedLater}</td>
                    <td className="number">{row.cardHours}</td>
                    <td className="number">{money(row.offered, 2)}</td>
                    <td className="number">
                      {row.lowestReserve === null ? '–' : money(row.lowestReserve, 2)}
                    </td>
                  </tr>
                ))}
              </tbody>
            </table>
          )}
          {data.orders > 0 && data.missed.length === 0 && <p>Every order found an ask.</p>}
        </>
      )}
    </section>
  );
}
