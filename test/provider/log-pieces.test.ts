import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { cutLog, pieceText, REPORT_BYTES } from '../../provider/lease/log-pieces.ts';

describe('the pieces of a log', () => {
  const line = fc.string({ unit: 'binary', maxLength: 6_000 }).map((text) => text.replaceAll('\0', ' '));

  it('make the log again, whatever it holds and however it grows', () => {
    fc.assert(
      fc.property(
        fc.array(line, { maxLength: 12 }),
        fc.array(fc.nat(40_000), { maxLength: 6 }),
        (lines, growths) => {
          const text = lines.join('\n');
          const log = new TextEncoder().encode(text);
          let [size, offset, seq, read] = [0, 0, 0, ''];
          for (const growth of [...growths, log.length, 0]) {
            size = Math.min(log.length, size + growth);
            const final = size === log.length;
            for (
              let spans = cut(log, offset, size, seq, final);
              spans.length > 0;
              spans = cut(log, offset, size, seq, final)
            ) {
              for (const span of spans) {
                expect(span).toMatchObject({ seq, from: offset });
                read += pieceText(log.subarray(span.from, span.to));
                [seq, offset] = [seq + 1, span.to];
              }
            }
          }
          expect(read).toBe(text);
        },
      ),
      { numRuns: 200 },
    );
  });

  it('wait for the rest of an unfinished line', () => {
    const bytes = new TextEncoder().encode('done\nunfinish');
    expect(cutLog(bytes, 0, 0, false)).toEqual([{ seq: 0, from: 0, to: 5 }]);
    expect(cutLog(bytes.subarray(5), 5, 1, false)).toEqual([]);
    expect(cutLog(bytes.subarray(5), 5, 1, true)).toEqual([{ seq: 1, from: 5, to: 13 }]);
  });

  it('show what a database can not hold as the replacement character', () => {
    expect(pieceText(Uint8Array.of(0x61, 0x00, 0xff, 0x62))).toBe('a\uFFFD\uFFFDb');
  });
});

function cut(log: Uint8Array, offset: number, size: number, seq: number, final: boolean) {
  return cutLog(log.subarray(offset, Math.min(size, offset + REPORT_BYTES)), offset, seq, final);
}
