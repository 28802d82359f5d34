/** How much an identifier's zone computes: by its chips where the table of cards knows them, as stated otherwise. */
import type { Cpi } from '../cpi.ts';
import { gradeOf, type Grade } from '../metrology/capacity.ts';
import { fp16Of } from '../metrology/cards.ts';
import { chipsOf, quantityOf } from './fields.ts';

export interface ZoneCompute {
  /** Peak dense FP16, GFLOPS: a range where sources differ; null when neither chips nor statement tell. */
  gflops: { low: number; high: number; from: 'cards' | 'stated' } | null;
  /** Of the lower rate. */
  grade: Grade | null;
  /** What the identifier itself states, GFLOPS. */
  stated: number | null;
  /** Models whose sources differ. */
  conflicts: { model: string; low: number; high: number }[];
}

const Y_COMPUTE = 2;
const Y_CHIPS = 5;
/** A pool beyond it is no figure of a zone: 10^15 GFLOPS. */
const MOST_GFLOPS = 1e15;

export function computeOf(cpi: Cpi): ZoneCompute {
  const statement = quantityOf(cpi.y[Y_COMPUTE] ?? '');
  const stated = statement?.unit === 'TFLOPS' ? inRange(Math.round(statement.amount * 1000)) : null;
  const chips = chipsOf(cpi.y[Y_CHIPS] ?? '').map((chip) => ({ ...chip, rate: fp16Of(chip.model) }));
  const unknown = chips.length === 0 || chips.some(({ rate }) => rate === null);
  const sum = (end: 'low' | 'high'): number =>
    chips.reduce((total, { count, rate }) => total + count * rate![end], 0);
  if (unknown || inRange(sum('high')) === null) {
    if (stated === null) return { gflops: null, grade: null, stated, conflicts: [] };
    return {
      gflops: { low: stated, high: stated, from: 'stated' },
      grade: gradeOfGflops(stated),
      stated,
      conflicts: [],
    };
  }
  const [low, high] = [sum('low'), sum('high')];
  const conflicts = chips.flatMap(({ model, rate }) =>
    rate!.low === rate!.high ? [] : [{ model, low: rate!.low, high: rate!.high }],
  );
  return { gflops: { low, high, from: 'cards' }, grade: gradeOfGflops(low), stated, conflicts };
}

function inRange(gflops: number): number | null {
  return gflops <= MOST_GFLOPS ? gflops : null;
}

function gradeOfGflops(gflops: number): Grade {
  return gradeOf(BigInt(gflops) * 1_000_000_000n);
}
