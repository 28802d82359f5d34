'use client';

import type { ClustersView, ClusterView } from '../cluster-views.ts';
import { useApi } from './api.ts';
import { clockTime, money, short } from './format.ts';

const STATES = { formed: 'wait', trading: 'good', over: '' } as const;

/** Clusters on the chain, newest first, and what each earned. */
export function ClusterList() {
  const { data, error } = useApi<ClustersView>('/api/v1/clusters');
  return (
    <section className="card" data-testid="clusters">
      <h2>On the chain</h2>
      {data === undefined ? (
        <p className={error === null ? 'quiet' : 'note bad'}>{error?.message ?? 'Reading the clusters…'}</p>
      ) : data.clusters.length === 0 ? (
        <p className="quiet">None was formed yet.</p>
      ) : (
        <>
          <Totals clusters={data.clusters} />
          {data.clusters.map((cluster) => (
            <Cluster key={cluster.cluster} cluster={cluster} />
          ))}
        </>
      )}
    </section>
  );
}

function Totals({ clusters }: { clusters: readonly ClusterView[] }) {
  const sum = (of: (cluster: ClusterView) => string): string =>
    clusters.reduce((total, cluster) => total + BigInt(of(cluster)), 0n).toString();
  const modelled = clusters.filter(({ estimate }) => estimate !== null);
  const estimate = (key: 'alone' | 'together'): string =>
    modelled.reduce((total, { estimate: of }) => total + BigInt(of?.[key] ?? 0), 0n).toString();
  return (
    <>
      <dl className="figures">
        <div>
          <dt>Earned</dt>
          <dd>{money(sum(({ earned }) => earned))}</dd>
        </div>
        <div>
          <dt>Shared out</dt>
          <dd>{money(sum(({ shared }) => shared))}</dd>
        </div>
        <div>
          <dt>Above the clusters&apos; reserves</dt>
          <dd>{money(sum(({ aboveReserve }) => aboveReserve))}</dd>
        </div>
        <div>
          <dt>Model: members alone</dt>
          <dd>{money(estimate('alone'))}</dd>
        </div>
        <div>
          <dt>Model: together</dt>
          <dd>{money(estimate('together'))}</dd>
        </div>
      </dl>
      <p className="quiet">
        Of the newest {clusters.length}. The first three are paid money. The model&apos;s two are estimates,
        above reserves, had the last cycle&apos;s orders met a market of divisible work (document 004); the
        chain lets a cluster sell its scarcest member&apos;s cards, once a cycle.
      </p>
    </>
  );
}

function Cluster({ cluster }: { cluster: ClusterView }) {
  const { className, region, state, members, leases } = cluster;
  return (
    <article className="card" data-testid="cluster">
      <h3>
        {className} in {region} <span className={`tag ${STATES[state]}`}>{state}</span>{' '}
        <span className="mono quiet">{short(cluster.cluster)}</span>
      </h3>
      <p className="quiet">
        {cluster.cards} cards from {clockTime(cluster.validFrom)} to {clockTime(cluster.validUntil)} at{' '}
        {money(cluster.reserve)} a card-hour or more; {leases.length}{' '}
        {leases.length === 1 ? 'lease' : 'leases'}, {money(cluster.earned)} earned,{' '}
        {money(cluster.aboveReserve)} of it above that reserve.
      </p>
      <table>
        <thead>
          <tr>
            <th>Member</th>
            <th>Node</th>
            <th className="number">Power</th>
            <th className="number">Leases run</th>
            <th className="number">Paid out to it</th>
          </tr>
        </thead>
        <tbody>
          {members.map(({ node, name, provider, power, paid }) => (
            <tr key={node}>
              <td>{name === '' ? short(provider) : name}</td>
              <td className="mono">{short(node)}</td>
              <td className="number">{power}</td>
              <td className="number">{leases.filter(({ runner }) => runner === node).length}</td>
              <td className="number">{money(paid)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </article>
  );
}
