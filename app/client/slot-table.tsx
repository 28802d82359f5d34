'use client';

import Link from 'next/link';
import type { SlotRow } from '../views.ts';
import { useList } from './api.ts';
import { short } from './format.ts';

export function SlotTable() {
  const { data, error, isPending } = useList<SlotRow>('/api/v1/slots');
  if (isPending) return <p className="quiet">Reading the slots…</p>;
  if (data === undefined) return <p className="note bad">{error?.message}</p>;
  if (data.length === 0) return <p className="quiet">No slot had an order yet.</p>;
  return (
    <section className="card">
      <table>
        <thead>
          <tr>
            <th>Slot</th>
            <th>State</th>
            <th className="number">Orders</th>
            <th className="number">Matched</th>
            <th className="number">Unmatched</th>
            <th className="number">Skipped</th>
            <th>Transaction</th>
          </tr>
        </thead>
        <tbody>
          {data.map((row) => (
            <tr key={row.slot}>
              <td>
                <Link href={`/slots/${row.slot}`}>{row.slot}</Link>
              </td>
              <td>
                <span
                  className={`tag ${row.state === 'committed' ? 'good' : row.state === 'abandoned' ? 'bad' : 'wait'}`}
                >
                  {row.state}
                </span>
              </td>
              <td className="number">{row.orders}</td>
              <td className="number">{row.matched}</td>
              <td className="number">{row.unmatched}</td>
              <td className="number">{row.skipped}</td>
              <td className="mono" title={row.txHash ?? ''}>
                {row.txHash === null ? '–' : short(row.txHash)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
