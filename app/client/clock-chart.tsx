'use client';

import { clock, priceAt } from '../../domain/rea.ts';
import type { SlotView } from '../views.ts';
import { money, short } from './format.ts';
import { useMarket } from './market.ts';

const WIDTH = 720;
const HEIGHT = 260;
const LEFT = 64;
const RIGHT = 16;
const TOP = 18;
const BOTTOM = 34;

/** The descending clock as a staircase, with where each shortlisted ask left it and the price. */
export function ClockChart({ match, gammaWad }: { match: SlotView['matches'][number]; gammaWad: bigint }) {
  const { symbol } = useMarket();
  const start = BigInt(match.startPrice);
  const factors = clock(gammaWad);
  const last = Math.min(
    255,
    Math.max(match.step, ...match.candidates.map((candidate) => candidate.droppedAt)) + 2,
  );
  const prices = factors.slice(0, last + 1).map((factor) => priceAt(start, factor));
  const lowest = Number(prices.at(-1) ?? 0n) * 0.85;
  const x = (step: number): number => LEFT + ((step + 0.5) / (last + 1)) * (WIDTH - LEFT - RIGHT);
  const edge = (step: number): number => LEFT + (step / (last + 1)) * (WIDTH - LEFT - RIGHT);
  const y = (price: bigint): number =>
    TOP + (1 - (Number(price) - lowest) / (Number(start) - lowest || 1)) * (HEIGHT - TOP - BOTTOM);
  const stairs = prices
    .map(
      (price, step) =>
        `${step === 0 ? 'M' : 'L'}${edge(step).toFixed(1)},${y(price).toFixed(1)} H${edge(step + 1).toFixed(1)}`,
    )
    .join(' ');
  const clearing = BigInt(match.price);
  const labels = Math.max(1, Math.ceil((last + 1) / 16));
  const above = new Map<number, number>();

  return (
    <svg
      className="clock"
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      role="img"
      aria-label={`The clock falls from ${money(start)} to ${money(clearing)} ${symbol} per card-hour in ${match.step} steps; ${match.candidates.length} asks took part`}
    >
      <line className="axis" x1={LEFT} x2={WIDTH - RIGHT} y1={HEIGHT - BOTTOM} y2={HEIGHT - BOTTOM} />
      {prices.map(
        (_, step) =>
          step % labels === 0 && (
            <text key={step} className="tick" x={x(step)} y={HEIGHT - BOTTOM + 16} textAnchor="middle">
              {step}
            </text>
          ),
      )}
      <text className="tick" x={WIDTH - RIGHT} y={HEIGHT - 4} textAnchor="end">
        clock step
      </text>
      <text className="tick" x={LEFT - 8} y={y(start) + 4} textAnchor="end">
        {money(start)}
      </text>
      <path className="stairs" d={stairs} />
      <line className="clearing" x1={LEFT} x2={WIDTH - RIGHT} y1={y(clearing)} y2={y(clearing)} />
      {clearing !== start && (
        <text className="tick price" x={LEFT - 8} y={y(clearing) + 4} textAnchor="end">
          {money(clearing)}
        </text>
      )}
      {match.candidates.map((candidate) => {
        const step = candidate.droppedAt;
        const stacked = above.get(step) ?? 0;
        above.set(step, stacked + 1);
        const role =
          candidate.askId === match.askId
            ? 'winner'
            : candidate.askId === match.runnerUp
              ? 'runner-up'
              : 'rival';
        return (
          <circle
            key={candidate.askId}
            className={role}
            cx={x(step)}
            cy={y(prices[step] ?? 0n) - stacked * 13}
            r={role === 'winner' ? 7 : 5.5}
          >
            <title>{`${role}: ask ${short(candidate.askId)}, reserve ${money(candidate.reserve)}, stays to step ${step}`}</title>
          </circle>
        );
      })}
      <g className="legend">
        <circle className="winner" cx={WIDTH - 236} cy={TOP} r={6} />
        <text x={WIDTH - 226} y={TOP + 4}>
          winner
        </text>
        <circle className="runner-up" cx={WIDTH - 166} cy={TOP} r={5.5} />
        <text x={WIDTH - 156} y={TOP + 4}>
          runner-up
        </text>
        <circle className="rival" cx={WIDTH - 76} cy={TOP} r={5.5} />
        <text x={WIDTH - 66} y={TOP + 4}>
          other ask
        </text>
      </g>
    </svg>
  );
}
