/** An identifier in words: its fields with the names of their codes, what is odd about them, and how much it computes. */
import { CPI_SEGMENTS, fieldName, type CpiSegment, type ParsedCpi } from '../cpi.ts';
import { nameOf, type Dictionary } from '../dictionary.ts';
import type { Grade } from '../metrology/capacity.ts';
import { computeOf, type ZoneCompute } from './compute.ts';
import { chipsOf, hasFormat, rulesOf } from './fields.ts';
import { hasInvisible, latinTwin, oddMix } from './scripts.ts';

/** What is odd about a field. None of it makes an identifier wrong: codes may be newer than our tables. */
export type FlagCode =
  'UNKNOWN_CODE' | 'FORMAT' | 'MIXED_SCRIPTS' | 'LOOKALIKE' | 'INVISIBLE' | 'OVERSTATED' | 'CONFLICT';

export interface CpiFlag {
  code: FlagCode;
  segment: CpiSegment;
  field: string;
  sentence: string;
}

export interface FieldView {
  segment: CpiSegment;
  name: string;
  value: string;
  /** Name of the code, the widest thing first; null without a table, or when the table lacks it. */
  path: string[] | null;
}

export interface CpiDescription {
  fields: FieldView[];
  /** Fields past those named, kept as they are. */
  extensions: { segment: CpiSegment; index: number; value: string }[];
  flags: CpiFlag[];
  gflops: ZoneCompute['gflops'];
  /** Of the lower rate. */
  grade: Grade | null;
}

export function describeCpi({ cpi }: Pick<ParsedCpi, 'cpi'>, dictionary: Dictionary): CpiDescription {
  const fields: FieldView[] = [];
  const extensions: CpiDescription['extensions'] = [];
  const flags: CpiFlag[] = [];
  for (const segment of CPI_SEGMENTS) {
    const rules = rulesOf(segment);
    for (const [index, value] of cpi[segment].entries()) {
      const flag = (code: FlagCode, sentence: string): void => {
        flags.push({ code, segment, field: fieldName(segment, index), sentence });
      };
      flagWriting(value, flag);
      const rule = rules[index];
      if (rule === undefined) {
        extensions.push({ segment, index: index + 1, value });
        continue;
      }
      const view: FieldView = { segment, name: rule.name, value, path: null };
      fields.push(view);
      // Y and S may leave out what their enterprise doesn't say.
      if (value === '') continue;
      if (!hasFormat(rule, value)) {
        flag('FORMAT', `${rule.name} ${JSON.stringify(value)} is not written as ${rule.example}.`);
      } else if (rule.codes !== null) {
        const codes = rule.name === 'chips' ? chipsOf(value).map(({ model }) => model) : [value];
        const names = codes.map((code) => ({ code, found: nameOf(dictionary, rule.codes!, code) }));
        view.path = names.flatMap(({ found }) => found?.path ?? []);
        if (view.path.length === 0) view.path = null;
        for (const { code, found } of names)
          if (found === null) flag('UNKNOWN_CODE', `The dictionary has no ${rule.name} ${code}.`);
      }
    }
  }
  const compute = computeOf(cpi);
  flags.push(...flagCompute(compute));
  return { fields, extensions, flags, gflops: compute.gflops, grade: compute.grade };
}

function flagWriting(value: string, flag: (code: FlagCode, sentence: string) => void): void {
  if (hasInvisible(value)) flag('INVISIBLE', 'It holds characters that show nothing.');
  const scripts = oddMix(value);
  const twin = latinTwin(value);
  if (scripts.length > 0) flag('MIXED_SCRIPTS', `It mixes letters of ${scripts.join(' and ')}.`);
  if (twin !== null) flag('LOOKALIKE', `It looks like ${JSON.stringify(twin)} and is another text.`);
}

/** What may be stated above the table's rate: figures are rounded. */
const TOLERANCE = 1.01;

function flagCompute({ gflops, stated, conflicts }: ZoneCompute): CpiFlag[] {
  const flags: CpiFlag[] = conflicts.map(({ model, low, high }) => ({
    code: 'CONFLICT',
    segment: 'y',
    field: 'chips',
    sentence: `Sources give ${model} between ${low} and ${high} GFLOPS; the lower one counts.`,
  }));
  if (stated !== null && gflops !== null && stated > gflops.high * TOLERANCE)
    flags.push({
      code: 'OVERSTATED',
      segment: 'y',
      field: 'totalCompute',
      sentence: `${stated} GFLOPS are stated; its chips reach ${gflops.high} at most.`,
    });
  return flags;
}
