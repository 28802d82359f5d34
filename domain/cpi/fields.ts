/** What each field of an identifier means and how it is written: the data dictionary's page on fields (document 000, IV.A). */
import { CPI_FIELDS, CPI_SEGMENTS, type CpiSegment } from '../cpi.ts';

/** Tables of codes that fields refer to. */
export type CodeTableName = 'industries' | 'places' | 'resourceTypes' | 'serviceTypes' | 'chips';

export interface FieldRule {
  segment: CpiSegment;
  name: string;
  meaning: string;
  /** What a value looks like, as a regular expression over all of it. */
  format: string;
  /** The table its codes are in; null for none. */
  codes: CodeTableName | null;
  example: string;
}

/** No leading zero, no trailing one after the point: a quantity has one text. */
const NUMBER = '(0|[1-9][0-9]{0,14})(\\.[0-9]{0,5}[1-9])?';
const WHOLE = '[1-9][0-9]{0,8}';
const NAME = '[A-Za-z0-9][A-Za-z0-9._-]{0,63}';
const TYPE = '[A-Z][A-Z0-9]{1,15}';

type Rule = [meaning: string, format: string, codes: CodeTableName | null, example: string];

const RULES: Record<CpiSegment, readonly Rule[]> = {
  x: [
    ['the enterprise that runs it: its registered short name or social credit code', NAME, null, 'LGSZ'],
    ['its industry: GB/T 4754-2017, a section or 2 to 4 digits', '[A-T]|[0-9]{2,4}', 'industries', '6450'],
    [
      'where it stands: GB/T 2260 in mainland China, ISO 3166-1 or 3166-2 elsewhere',
      '[0-9]{6}|[A-Z]{2}(-[A-Z0-9]{1,3})?',
      'places',
      '310000',
    ],
    ['the availability zone, as the enterprise names it', NAME, null, 'lingang-a'],
  ],
  y: [
    ['what kind of resource the zone sells', TYPE, 'resourceTypes', 'GPU'],
    ['how it is handed over', '[a-z][a-z-]{1,31}', 'serviceTypes', 'bare-metal'],
    [
      'peak compute: dense FP16 TFLOPS, or TOPS of logical computing power',
      `${NUMBER}(TFLOPS|TOPS)`,
      null,
      '7912TFLOPS',
    ],
    ['storage, GB (10^9 bytes)', `${NUMBER}GB`, null, '20000GB'],
    ['bandwidth of its network, Mb/s', `${NUMBER}Mbps`, null, '100000Mbps'],
    [
      'chip models with their counts, several joined by +',
      `${NAME}x${WHOLE}(\\+${NAME}x${WHOLE})*`,
      'chips',
      'H100-SXM5x8',
    ],
  ],
  s: [
    ['form of the server', '[a-z][a-z-]{1,31}', null, 'rack'],
    ['model of its CPU', '[A-Za-z0-9][A-Za-z0-9 ._@()+-]{0,63}', null, 'EPYC-9454'],
    ['cores of all its CPUs', WHOLE, null, '96'],
    ['memory, GB', `${NUMBER}GB`, null, '1024GB'],
    ['storage, GB (10^9 bytes)', `${NUMBER}GB`, null, '20000GB'],
    ['how many servers of this kind', WHOLE, null, '1'],
  ],
  z: [
    ['computing internet address: host name, IPv4 or IPv6', '[A-Za-z0-9._:-]{1,253}', null, '10.31.0.11'],
    ['kind of chip', TYPE, 'resourceTypes', 'GPU'],
    ['model of the chip', NAME, 'chips', 'H100-SXM5'],
    [
      'serial number of the chip, or of the server whose cards are sold as one node',
      '[A-Za-z0-9][A-Za-z0-9._:-]{0,63}',
      null,
      'LGSZ-H100-SXM5-0011',
    ],
  ],
};

export const FIELD_RULES: readonly FieldRule[] = CPI_SEGMENTS.flatMap((segment) =>
  RULES[segment].map(([meaning, format, codes, example], index) => ({
    segment,
    name: CPI_FIELDS[segment][index]!,
    meaning,
    format,
    codes,
    example,
  })),
);

const FORMATS = new Map(FIELD_RULES.map((rule) => [rule, new RegExp(`^(?:${rule.format})$`)]));

/** Whether a value is written as its field's rule says. */
export function hasFormat(rule: FieldRule, value: string): boolean {
  return FORMATS.get(rule)!.test(value);
}

/** Rules of a segment, in the order of its fields. */
export function rulesOf(segment: CpiSegment): readonly FieldRule[] {
  return FIELD_RULES.filter((rule) => rule.segment === segment);
}

/** The number of a quantity, e.g. 7912 of `7912TFLOPS`; null when it is not written so. */
export function quantityOf(value: string): { amount: number; unit: string } | null {
  const match = /^([0-9]+(?:\.[0-9]+)?)([A-Za-z]+)$/.exec(value);
  return match === null ? null : { amount: Number(match[1]), unit: match[2]! };
}

/** `H100-SXM5x8+L40Sx2` as models and counts; none when it is not written so. */
export function chipsOf(value: string): { model: string; count: number }[] {
  const parts = value.split('+').map((part) => /^(.+)x([1-9][0-9]{0,8})$/.exec(part));
  if (parts.some((part) => part === null)) return [];
  return parts.map((part) => ({ model: part![1]!, count: Number(part![2]) }));
}
