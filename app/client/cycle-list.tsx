'use client';

import type { ClustersView } from '../cluster-views.ts';
import { useApi } from './api.ts';
import { clockTime, money } from './format.ts';

/** The last decisions, with what made them less than they could be. */
export function CycleList() {
  const { data } = useApi<ClustersView>('/api/v1/clusters');
  if (data === undefined || data.cycles.length === 0) return null;
  return (
    <section className="card" data-testid="cycles">
      <h2>Decisions</h2>
      <p className="quiet">
        What start prices leave above what is paid, by the model, on the last cycle&apos;s orders: the
        buyers&apos; saving on bids, the platform&apos;s on firm quotes.
      </p>
      <table>
        <thead>
          <tr>
            <th>Cycle</th>
            <th>At</th>
            <th className="number">Nodes</th>
            <th className="number">Orders</th>
            <th className="number">Proposed</th>
            <th className="number">Saved, all alone</th>
            <th className="number">as proposed</th>
            <th>Notes</th>
          </tr>
        </thead>
        <tbody>
          {data.cycles.map(({ cycle, decidedAt, servers, tasks, proposed, profit, profitAlone, notes }) => (
            <tr key={cycle}>
              <td>{cycle}</td>
              <td>{clockTime(decidedAt)}</td>
              <td className="number">{servers}</td>
              <td className="number">{tasks}</td>
              <td className="number">{proposed}</td>
              <td className="number">{money(profitAlone)}</td>
              <td className="number">{money(profit)}</td>
              <td className="wrap">{notes.map(({ sentence }) => sentence).join(' ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
