/**
 * Units of computing power (document 003, "Measuring Computing Power") and the conversions between them that a source
 * states. There are few: an instruction, an operation on floats and a hash are different work.
 */
import { Refusal } from '../refusal.ts';

/** Per second each. */
export type BaseUnit = 'OPS' | 'FLOPS' | 'IPS' | 'DHRYSTONES' | 'HASH';

interface UnitRow {
  unit: string;
  base: BaseUnit;
  /** How many of the base unit one of it is. */
  factor: bigint;
  source: string;
}

const SI = 'SI Brochure, 9th edition, table 7 (prefixes)';
const PREFIXES: readonly [string, bigint][] = [
  ['', 1n],
  ['K', 10n ** 3n],
  ['M', 10n ** 6n],
  ['G', 10n ** 9n],
  ['T', 10n ** 12n],
  ['P', 10n ** 15n],
  ['E', 10n ** 18n],
  ['Z', 10n ** 21n],
];

export const UNITS: readonly UnitRow[] = [
  ...PREFIXES.flatMap(([prefix, factor]): UnitRow[] => [
    { unit: `${prefix}OPS`, base: 'OPS', factor, source: SI },
    { unit: `${prefix}FLOPS`, base: 'FLOPS', factor, source: SI },
    { unit: `${prefix}HASH/S`, base: 'HASH', factor, source: SI },
  ]),
  { unit: 'MIPS', base: 'IPS', factor: 10n ** 6n, source: 'Million instructions a second, by its name' },
  {
    unit: 'DMIPS',
    base: 'DHRYSTONES',
    factor: 1757n,
    source: 'Weicker, Dhrystone 2.1: a VAX 11/780, the machine of 1 MIPS, runs 1,757 Dhrystones a second',
  },
  { unit: 'DHRYSTONES/S', base: 'DHRYSTONES', factor: 1n, source: 'Weicker, Dhrystone 2.1' },
];

const BY_NAME = new Map(UNITS.map((row) => [row.unit, row]));

/**
 * `amount` of one unit in another, rounded down.
 * @throws Refusal UNSUPPORTED when a unit is unknown, or no source says how one becomes the other
 */
export function convert(amount: bigint, from: string, to: string): bigint {
  const [source, target] = [rowOf(from), rowOf(to)];
  if (source.base !== target.base)
    throw new Refusal(
      'UNSUPPORTED',
      `${from} is of ${source.base} and ${to} of ${target.base}: no source says how one becomes the other.`,
      'Measure the workload on both, or compare within one unit.',
    );
  return (amount * source.factor) / target.factor;
}

function rowOf(unit: string): UnitRow {
  const row = BY_NAME.get(unit.toUpperCase());
  if (row !== undefined) return row;
  throw new Refusal(
    'UNSUPPORTED',
    `No unit ${JSON.stringify(unit)} is known.`,
    `Use one of ${[...BY_NAME.keys()].join(', ')}.`,
  );
}
