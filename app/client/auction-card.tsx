'use client';

import type { SlotView } from '../views.ts';
import { ClockChart } from './clock-chart.tsx';
import { money, short } from './format.ts';
import { useMarket } from './market.ts';

type MatchView = SlotView['matches'][number];

/** One order's auction: the clock, and the shortlist with where each ask dropped out. */
export function AuctionCard({ match, gammaWad }: { match: MatchView; gammaWad: bigint }) {
  const { symbol } = useMarket();
  return (
    <section className="card">
      <h2>
        Auction for order <span className="mono">{short(match.orderId)}</span>
      </h2>
      <p className="quiet">
        {match.className}: started at {money(match.startPrice)}, cleared at{' '}
        <strong>{money(match.price)}</strong> {symbol} per card-hour
        {match.runnerUp === null ? ' (no rival)' : ''}.
        {match.leaseId === null ? '' : ` Lease ${match.leaseId}.`}
      </p>
      <ClockChart match={match} gammaWad={gammaWad} />
      <table>
        <thead>
          <tr>
            <th>Ask</th>
            <th>Provider</th>
            <th>Node</th>
            <th className="number">Reserve, {symbol}</th>
            <th className="number">Stays to step</th>
            <th className="number">Distance</th>
            <th className="number">Entropy gap</th>
            <th />
          </tr>
        </thead>
        <tbody>
          {match.candidates.map((candidate) => (
            <tr key={candidate.askId}>
              <td className="mono" title={candidate.askId}>
                {short(candidate.askId)}
              </td>
              <td className="mono" title={candidate.provider}>
                {short(candidate.provider)}
              </td>
              <td className="mono" title={candidate.node}>
                {short(candidate.node)}
              </td>
              <td className="number">{money(candidate.reserve)}</td>
              <td className="number">{candidate.droppedAt}</td>
              <td className="number">{candidate.distance}</td>
              <td className="number">{candidate.entropyGap}</td>
              <td>
                {candidate.askId === match.askId && <span className="tag good">winner</span>}
                {candidate.askId === match.runnerUp && <span className="tag wait">runner-up</span>}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
