import type { Outcomes } from '../../domain/reputation.ts';

/** A whole number as SQL casts it to text, or as Prisma reads it. */
type Whole = string | { toFixed(): string };

/** A provider's record as its row has it. */
export interface RecordRow {
  outcomeDay: number | null;
  good: Whole;
  bad: Whole;
  newGood: Whole;
  newBad: Whole;
}

/** Undefined for a provider without a record. */
export function outcomesOf({ outcomeDay: day, good, bad, newGood, newBad }: RecordRow): Outcomes | undefined {
  if (day === null) return undefined;
  return { day, good: whole(good), bad: whole(bad), newGood: whole(newGood), newBad: whole(newBad) };
}

function whole(value: Whole): bigint {
  return BigInt(typeof value === 'string' ? value : value.toFixed());
}
