import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DEFAULTS } from '../../domain/parameters.ts';
import {
  basePrice,
  lowestBase,
  median,
  QUOTE_POLICY,
  quotePrice,
  type QuotePolicy,
  type QuoteTerms,
} from '../../domain/pricing.ts';
import { earliestStart, quoteTimes } from '../../domain/quote-times.ts';
import { lockFor } from '../../domain/units.ts';

const HOUR: QuoteTerms = {
  basePrice: 2_000_000n,
  toleranceSeconds: 4_200n,
  cards: 2,
  duration: 3_600,
  transferCost: 0n,
  feeBps: 200,
};

const terms = fc.record({
  basePrice: fc.bigInt({ min: 0n, max: 10n ** 12n }),
  toleranceSeconds: fc.bigInt({ min: 1n, max: 10n ** 8n }),
  cards: fc.integer({ min: 1, max: 65_535 }),
  duration: fc.integer({ min: 1, max: 31_536_000 }),
  transferCost: fc.bigInt({ min: 0n, max: 10n ** 15n }),
  feeBps: fc.integer({ min: 0, max: 1_000 }),
});
const policies = fc.record({
  baseSlots: fc.integer({ min: 1, max: 64 }),
  urgencySeconds: fc.integer({ min: 0, max: 86_400 }),
  maxUrgencyBps: fc.integer({ min: 0, max: 50_000 }),
});

describe('a quote', () => {
  test('is base, urgency and transfer per card-hour, and the fee on the whole', () => {
    // μ / τ = 600 / 4,200: a seventh of 2.00, rounded up.
    expect(quotePrice(HOUR, QUOTE_POLICY)).toEqual({
      base: 2_000_000n,
      urgency: 285_715n,
      transfer: 0n,
      pricePerCardHour: 2_285_715n,
      cost: 4_571_430n,
      fee: 91_429n,
      total: 4_662_859n,
    });
    // 2 tokens over 2 card-hours.
    expect(quotePrice({ ...HOUR, transferCost: 2_000_000n }, QUOTE_POLICY)).toMatchObject({
      transfer: 1_000_000n,
      pricePerCardHour: 3_285_715n,
    });
    // Without time, urgency is bounded.
    expect(quotePrice({ ...HOUR, toleranceSeconds: 1n }, QUOTE_POLICY).urgency).toBe(2_000_000n);
  });

  test('is that of a slow reference in fractions', () => {
    fc.assert(
      fc.property(terms, policies, (given, policy) => {
        expect(quotePrice(given, policy)).toEqual(slowQuote(given, policy));
      }),
      { numRuns: 2_000 },
    );
  });

  test('locks what the contract takes for its order', () => {
    fc.assert(
      fc.property(terms, policies, (given, policy) => {
        const { pricePerCardHour, total } = quotePrice(given, policy);
        expect(total).toBe(lockFor(given.cards, given.duration, pricePerCardHour, given.feeBps));
      }),
    );
  });

  test('never falls with base price, data or haste', () => {
    const more = fc.bigInt({ min: 0n, max: 10n ** 9n });
    fc.assert(
      fc.property(terms, policies, more, (given, policy, by) => {
        const { pricePerCardHour } = quotePrice(given, policy);
        const price = (change: Partial<QuoteTerms>): bigint =>
          quotePrice({ ...given, ...change }, policy).pricePerCardHour;
        expect(price({ basePrice: given.basePrice + by })).toBeGreaterThanOrEqual(pricePerCardHour);
        expect(price({ transferCost: given.transferCost + by })).toBeGreaterThanOrEqual(pricePerCardHour);
        expect(price({ toleranceSeconds: given.toleranceSeconds + by })).toBeLessThanOrEqual(
          pricePerCardHour,
        );
        expect(pricePerCardHour).toBeGreaterThanOrEqual(given.basePrice);
      }),
    );
  });

  test('of no card, no time or no tolerance is a bug', () => {
    for (const change of [{ cards: 0 }, { duration: 0 }, { toleranceSeconds: 0n }])
      expect(() => quotePrice({ ...HOUR, ...change }, QUOTE_POLICY)).toThrow(RangeError);
  });
});

