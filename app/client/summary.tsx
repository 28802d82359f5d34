'use client';

import type { StatsView } from '../views.ts';
import { useApi } from './api.ts';
import { clockTime, money } from './format.ts';
import { useMarket } from './market.ts';

/** The network in one row. */
export function Summary() {
  const { symbol } = useMarket();
  const { data, error } = useApi<StatsView>('/api/v1/stats');
  const shown = (value: number | string | undefined): string => (value === undefined ? '…' : String(value));
  const share = data === undefined || data.cards === 0 ? 0 : data.leasedCards / data.cards;
  return (
    <section className="summary" aria-label="The network now">
      {error !== null && <p className="note bad">{error.message}</p>}
      <Tile
        name="Slot now open"
        value={shown(data?.slot)}
        note={data === undefined ? '' : `chain time ${clockTime(data.now)}`}
      />
      <Tile
        name="Cards leased"
        value={data === undefined ? '…' : `${data.leasedCards} of ${data.cards}`}
        note={`${shown(data?.nodes)} nodes of ${shown(data?.providers)} providers`}
        share={share}
      />
      <Tile
        name="Leases settled"
        value={shown(data?.leases.settled)}
        note={`${shown(data?.leases.running)} running of ${shown(data?.leases.open)} open`}
      />
      <Tile
        name="Card-hours settled"
        value={shown(data?.cardHoursSettled)}
        note={data === undefined ? '' : `${money(data.paid, 2)} ${symbol} paid to providers`}
      />
      <Tile
        name="Held in escrow"
        value={data === undefined ? '…' : `${money(data.escrow, 2)} ${symbol}`}
        note={`${shown(data?.slots.committed)} slots committed`}
      />
    </section>
  );
}

function Tile({ name, value, note, share }: { name: string; value: string; note: string; share?: number }) {
  return (
    <div className="tile">
      <span className="name">{name}</span>
      <span className="value">{value}</span>
      {share !== undefined && (
        <span className="bar" aria-hidden="true">
          <span style={{ width: `${Math.round(share * 100)}%` }} />
        </span>
      )}
      <span className="quiet">{note}</span>
    </div>
  );
}
