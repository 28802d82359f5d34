import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { formatCpi, parseCpi, type Cpi, type ParsedCpi } from '../../domain/cpi.ts';
import { describeCpi } from '../../domain/cpi/describe.ts';
import { FIELD_RULES, hasFormat } from '../../domain/cpi/fields.ts';
import { migrateCpi } from '../../domain/cpi/migration.ts';
import { nameOf, regionOf, type CodeTable, type Dictionary } from '../../domain/dictionary.ts';

const table = (...names: [string, string][]): CodeTable => ({
  title: 'test',
  version: '1',
  source: 'test',
  licence: 'test',
  names: new Map(names),
});
const DICTIONARY: Dictionary = {
  divisions: table(['310000', '上海市'], ['310115', '浦东新区'], ['320000', '江苏省'], ['320500', '苏州市']),
  countries: table(['NL', 'Netherlands']),
  subdivisions: table(['NL-NH', 'Noord-Holland']),
  industries: table(['I', '信息传输、软件和信息技术服务业'], ['6450', '互联网数据服务']),
};
const CPI: Cpi = {
  x: ['LGSZ', '6450', '310115', 'lingang-a'],
  y: ['GPU', 'bare-metal', '7912TFLOPS', '20000GB', '100000Mbps', 'H100-SXM5x8'],
  s: ['rack', 'EPYC-9454', '96', '1024GB', '20000GB', '1'],
  z: ['10.31.0.11', 'GPU', 'H100-SXM5', 'LGSZ-H100-SXM5-0011'],
};

const described = (change: Partial<Cpi>) =>
  describeCpi(parseCpi(formatCpi({ ...CPI, ...change })) as ParsedCpi, DICTIONARY);
const flagsOf = (change: Partial<Cpi>): [string, string][] =>
  described(change).flags.map(({ code, field }) => [code, field]);

describe('a description', () => {
  test('names every code, and grades the zone by its chips', () => {
    const { fields, flags, extensions, gflops, grade } = described({});
    expect(flags).toEqual([]);
    expect(extensions).toEqual([]);
    expect(fields.find(({ name }) => name === 'city')?.path).toEqual(['上海市', '浦东新区']);
    expect(fields.find(({ name }) => name === 'industry')?.path?.at(-1)).toBe('互联网数据服务');
    expect(fields.find(({ name }) => name === 'chips')?.path).toEqual(['NVIDIA', 'H100 SXM']);
    expect({ gflops, grade }).toEqual({
      gflops: { low: 7_912_000, high: 7_912_000, from: 'cards' },
      grade: 'super',
    });
  });

  test('keeps what it does not know, and says so', () => {
    expect(flagsOf({ x: ['LGSZ', '6499', '999999', 'a'] })).toEqual([
      ['UNKNOWN_CODE', 'industry'],
      ['UNKNOWN_CODE', 'city'],
    ]);
    expect(flagsOf({ z: ['10.0.0.1', 'gpu', 'H100-SXM5', '1'] })).toEqual([['FORMAT', 'chipType']]);
    const extended = described({ x: [...CPI.x, 'tier-4', ''] });
    expect(extended.extensions).toEqual([
      { segment: 'x', index: 5, value: 'tier-4' },
      { segment: 'x', index: 6, value: '' },
    ]);
    expect(described({ y: ['GPU', '', '12.5TFLOPS', '', '', 'Nobody-1x4'] })).toMatchObject({
      gflops: { low: 12_500, high: 12_500, from: 'stated' },
      grade: 'large',
      flags: [{ code: 'UNKNOWN_CODE', field: 'chips' }],
    });
    expect(described({ y: ['', '', '', '', '', ''] })).toMatchObject({
      gflops: null,
      grade: null,
      flags: [],
    });
  });

  test('tells look-alikes, mixed scripts and what cannot be seen', () => {
    const enterprise = (name: string) =>
      flagsOf({ x: [name, '6450', '310000', 'a'] }).filter(([code]) => code !== 'FORMAT');
    expect(enterprise('LGS\u0417')).toEqual([['MIXED_SCRIPTS', 'enterprise']]);
    expect(enterprise('\u0410\u0421\u041c\u0415')).toEqual([['LOOKALIKE', 'enterprise']]);
    expect(enterprise('\u0410CME')).toEqual([
      ['MIXED_SCRIPTS', 'enterprise'],
      ['LOOKALIKE', 'enterprise'],
    ]);
    expect(enterprise('ＬＧＳＺ')).toEqual([['LOOKALIKE', 'enterprise']]);
    expect(enterprise('LG\u200bSZ')).toEqual([['INVISIBLE', 'enterprise']]);
    expect(enterprise('临港 Suanli')).toEqual([]);
    expect(enterprise('Завод')).toEqual([]);
  });

  test('does not take more compute than the chips have, and shows where sources differ', () => {
    expect(flagsOf({ y: ['GPU', '', '9000TFLOPS', '', '', 'H100-SXM5x8'] })).toEqual([
      ['OVERSTATED', 'totalCompute'],
    ]);
    const ascend = described({ y: ['NPU', '', '2560TFLOPS', '', '', 'Ascend-910Bx8'] });
    expect(ascend.flags.map(({ code }) => code)).toEqual(['CONFLICT']);
    expect(ascend.gflops).toEqual({ low: 2_240_000, high: 2_560_000, from: 'cards' });
  });

  test('of the server in docs/cpi.md is what the page says', () => {
    const page = readFileSync(new URL('../../docs/cpi.md', import.meta.url), 'utf8');
    const [text = ''] = /^cpi1:\S+$/m.exec(page) ?? [];
    const parsed = parseCpi(text);
    if ('reason' in parsed) throw new Error(parsed.reason);
    expect(page).toContain(`${text.length} characters. Its node is \`${parsed.node}\``);
    expect(describeCpi(parsed, DICTIONARY)).toMatchObject({
      flags: [],
      grade: 'super',
      gflops: { low: 7_912_000 },
    });
  });

  test('has rules whose examples meet them', () => {
    for (const rule of FIELD_RULES) expect(hasFormat(rule, rule.example), rule.name).toBe(true);
    expect(
      hasFormat(
        FIELD_RULES.find(({ name }) => name === 'totalStorage')!,
        '020GB',
      ),
    ).toBe(false);
    expect(
      hasFormat(
        FIELD_RULES.find(({ name }) => name === 'totalStorage')!,
        '2.50GB',
      ),
    ).toBe(false);
  });
});

