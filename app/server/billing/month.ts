/** Months of statements: calendar months of chain time, UTC. */
import { Refusal } from '../../../domain/refusal.ts';

export interface Month {
  /** 2026-11 */
  name: string;
  /** Unix seconds: its first second, and the first after it. */
  from: bigint;
  to: bigint;
}

/** @param name as 2026-11 @throws Refusal MALFORMED */
export function monthOf(name: string): Month {
  const [, year = '', month = ''] = /^(20[0-9]{2})-(0[1-9]|1[0-2])$/.exec(name) ?? [];
  if (year === '')
    throw new Refusal(
      'MALFORMED',
      `${name.slice(0, 20)} is no month.`,
      'Give it as 2026-11: 2000-01 to 2099-12.',
    );
  const first = (index: number): bigint => BigInt(Date.UTC(Number(year), index, 1) / 1_000);
  return { name, from: first(Number(month) - 1), to: first(Number(month)) };
}

/** @param at unix seconds */
export function monthAt(at: bigint): string {
  return new Date(Number(at) * 1_000).toISOString().slice(0, 7);
}