describe('the base price', () => {
  const prices = fc.array(
    fc.record({ slot: fc.bigInt({ min: 0n, max: 30n }), price: fc.bigInt({ min: 0n, max: 10n ** 9n }) }),
    { maxLength: 60 },
  );

  test('is nothing without a slot that cleared', () => {
    expect(basePrice([], QUOTE_POLICY)).toBeNull();
  });

  test("is the median of the newest slots' medians", () => {
    const policy = { ...QUOTE_POLICY, baseSlots: 3 };
    const clearings = [
      // Too old to count.
      { slot: 1n, price: 900n },
      { slot: 2n, price: 10n },
      { slot: 4n, price: 30n },
      // A slot of many orders is one voice.
      ...[50n, 70n, 60n, 1_000n, 65n].map((price) => ({ slot: 7n, price })),
    ];
    expect(basePrice(clearings, policy)).toBe(30n);
    expect(basePrice(clearings.slice(0, 2), policy)).toBe(455n);
  });

  test('is that of a slow reference, whatever the order of the prices', () => {
    fc.assert(
      fc.property(prices, policies, (clearings, policy) => {
        expect(basePrice(clearings, policy)).toBe(slowBase(clearings, policy));
        expect(basePrice(clearings.toReversed(), policy)).toBe(slowBase(clearings, policy));
      }),
    );
  });

  test('of an order that takes several classes is the cheapest', () => {
    const at = (price: bigint) => [{ slot: 1n, price }];
    expect(lowestBase([], QUOTE_POLICY)).toBeNull();
    expect(lowestBase([{ clearings: [], listed: null }], QUOTE_POLICY)).toBeNull();
    expect(
      lowestBase(
        [
          { clearings: at(9n), listed: 1n },
          { clearings: at(5n), listed: null },
          { clearings: [], listed: 6n },
        ],
        QUOTE_POLICY,
      ),
    ).toEqual({ base: 5n, basis: { from: 'auctions', slots: 1, clearings: 1 } });
    expect(
      lowestBase(
        [
          { clearings: at(9n), listed: 1n },
          { clearings: [], listed: 6n },
        ],
        QUOTE_POLICY,
      ),
    ).toEqual({
      base: 6n,
      basis: { from: 'listing' },
    });
  });

  test('lies among the prices, and one odd slot of three moves it no further than to a neighbour', () => {
    fc.assert(
      fc.property(fc.array(fc.bigInt({ min: 1n, max: 100n }), { minLength: 1, maxLength: 9 }), (values) => {
        const sorted = values.toSorted((a, b) => Number(a - b));
        const middle = median(values);
        expect(middle).toBeGreaterThanOrEqual(sorted[0]!);
        expect(middle).toBeLessThanOrEqual(sorted.at(-1)!);
      }),
    );
    expect(
      basePrice(
        [1n, 2n, 10n ** 12n].map((price, at) => ({ slot: BigInt(at), price })),
        QUOTE_POLICY,
      ),
    ).toBe(2n);
    expect(() => median([])).toThrow(RangeError);
  });
});

describe('the times of a quote', () => {
  const now = 1_700_000_003n;

  test('an order without haste is held for as long as a quote may', () => {
    expect(quoteTimes(now, now + 86_400n, DEFAULTS)).toEqual({
      acceptUntil: now + 60n,
      orderUntil: now + 600n,
      latestStart: now + 660n,
      refundAfter: now + 660n,
    });
  });

  test('haste shortens both, down to two slots and the commit', () => {
    expect(quoteTimes(now, now + 130n, DEFAULTS)).toMatchObject({
      acceptUntil: now + 50n,
      orderUntil: now + 70n,
      latestStart: now + 130n,
    });
    const earliest = earliestStart(now, DEFAULTS);
    expect(quoteTimes(now, earliest, DEFAULTS)).toMatchObject({ acceptUntil: now + 5n });
    expect(quoteTimes(now, earliest - 1n, DEFAULTS)).toBeNull();
  });

  test('slots longer than a quote leave no time for one', () => {
    expect(quoteTimes(now, now + 86_400n, { ...DEFAULTS, slotSeconds: 3_600 })).toBeNull();
  });
});

/** A fraction of two integers, never reduced. */
type Fraction = readonly [bigint, bigint];
const times = (a: Fraction, b: Fraction): Fraction => [a[0] * b[0], a[1] * b[1]];
const isAtMost = (a: Fraction, b: Fraction): boolean => a[0] * b[1] <= b[0] * a[1];
const down = ([a, b]: Fraction): bigint => a / b;
const up = ([a, b]: Fraction): bigint => (a % b === 0n ? a / b : a / b + 1n);

/** Eq. (5) as it is printed, in fractions; rounded once a part. */
function slowQuote(given: QuoteTerms, policy: QuotePolicy) {
  const base: Fraction = [given.basePrice, 1n];
  const hours = (seconds: bigint | number): Fraction => [BigInt(seconds), 3600n];
  const [mu, tau] = [hours(policy.urgencySeconds), hours(given.toleranceSeconds)];
  const ratio: Fraction = [mu[0] * tau[1], mu[1] * tau[0]];
  const most = down(times(base, [BigInt(policy.maxUrgencyBps), 10_000n]));
  const wanted = times(base, ratio);
  const urgency = isAtMost(wanted, [most, 1n]) ? up(wanted) : most;
  const cardHours = times(hours(given.duration), [BigInt(given.cards), 1n]);
  const moved: Fraction = [given.transferCost, 1n];
  const transfer = up(times(moved, [cardHours[1], cardHours[0]]));
  const pricePerCardHour = given.basePrice + urgency + transfer;
  const cost = down(times(cardHours, [pricePerCardHour, 1n]));
  const fee = up(times([cost, 1n], [BigInt(given.feeBps), 10_000n]));
  return { base: given.basePrice, urgency, transfer, pricePerCardHour, cost, fee, total: cost + fee };
}

function slowBase(clearings: { slot: bigint; price: bigint }[], { baseSlots }: QuotePolicy): bigint | null {
  const middle = (values: bigint[]): bigint => {
    const left = [...values];
    while (left.length > 2) {
      for (const pick of [Math.max, Math.min])
        left.splice(left.indexOf(BigInt(pick(...left.map(Number)))), 1);
    }
    return left.reduce((sum, value) => sum + value, 0n) / BigInt(left.length);
  };
  const slots = [...new Set(clearings.map(({ slot }) => slot))];
  const newest = slots.filter((slot) => slots.filter((other) => other > slot).length < baseSlots);
  if (newest.length === 0) return null;
  return middle(
    newest.map((slot) => middle(clearings.filter((item) => item.slot === slot).map(({ price }) => price))),
  );
}
