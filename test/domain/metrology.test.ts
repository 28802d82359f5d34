import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { gradeOf, peakRate, poolCapacity, type ChipGroup } from '../../domain/metrology/capacity.ts';
import { CARDS, cardRows, fp16Of, REFERENCE_CARD } from '../../domain/metrology/cards.ts';
import { cardSeconds, peakMeasure, referenceSeconds, type Use } from '../../domain/metrology/hours.ts';
import { convert, UNITS } from '../../domain/metrology/units.ts';
import { Refusal } from '../../domain/refusal.ts';

const TERA = 10n ** 12n;

describe('capacity (document 001, Eq. 1)', () => {
  test('of the GTX 680 is 3.09 TFLOPS', () => {
    const rate = peakRate(2, 1536, 1_006_000_000n);
    expect(rate).toBe(3_090_432_000_000n);
    expect(poolCapacity([{ kind: 'parallel', chips: 1, rate }]).parallel.total / (TERA / 100n)).toBe(309n);
  });

  test('adds up by kind, and the redundant part is what history has more', () => {
    const groups: ChipGroup[] = [
      { kind: 'parallel', chips: 8, rate: 989n * TERA },
      { kind: 'parallel', chips: 2, rate: 312n * TERA, scale: 500_000n },
      { kind: 'logical', chips: 2, rate: 5n * TERA },
    ];
    const pool = poolCapacity(groups, { parallel: 8_000n * TERA });
    expect(pool.parallel).toEqual({ sum: 8_224n * TERA, redundant: -224n * TERA, total: 8_000n * TERA });
    expect(pool.logical).toEqual({ sum: 10n * TERA, redundant: 0n, total: 10n * TERA });
    expect(pool.neural).toEqual({ sum: 0n, redundant: 0n, total: 0n });
    expect(() => poolCapacity([{ kind: 'neural', chips: -1, rate: 1n }])).toThrow(Refusal);
  });

  test('grades at the published bounds', () => {
    const grades = [
      1_000n * TERA,
      1_000n * TERA - 1n,
      10n * TERA,
      10n * TERA - 1n,
      TERA / 2n,
      TERA / 2n - 1n,
      0n,
    ].map(gradeOf);
    expect(grades).toEqual(['super', 'large', 'large', 'medium', 'medium', 'small', 'small']);
  });
});

describe('the table of cards', () => {
  test('cites a source in every row, and gives a rate to the reference', () => {
    for (const row of CARDS) expect(row.source.length, row.model).toBeGreaterThan(5);
    expect(fp16Of(REFERENCE_CARD)).toMatchObject({ low: 989_000, high: 989_000 });
  });

  test('keeps conflicting sources visible', () => {
    expect(cardRows('Ascend 910B')).toHaveLength(2);
    expect(fp16Of('Huawei Ascend-910B')).toMatchObject({ low: 280_000, high: 320_000 });
    expect(referenceSeconds('910B', 989_000n)).toBe(280_000n);
  });

  test('finds a model by the names of the market, of traces and of data sheets', () => {
    const rates = [
      'H100-SXM-80G',
      'NVIDIA H100 SXM5',
      'A100-SXM-80G',
      'L40S-48G',
      'RTX4090-24G',
      'V100M32',
      'T4',
      'P100',
      'A10',
    ];
    expect(rates.map((name) => fp16Of(name)?.low)).toEqual([
      989_000, 989_000, 312_000, 362_050, 165_200, 112_000, 65_000, 18_700, 125_000,
    ]);
    // Which of the two H100 is meant is open.
    expect(fp16Of('H100')).toMatchObject({ low: 756_500, high: 989_000 });
    expect(cardRows('H20-SXM-141G').map(({ memoryGb }) => memoryGb)).toEqual([141]);
    expect(fp16Of('G2')).toBeNull();
    expect(referenceSeconds('G2', 1n)).toBeNull();
  });
});

const use: fc.Arbitrary<Use> = fc
  .tuple(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 30 }))
  .map(([cards, start, length]) => ({ cards, start: BigInt(start), end: BigInt(start + length) }));

describe('hours', () => {
  test('and peaks are those of a count second by second', () => {
    fc.assert(
      fc.property(fc.array(use, { maxLength: 12 }), fc.nat(40), fc.nat(60), (uses, from, length) => {
        const perSecond = Array.from({ length }, (_, index) => {
          const at = BigInt(from + index);
          return uses.reduce((sum, { cards, start, end }) => sum + (start <= at && at < end ? cards : 0), 0);
        });
        const [begin, end] = [BigInt(from), BigInt(from + length)];
        const total = perSecond.reduce((sum, cards) => sum + cards, 0);
        const peak = Math.max(0, ...perSecond);
        expect(cardSeconds(uses, begin, end)).toBe(BigInt(total));
        expect(peakMeasure(uses, begin, end)).toEqual({
          peak,
          peakAt: BigInt(from + (peak === 0 ? 0 : perSecond.indexOf(peak))),
          cardSeconds: BigInt(total),
          burstHundredths: total === 0 ? 0 : Math.floor((100 * peak * length) / total),
        });
      }),
    );
  });
});

describe('units', () => {
  test('convert where a source says how', () => {
    expect(convert(93_015n, 'TFLOPS', 'PFLOPS')).toBe(93n);
    expect(convert(200n, 'EHash/s', 'GHash/s')).toBe(200_000_000_000n);
    expect(convert(3n, 'DMIPS', 'Dhrystones/s')).toBe(5_271n);
    expect(convert(7n, 'MIPS', 'MIPS')).toBe(7n);
    for (const { source } of UNITS) expect(source).not.toBe('');
  });

  test('are refused where none does', () => {
    expect(() => convert(1n, 'DMIPS', 'FLOPS')).toThrow('no source says');
    expect(() => convert(1n, 'HASH/S', 'OPS')).toThrow('no source says');
    expect(() => convert(1n, 'bogomips', 'OPS')).toThrow('No unit');
  });
});
