'use client';

import type { DemandRow, DemandView, IntervalView } from '../views.ts';
import { useApi } from './api.ts';
import { span } from './format.ts';
import { HourBars } from './hour-bars.tsx';

/** Arrivals, service times and the next hour, by kind and by class. */
export function DemandTable() {
  const { data, error } = useApi<DemandView>('/api/v1/demand');
  return (
    <section className="card" data-testid="demand">
      <h2>Asked for</h2>
      {data === undefined ? (
        <p className={error === null ? 'quiet' : 'note bad'}>{error?.message ?? 'Reading the orders…'}</p>
      ) : data.kinds.length === 0 ? (
        <p className="quiet">No order or purchase came yet.</p>
      ) : (
        <>
          <p className="quiet">
            Estimates with 95% intervals over {span(Math.round(data.watchedHours * 3600))} of watching; the
            kind is what the workload says, else what its length suggests.
          </p>
          <table>
            <thead>
              <tr>
                <th>Kind</th>
                <th>Class</th>
                <th>By hour</th>
                <th className="number">λ, an hour</th>
                <th className="number">μ</th>
                <th className="number">σ</th>
                <th className="number">Next hour</th>
                <th className="number">Card-hours</th>
              </tr>
            </thead>
            <tbody>
              {[...data.kinds, ...data.streams].map((row) => (
                <Row key={`${row.kind} ${row.className}`} row={row} />
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function Row({ row }: { row: DemandRow }) {
  const most = Math.max(1, ...row.hourly);
  return (
    <tr>
      <td>{row.kind}</td>
      <td>{row.className}</td>
      <td>
        <HourBars
          values={row.hourly.map((count) => ({ share: count / most, tone: 1 }))}
          label={`Arrivals by hour, the most ${most}`}
        />
      </td>
      <td className="number">{interval(row.perHour, (value) => value.toPrecision(3))}</td>
      <td className="number">{interval(row.meanSeconds, (value) => span(Math.round(value)))}</td>
      <td className="number">
        {row.deviationSeconds === null ? '–' : span(Math.round(row.deviationSeconds.value))}
      </td>
      <td className="number">{interval(row.next.arrivals, (value) => String(Math.round(value)))}</td>
      <td className="number">{row.next.cardHours.toFixed(1)}</td>
    </tr>
  );
}

function interval(of: IntervalView | null, words: (value: number) => string) {
  if (of === null) return '–';
  const { value, low, high } = of;
  return (
    <>
      {words(value)}
      <span className="range">{high === null ? '' : `${words(Math.max(0, low))} to ${words(high)}`}</span>
    </>
  );
}
