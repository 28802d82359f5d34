'use client';

import { hourBin } from '../../domain/entropy.ts';
import type { EntropyView, NodeEntropyView } from '../views.ts';
import { useApi } from './api.ts';
import { clockTime, short } from './format.ts';
import { HourBars } from './hour-bars.tsx';

/** Nodes shown; the API has the rest. */
const SHOWN = 40;

/** Resource-state entropy: of the network over the day, and of each node's 24 hours. */
export function EntropyPanel() {
  const { data, error } = useApi<EntropyView>('/api/v1/entropy');
  return (
    <section className="card" data-testid="entropy">
      <h2>Resource-state entropy</h2>
      {data === undefined ? (
        <p className={error === null ? 'quiet' : 'note bad'}>{error?.message ?? 'Reading the leases…'}</p>
      ) : (
        <>
          <p className="quiet">
            How evenly a node&apos;s last 24 full hours spread over idle, low, middle and high use: 0 bits is
            always the same, 2 bits is all four alike. Matching prefers nodes near{' '}
            {bits(data.balanceMicroBits)} bits.
          </p>
          <NetworkChart view={data} />
          <table>
            <thead>
              <tr>
                <th>Node</th>
                <th>Class</th>
                <th>Region</th>
                <th className="number">Cards</th>
                <th>Use by hour</th>
                <th className="number">Entropy, bits</th>
              </tr>
            </thead>
            <tbody>
              {data.nodes.slice(0, SHOWN).map((node) => (
                <NodeRow key={node.id} node={node} />
              ))}
            </tbody>
          </table>
          {data.nodeCount > SHOWN && (
            <p className="quiet">
              {SHOWN} of {data.nodeCount} nodes; GET /api/v1/entropy/NODE has any other.
            </p>
          )}
        </>
      )}
    </section>
  );
}

function NodeRow({ node }: { node: NodeEntropyView }) {
  return (
    <tr>
      <td className="mono" title={node.id}>
        {short(node.id)}
      </td>
      <td>{node.className}</td>
      <td>{node.region}</td>
      <td className="number">{node.cards}</td>
      <td>
        <HourBars
          values={node.usedShares.map((share) => ({
            share,
            tone: hourBin(Math.round(share * 10_000), 10_000),
          }))}
          label={`Hours idle ${node.bins[0]}, low ${node.bins[1]}, middle ${node.bins[2]}, high ${node.bins[3]}`}
        />
      </td>
      <td className="number">{bits(node.microBits)}</td>
    </tr>
  );
}

const WIDTH = 720;
const HEIGHT = 150;
const LEFT = 44;
const RIGHT = 150;
const TOP = 12;
const BOTTOM = 26;

/** Network entropy (Eq. 4), the nodes' mean distance from balance, and the share of cards in use, hour by hour. */
function NetworkChart({ view: { network } }: { view: EntropyView }) {
  const most = Math.max(1, ...network.map(({ microBits }) => microBits / 1e6));
  const x = (index: number): number =>
    LEFT + (index / Math.max(1, network.length - 1)) * (WIDTH - LEFT - RIGHT);
  const y = (share: number): number => TOP + (1 - share) * (HEIGHT - TOP - BOTTOM);
  const lines = [
    {
      name: 'network entropy',
      tone: 'first',
      values: network.map(({ microBits }) => microBits / 1e6 / most),
    },
    {
      name: 'mean gap',
      tone: 'second',
      values: network.map(({ meanGapMicroBits }) => meanGapMicroBits / 1e6 / most),
    },
    { name: 'cards in use', tone: 'third', values: network.map(({ usedShare }) => usedShare) },
  ];
  const now = network.at(-1);
  const label =
    now === undefined
      ? ''
      : `Network entropy ${bits(now.microBits)} bits, mean gap to balance ${bits(now.meanGapMicroBits)} bits, ${Math.round(now.usedShare * 100)} % of cards in use in the last full hour`;
  return (
    <svg className="day" viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={label}>
      <title>{label}</title>
      <line className="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
      <text x={LEFT - 6} y={TOP + 8} textAnchor="end">
        {most.toFixed(1)}
      </text>
      <text x={LEFT - 6} y={HEIGHT - BOTTOM} textAnchor="end">
        0
      </text>
      {network.map(
        ({ at }, index) =>
          index % 6 === 0 && (
            <text key={at} x={x(index)} y={HEIGHT - 8} textAnchor="middle">
              {clockTime(at).slice(0, 5)}
            </text>
          ),
      )}
      {lines.map(({ name, tone, values }, place) => (
        <g key={name} className={tone}>
          <polyline
            points={values.map((value, index) => `${x(index).toFixed(1)},${y(value).toFixed(1)}`).join(' ')}
          />
          <line
            x1={WIDTH - RIGHT + 12}
            x2={WIDTH - RIGHT + 28}
            y1={TOP + 8 + place * 18}
            y2={TOP + 8 + place * 18}
          />
          <text x={WIDTH - RIGHT + 34} y={TOP + 12 + place * 18}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}

function bits(microBits: number): string {
  return (microBits / 1e6).toFixed(3);
}
