import fc from 'fast-check';
import { expect, test } from 'vitest';
import { feeUp, formatMoney, lockFor, owed, parseMoney } from '../../domain/units.ts';

const cards = fc.integer({ min: 0, max: 1_000 });
const seconds = fc.integer({ min: 0, max: 31_536_000 });
const rate = fc.bigInt({ min: 0n, max: 2n ** 96n });
const feeBps = fc.integer({ min: 0, max: 1_000 });

test('owed rounds down, its fee up, by less than a unit', () => {
  fc.assert(
    fc.property(cards, seconds, rate, feeBps, (n, s, r, bps) => {
      const due = owed(n, s, r);
      const exact = BigInt(n) * BigInt(s) * r;
      expect(due * 3600n <= exact && exact < (due + 1n) * 3600n).toBe(true);
      const fee = feeUp(due, bps);
      const exactFee = due * BigInt(bps);
      expect(fee * 10_000n >= exactFee && (fee - 1n) * 10_000n < exactFee).toBe(true);
      expect(lockFor(n, s, r, bps)).toBe(due + fee);
    }),
  );
});

test('any split of the time pays the same, and never beyond the lock', () => {
  fc.assert(
    fc.property(cards, fc.array(fc.nat(100_000), { maxLength: 8 }), rate, feeBps, (n, parts, r, bps) => {
      let at = 0;
      let paid = 0n;
      let fees = 0n;
      for (const part of parts) {
        const before = owed(n, at, r);
        at += part;
        const after = owed(n, at, r);
        paid += after - before;
        fees += feeUp(after, bps) - feeUp(before, bps);
      }
      expect(paid + fees).toBe(lockFor(n, at, r, bps));
    }),
  );
});

test('money as text there and back', () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 2n ** 128n }),
      fc.integer({ min: 0, max: 18 }),
      (amount, decimals) => {
        expect(parseMoney(formatMoney(amount, decimals), decimals)).toBe(amount);
      },
    ),
  );
  expect(formatMoney(1_500_000n)).toBe('1.5');
  expect(formatMoney(-1n)).toBe('-0.000001');
  expect(parseMoney(' 2.05 ')).toBe(2_050_000n);
});

test('a text that is no exact amount is refused', () => {
  for (const bad of ['', '.', '1.', '.5', '-1', '1e3', '1,5', '0x1', '1.0000001', '٣', 'NaN'])
    expect(() => parseMoney(bad)).toThrow(RangeError);
});
