import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  CPI_FIELDS,
  CPI_MAX_LENGTH,
  cpiCheck,
  formatCpi,
  nodeIdOf,
  parseCpi,
  type Cpi,
} from '../../domain/cpi.ts';
import { keccakText } from '../../domain/hash.ts';
import { Refusal } from '../../domain/refusal.ts';

const CPI: Cpi = {
  x: ['acme', '6450', '310000', 'az1'],
  y: ['gpu', 'training', '', '', '100000', 'H100 x 8'],
  s: ['rack', 'EPYC-9654', '192', '1536', '20000', '1'],
  z: ['10.0.0.1', 'gpu', 'H100', '0'],
};
const TEXT = formatCpi(CPI);
const BODY = TEXT.slice(0, TEXT.indexOf('#'));

const value = fc
  .string({ unit: 'binary', maxLength: 6 })
  .filter((text) => text.isWellFormed() && text.normalize('NFC') === text);
const segment = (name: keyof Cpi) => {
  const count = CPI_FIELDS[name].length;
  const needed = name === 'x' || name === 'z';
  const named = needed ? value.filter((text) => text !== '') : value;
  return fc
    .tuple(fc.array(named, { minLength: count, maxLength: count }), fc.array(value, { maxLength: 2 }))
    .map((parts) => parts.flat());
};
const cpis: fc.Arbitrary<Cpi> = fc.record({
  x: segment('x'),
  y: segment('y'),
  s: segment('s'),
  z: segment('z'),
});

describe('an identifier', () => {
  test('reads as it was written, extensions included', () => {
    fc.assert(
      fc.property(cpis, (cpi) => {
        let text: string;
        try {
          text = formatCpi(cpi);
        } catch (error) {
          expect(error).toBeInstanceOf(Refusal);
          expect((error as Refusal).sentence).toContain('characters');
          return;
        }
        expect(text).toMatch(/^cpi1:[A-Za-z0-9._%,/-]+#[0-9a-f]{8}$/);
        const parsed = parseCpi(text);
        expect(parsed).toMatchObject({ cpi });
      }),
    );
  });

  test('has one text per meaning: what parses is what would be written', () => {
    const near = fc.tuple(
      fc.nat(TEXT.length),
      fc.constantFrom('', '%', '%41', '%2C', ',', '/', ' ', 'é', '0', '%c3', '%FF'),
    );
    fc.assert(
      fc.property(near, ([at, insert]) => {
        const body = BODY.slice(0, at) + insert + BODY.slice(at);
        const text = `${body}#${cpiCheck(body)}`;
        const parsed = parseCpi(text);
        if ('cpi' in parsed) expect(formatCpi(parsed.cpi)).toBe(text);
        else expect(parsed.position).toBeLessThanOrEqual(text.length);
      }),
      { numRuns: 1_000 },
    );
  });

  test('names its node by X and Z alone', () => {
    const upgraded = formatCpi({
      ...CPI,
      y: ['gpu', 'inference', '', '', '', ''],
      s: ['', '', '', '', '', '2'],
    });
    const [before, after] = [parseCpi(TEXT), parseCpi(upgraded)];
    expect('node' in before && 'node' in after && before.node === after.node).toBe(true);
    expect('node' in before && before.node).toBe(keccakText('acme,6450,310000,az1/10.0.0.1,gpu,H100,0'));
    expect(nodeIdOf('acme,6450,310000,az1', '10.0.0.1,gpu,H100,0')).toBe('node' in before && before.node);
  });

  test('is refused where its error is', () => {
    const cases: [string, number, string][] = [
      ['', 0, 'cpi1:'],
      ['cpi2:a', 3, 'version 2'],
      [BODY, BODY.length, 'check value is missing'],
      [`${BODY}#00000000`, BODY.length + 1, 'the check value is not'],
      [`${BODY}#${cpiCheck(BODY).toUpperCase()}x`, BODY.length + 1, 'the check value is not'],
      [checked('cpi1:a,b,c,d/'), 13, 'field serviceType is missing'],
      [checked('cpi1:a,b,c,d'), 12, 'segment Y is missing'],
      [checked('cpi1:a,b,c'), 10, 'field zone is missing'],
      [checked('cpi1:a,,c,d'), 7, 'field industry is empty'],
      [checked('cpi1:a b,b,c,d'), 6, 'must be written as %XX'],
      [checked('cpi1:a%2cb,b,c,d'), 6, 'upper-case hex'],
      [checked('cpi1:a%4,b,c,d'), 6, 'upper-case hex'],
      [checked('cpi1:a%41,b,c,d'), 6, 'without need'],
      [checked('cpi1:a%FF,b,c,d'), 5, 'no UTF-8'],
      [checked(`${BODY}/more`), BODY.length, 'more than four segments'],
      [`cpi1:${'a'.repeat(600)}`, CPI_MAX_LENGTH, 'more than 512'],
      [checked('cpi1:a,b,c,d').replace(',c', ',\u0441'), 9, 'looks like "c"'],
      [checked('cpi1:a,b,e%CC%81,d'), 9, 'normal form C'],
    ];
    for (const [text, position, reason] of cases) {
      const parsed = parseCpi(text);
      expect(parsed).toMatchObject({ position });
      expect('reason' in parsed && parsed.reason).toContain(reason);
    }
  });

  test('names the field at fault', () => {
    const fieldOf = (text: string): string | false => {
      const parsed = parseCpi(text);
      return 'field' in parsed && parsed.field;
    };
    expect(fieldOf('cpi2:a')).toBe('version');
    expect(fieldOf(BODY)).toBe('check');
    expect(fieldOf(`cpi1:${'a'.repeat(600)}`)).toBe('length');
    expect(fieldOf(checked('cpi1:a,b,c,d'))).toBe('segments');
    expect(fieldOf(checked('cpi1:a,b,,d'))).toBe('city');
    expect(fieldOf(checked('cpi1:a,b,c,d/e,f,g,h,i,j/k,l m'))).toBe('cpuModel');
    expect(fieldOf(checked('cpi1:a,b,c,d,x,y z'))).toBe('x[6]');
  });

  test('is not written without its fields', () => {
    expect(() => formatCpi({ ...CPI, z: ['10.0.0.1', 'gpu', 'H100'] })).toThrow('chipId');
    expect(() => formatCpi({ ...CPI, x: ['', '6450', '310000', 'az1'] })).toThrow('enterprise');
    expect(() => formatCpi({ ...CPI, s: ['\ud800', '', '', '', '', ''] })).toThrow('Unicode');
    expect(() => formatCpi({ ...CPI, s: ['e\u0301', '', '', '', '', ''] })).toThrow('normal form C');
    expect(() => formatCpi({ ...CPI, s: ['x'.repeat(600), '', '', '', '', ''] })).toThrow('512');
  });
});

function checked(body: string): string {
  return `${body}#${cpiCheck(body)}`;
}
