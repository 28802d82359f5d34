import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FILTERS, Scales } from '../../domain/filters.ts';
import { keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { OnOffer } from '../../domain/on-offer.ts';
import { ShortlistIndex } from '../../domain/shortlist.ts';
import type { Hex, Order } from '../../domain/types.ts';

const REGIONS = ['east', 'west', 'north'].map((name) => keccakText(name));

/** Few values of everything, so that every filter decides something. */
const asks = fc.array(
  fc.record({
    region: fc.constantFrom(...REGIONS.slice(0, 2)),
    reservePrice: fc.bigInt(1n, 6n).map((price) => price * 10n ** 20n),
    reputation: fc.nat(2),
    tier: fc.nat(2),
    free: fc.nat(3),
    nodeFree: fc.nat(3),
  }),
  { maxLength: 12 },
);
const order = fc.record({
  region: fc.constantFrom<Hex>(ZERO_HASH, ...REGIONS),
  cards: fc.integer({ min: 1, max: 3 }),
  minReputation: fc.nat(2),
  minTier: fc.nat(2),
  startPrice: fc.oneof(fc.bigInt(0n, 7n * 10n ** 20n), fc.constantFrom(10n ** 20n, 3n * 10n ** 20n)),
});
type Ask = typeof asks extends fc.Arbitrary<(infer T)[]> ? T : never;

/** The filters as ADR 0001 tells them, one after the other. */
function slowly(
  terms: Pick<Order, 'region' | 'cards' | 'minReputation' | 'minTier' | 'startPrice'>,
  given: Ask[],
) {
  const steps: [string, (ask: Ask) => boolean][] = [
    ['NO_CLASS', () => true],
    ['NO_REGION', (ask) => terms.region === ZERO_HASH || terms.region === ask.region],
    ['NO_CARDS', (ask) => Math.min(ask.free, ask.nodeFree) >= terms.cards],
    ['NO_REPUTATION', (ask) => ask.reputation >= terms.minReputation],
    ['NO_TIER', (ask) => ask.tier >= terms.minTier],
    ['PRICE', (ask) => ask.reservePrice <= terms.startPrice],
  ];
  const counts: Record<string, number> = {};
  let left = given;
  for (const [reason, keeps] of steps) {
    const kept = left.filter(keeps);
    counts[reason] = kept.length;
    if (kept.length === 0) {
      const lowest = left.map((ask) => ask.reservePrice).sort((a, b) => (a < b ? -1 : 1))[0];
      return { reason, counts, nearestReserve: reason === 'PRICE' ? lowest : null };
    }
    left = kept;
  }
  return { left };
}

const FEATURES = ['NO_CLASS', 'NO_REGION', 'NO_CARDS', 'NO_REPUTATION', 'NO_TIER', 'PRICE'];

test('onOffer_saysWhatTheFiltersSay_andWhatComesNearest', () => {
  const classes = ['H', 'A'].map((name) => keccakText(name));
  const offer = fc.record({
    ask: asks.filter((some) => some.length > 0).map(([ask]) => ask!),
    resourceClass: fc.constantFrom(...classes),
    compute: fc.nat(3),
  });
  const wanted = fc.record({ terms: order, requirement: fc.constantFrom<Hex>(ZERO_HASH, ...classes) });
  let [served, misses] = [0, 0];
  fc.assert(
    fc.property(fc.array(offer, { maxLength: 10 }), wanted, (given, { terms, requirement }) => {
      const offered = given.map(({ ask, resourceClass, compute }) => ({
        ...{ ...ask, resourceClass, cardsLeft: Math.min(ask.free, ask.nodeFree) },
        state: { compute, network: 0, storage: 0 },
      }));
      const wish = { ...terms, requirement, taskCompute: 3, taskNetwork: 0, taskStorage: 0 } as Order;
      const none = new OnOffer(offered).whyNone({ order: wish, classes: [] });
      const isOf = ({ resourceClass }: { resourceClass: Hex }): boolean =>
        requirement === ZERO_HASH || resourceClass === requirement;
      const slow = slowly(terms, offered.filter(isOf));
      if (slow.left !== undefined) {
        served++;
        expect(none).toBeNull();
        return;
      }
      expect(none).toMatchObject({
        ...{ reason: slow.reason, counts: slow.counts, nearestReserve: slow.nearestReserve },
      });
      // Each constraint for itself: the one that would leave nothing of this ask alone.
      const failsOf = (ask: (typeof offered)[number]): string[] => {
        const own: [boolean, string][] = [
          [isOf(ask), FEATURES[0]!],
          [terms.region === ZERO_HASH || terms.region === ask.region, FEATURES[1]!],
          [ask.cardsLeft >= terms.cards, FEATURES[2]!],
          [ask.reputation >= terms.minReputation, FEATURES[3]!],
          [ask.tier >= terms.minTier, FEATURES[4]!],
          [ask.reservePrice <= terms.startPrice, FEATURES[5]!],
        ];
        return own.flatMap(([passes, reason]) => (passes ? [] : [reason]));
      };
      const far = ({ state }: (typeof offered)[number]): number => Math.floor((3 - state.compute) ** 2 / 3);
      const nearest = offered.toSorted((a, b) => failsOf(a).length - failsOf(b).length || far(a) - far(b))[0];
      if (nearest !== undefined) misses++;
      expect(none!.miss).toEqual(nearest === undefined ? null : { ask: nearest, fails: failsOf(nearest) });
    }),
    { numRuns: 2_000 },
  );
  expect([served > 100, misses > 100]).toEqual([true, true]);
});

test('filters_andWhyNone_areTheFiltersOneAfterTheOther', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(asks, order, (given, terms) => {
      const { index, scales, offers } = setup(given);
      const wish = scales.wishOf(terms as Order);
      const slow = slowly(terms, given);
      const found = index.nearest({ task: NOWHERE, place: 0n, width: 16, wish, groups: null });
      expect(new Set(found.map(({ ask }) => ask))).toEqual(
        new Set(offers.filter((_, i) => slow.left?.includes(given[i]!) ?? false)),
      );
      if (slow.left !== undefined) {
        expect(() => index.whyNone(wish, null)).toThrow('passes every filter');
        return;
      }
      seen.add(slow.reason);
      // However the asks are grouped.
      for (const groups of [null, [1, 0]]) {
        const { reason, counts, most } = index.whyNone(wish, groups);
        expect([reason, counts]).toEqual([slow.reason, slow.counts]);
        if (slow.reason === 'PRICE') expect(scales.reserveOf(most!)).toBe(slow.nearestReserve);
      }
    }),
    { numRuns: 3_000 },
  );
  expect([...seen].sort()).toEqual([
    'NO_CARDS',
    'NO_CLASS',
    'NO_REGION',
    'NO_REPUTATION',
    'NO_TIER',
    'PRICE',
  ]);
});

const NOWHERE = { compute: 0, network: 0, storage: 0 };

/** Every ask a provider of its own. */
function setup(given: Ask[]) {
  const scales = new Scales(given);
  const offers = given.map((ask, i) => ({
    ...{ id: `${i}`, provider: i, resources: NOWHERE, entropyGap: 0, ticket: BigInt(i) },
    ...{ ...ask, ...scales.of(ask), cardsLeft: Math.min(ask.free, ask.nodeFree) },
  }));
  return { scales, offers, index: new ShortlistIndex(offers, FILTERS, ({ provider }) => provider % 2) };
}
