'use client';

import type { ClustersView, ProposalView } from '../cluster-views.ts';
import { useApi } from './api.ts';
import { money, short } from './format.ts';

const TAGS = { open: 'wait', forming: 'wait', formed: 'good', lapsed: 'bad' } as const;

/** What cycles proposed, how the members answered, and why a cluster was not formed. */
export function ProposalList() {
  const { data } = useApi<ClustersView>('/api/v1/clusters');
  if (data === undefined) return null;
  return (
    <section className="card" data-testid="proposals">
      <h2>Proposed</h2>
      {data.proposals.length === 0 ? (
        <p className="quiet">
          Nothing was proposed yet: it takes nodes of one class and region that measured each other, orders in
          the last cycle, and a cluster by which no member loses.
        </p>
      ) : (
        <table>
          <thead>
            <tr>
              <th>Cycle</th>
              <th>Class</th>
              <th>Members</th>
              <th className="number">Round trip</th>
              <th className="number">Model: alone</th>
              <th className="number">together</th>
              <th>State</th>
            </tr>
          </thead>
          <tbody>
            {data.proposals.map((proposal) => (
              <Row key={proposal.id} proposal={proposal} />
            ))}
          </tbody>
        </table>
      )}
    </section>
  );
}

function Row({ proposal }: { proposal: ProposalView }) {
  const { members, state, reason } = proposal;
  const sum = (key: 'alone' | 'together'): string =>
    members.reduce((total, member) => total + BigInt(member[key]), 0n).toString();
  return (
    <tr>
      <td>{proposal.cycle}</td>
      <td>
        {proposal.className}
        <span className="range">{proposal.region}</span>
      </td>
      <td>
        {members.map(({ node, name, answer }) => (
          <span className="range" key={node}>
            {name === '' ? short(node) : `${name} ${short(node)}`}:{' '}
            {answer === 'none' ? 'no answer yet' : answer}
          </span>
        ))}
      </td>
      <td className="number">{(proposal.widest / 1000).toFixed(2)} ms</td>
      <td className="number">{money(sum('alone'))}</td>
      <td className="number">{money(sum('together'))}</td>
      <td>
        <span className={`tag ${TAGS[state]}`}>{state}</span>
        {reason === null ? null : <span className="range wrap">{reason}</span>}
      </td>
    </tr>
  );
}
