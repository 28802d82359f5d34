'use client';

import type { ClustersView } from '../cluster-views.ts';
import { useApi } from './api.ts';
import { short } from './format.ts';

/** Round trips between nodes, as both sides measured them: a table of pairs, darker the nearer. */
export function LatencyPicture() {
  const { data } = useApi<ClustersView>('/api/v1/clusters');
  if (data === undefined) return null;
  const { nodes, pairs } = data.latency;
  const far = new Map(pairs.map(({ a, b, micros }) => [`${a} ${b}`, micros]));
  const measured = pairs.flatMap(({ micros }) => micros ?? []);
  const most = Math.max(1, ...measured);
  return (
    <section className="card" data-testid="latency">
      <h2>Measured round trips</h2>
      {nodes.length === 0 ? (
        <p className="quiet">No node answers pings: no provider lets its nodes join clusters.</p>
      ) : (
        <>
          <p className="quiet">
            Milliseconds, the larger of both sides&apos; medians; – where a pair was not measured from both
            sides yet, empty where the nodes differ in class or region and can form no cluster.
          </p>
          <table className="latency">
            <thead>
              <tr>
                <th>Node</th>
                {nodes.map(({ node }) => (
                  <th className="number mono" key={node}>
                    {node.slice(2, 6)}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {nodes.map(({ node, name, className }, row) => (
                <tr key={node}>
                  <td>
                    {name === '' ? short(node) : name}
                    <span className="range mono">
                      {node.slice(2, 6)} · {className}
                    </span>
                  </td>
                  {nodes.map((_, column) => {
                    const micros = far.get(row < column ? `${row} ${column}` : `${column} ${row}`);
                    return <Cell key={nodes[column]!.node} micros={micros} most={most} />;
                  })}
                </tr>
              ))}
            </tbody>
          </table>
        </>
      )}
    </section>
  );
}

function Cell({ micros, most }: { micros: number | null | undefined; most: number }) {
  if (micros === undefined) return <td />;
  if (micros === null) return <td className="number">–</td>;
  return (
    <td className="number" style={{ '--near': `${Math.round(30 * (1 - micros / most)) + 6}%` } as object}>
      {(micros / 1000).toFixed(2)}
    </td>
  );
}
