'use client';

import type { CpiVersionView, CpiView } from '../cpi-views.ts';
import { useApi, useList } from './api.ts';
import { clockTime, compute, money, short } from './format.ts';
import { useMarket } from './market.ts';

/** A node by its identifier: what it says, what is odd about it, how it is now, and what it said before. */
export function NodeDetail({ node }: { node: string }) {
  const { data, error, isPending } = useApi<CpiView>(`/api/v1/cpi/${node}`);
  if (isPending) return <p className="quiet">Resolving the identifier…</p>;
  if (data === undefined) return <p className="note bad">{error?.message}</p>;
  return (
    <>
      <section className="card">
        <h2>{data.status?.className ?? 'Identifier'}</h2>
        <p className="mono wrap" data-testid="identifier">
          {data.identifier ?? data.node}
        </p>
        {data.problem !== null && <p className="note bad">{data.problem}</p>}
        {data.gflops !== null && (
          <p>
            {compute(data.gflops)} at its peak (dense FP16,{' '}
            {data.gflops.from === 'cards' ? 'by the table of cards' : 'as stated'}), grade{' '}
            <span className="tag done">{data.grade}</span>
          </p>
        )}
        {data.flags.map((flag) => (
          <p className="note" key={`${flag.code} ${flag.segment} ${flag.field}`}>
            <em>{flag.field}</em>: {flag.sentence}
          </p>
        ))}
        {data.status !== null && <Status status={data.status} />}
      </section>
      {data.fields.length > 0 && <Fields fields={data.fields} />}
      <History node={node} />
    </>
  );
}

function Status({ status }: { status: NonNullable<CpiView['status']> }) {
  const { symbol } = useMarket();
  const price = status.price === null ? 'not listed' : `from ${money(status.price)} ${symbol} per card-hour`;
  return (
    <p data-testid="status">
      {status.freeCards} of {status.cards} cards free in {status.region}, {price}; reputation{' '}
      {status.reputation} of 10,000; provider{' '}
      <span className="mono" title={status.provider}>
        {short(status.provider)}
      </span>
      {status.leaving ? ' (leaving)' : ''};{' '}
      {status.lastHeartbeat === null
        ? 'its agent has not reported of a lease yet'
        : `its agent was last heard of at ${new Date(status.lastHeartbeat).toLocaleTimeString(undefined, { hour12: false })}`}
      .
    </p>
  );
}

function Fields({ fields }: { fields: CpiView['fields'] }) {
  return (
    <section className="card">
      <h2>Fields</h2>
      <table>
        <thead>
          <tr>
            <th>Segment</th>
            <th>Field</th>
            <th>Value</th>
            <th>Meaning</th>
          </tr>
        </thead>
        <tbody>
          {fields.map(({ segment, name, value, path }) => (
            <tr key={`${segment} ${name}`}>
              <td>{segment.toUpperCase()}</td>
              <td>{name}</td>
              <td className="mono">{value}</td>
              <td>{path?.join(', ')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function History({ node }: { node: string }) {
  const { data } = useList<CpiVersionView>(`/api/v1/cpi/${node}/history`);
  if (data === undefined || data.length < 2) return null;
  return (
    <section className="card">
      <h2>Versions</h2>
      <table>
        <tbody>
          {data.map(({ version, identifier, block, at }) => (
            <tr key={version}>
              <td className="number">{version}</td>
              <td className="mono wrap">{identifier}</td>
              <td className="quiet">
                block {block}
                {at === null ? '' : `, ${clockTime(at)}`}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}
