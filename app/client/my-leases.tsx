'use client';

import { useState } from 'react';
import type { LeaseView, StatsView } from '../views.ts';
import { useApi, useList } from './api.ts';
import { LeaseCard } from './lease-card.tsx';

/** Ended leases shown until somebody wants all. */
const SHOWN = 5;

/** The account's leases, running ones first. */
export function MyLeases({ account }: { account: string }) {
  const { data = [], error } = useList<LeaseView>(`/api/v1/leases?limit=100&account=${account}`);
  const { data: stats } = useApi<StatsView>('/api/v1/stats');
  const [all, setAll] = useState(false);
  const now = BigInt(stats?.now ?? 0);
  const live = data.filter((lease) => !lease.settled);
  const ended = data.filter((lease) => lease.settled);
  return (
    <section>
      <h2>My leases</h2>
      {error !== null && <p className="note bad">{error.message}</p>}
      {data.length === 0 && <p className="quiet">None yet.</p>}
      {[...live, ...(all ? ended : ended.slice(0, SHOWN))].map((lease) => (
        <LeaseCard key={lease.id} lease={lease} now={now} account={account} />
      ))}
      {ended.length > SHOWN && (
        <button
          type="button"
          className="plain"
          onClick={() => {
            setAll(!all);
          }}
        >
          {all ? 'Show fewer' : `Show all ${ended.length} settled leases`}
        </button>
      )}
    </section>
  );
}