test('codes_areFoundByTheirLevels', () => {
  expect(nameOf(DICTIONARY, 'places', '320500')?.path).toEqual(['江苏省', '苏州市']);
  expect(nameOf(DICTIONARY, 'places', 'NL-NH')?.path).toEqual(['Netherlands', 'Noord-Holland']);
  expect(nameOf(DICTIONARY, 'places', 'NL-XX')).toBeNull();
  expect(nameOf(DICTIONARY, 'places', '310116')).toBeNull();
  expect(nameOf(DICTIONARY, 'industries', '645')?.name).toBe('信息传输、软件和信息技术服务业');
  expect(nameOf(DICTIONARY, 'industries', '640')).toBeNull();
  expect(nameOf(DICTIONARY, 'industries', '00')).toBeNull();
  expect([regionOf('310115'), regionOf('NL-NH'), regionOf('NL'), regionOf('x')]).toEqual([
    'CN-31',
    'NL',
    'NL',
    '',
  ]);
});

describe('migration from version 0', () => {
  const bare = 'LGSZ,6450,310000,az 1/gpu/rack,EPYC 9454/10.0.0.1,gpu,H100,0';

  test('writes the canonical text, and says when the node stays the same', () => {
    const migrated = migrateCpi(bare);
    expect(migrated).toMatchObject({ from: 0, keepsNode: false });
    const parsed = parseCpi('text' in migrated ? migrated.text : '');
    expect('cpi' in parsed && parsed.cpi).toEqual({
      x: ['LGSZ', '6450', '310000', 'az 1'],
      y: ['gpu', '', '', '', '', ''],
      s: ['rack', 'EPYC 9454', '', '', '', ''],
      z: ['10.0.0.1', 'gpu', 'H100', '0'],
    });
    expect(migrateCpi(`cpi0:${bare.replace('az 1', 'az1')}`)).toMatchObject({ from: 0, keepsNode: true });
  });

  test('leaves version 1 as it is, and guesses at no other', () => {
    const text = formatCpi(CPI);
    expect(migrateCpi(text)).toMatchObject({ text, from: 1, keepsNode: true });
    expect(migrateCpi('cpi2:a/b/c/d#00000000')).toMatchObject({ field: 'version', position: 3 });
    expect(migrateCpi('a/b/c')).toMatchObject({ field: 'segments', position: 0 });
    expect(migrateCpi('cpi0:,b,c,d/e/f/g,h,i,j')).toMatchObject({ field: 'segments' });
    expect(migrateCpi('cpi0:a,%FF,c,d/e/f/g,h,i,j')).toMatchObject({ field: 'industry', position: 7 });
  });

  test('is the same when it is done twice', () => {
    const once = migrateCpi(bare);
    const twice = migrateCpi('text' in once ? once.text : '');
    expect('text' in twice && 'text' in once && twice.text === once.text).toBe(true);
  });
});
