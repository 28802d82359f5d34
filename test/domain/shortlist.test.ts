import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FilterList } from '../../domain/match/filter.ts';
import { lottery, ShortlistIndex, type Contender } from '../../domain/shortlist.ts';

const resources = (most: number) =>
  fc.record({ compute: fc.nat(most), network: fc.nat(most), storage: fc.nat(most) });

/** Few states, tickets and providers, so that every tie-break decides something; or many of each, up to the widest message. */
const slots = fc.constantFrom(2, 40, 10_000, 65_535).chain((most) =>
  fc.record({
    task: resources(most),
    place: fc.bigInt(0n, 7n),
    width: fc.integer({ min: 1, max: 16 }),
    asks: fc.uniqueArray(
      fc.record({
        id: fc.nat(10_000).map(String),
        provider: fc.nat(12).map(String),
        resources: resources(most),
        entropyGap: fc.nat(2),
        ticket: fc.bigInt(0n, 7n),
        willing: fc.boolean(),
      }),
      { maxLength: 60, selector: (ask) => ask.id },
    ),
  }),
);

type Ask = Contender & { willing: boolean };

/** Willing or not by a filter, which an index can see. */
const WILLING = new FilterList<Ask, null>([
  { kind: 'atLeast', reason: 'NO', fact: ({ willing }) => (willing ? 1 : 0), wish: () => 1 },
]);
const NONE = new FilterList<Ask, null>([]);

test('nearest_isWhatSortingEverythingGives', () => {
  fc.assert(
    fc.property(slots, ({ task, place, width, asks }) => {
      const wanted = { task, place, width, wish: null, groups: null };
      const slow = slowNearest(asks, task, place, width);
      expect(new ShortlistIndex(asks, WILLING, () => 0).nearest(wanted)).toEqual(slow);
      const judged = new ShortlistIndex(asks, NONE, () => 0).nearest(wanted, (ask) => ask.willing);
      expect(judged).toEqual(slow);
    }),
    { numRuns: 3_000 },
  );
});

test('nearest_ofSomeGroups_isWhatTheirAsksAloneGive', () => {
  fc.assert(
    fc.property(slots, fc.subarray([0, 1, 2]), ({ task, place, width, asks }, groups) => {
      const groupOf = ({ id }: Ask): number => Number(id) % 3;
      const wanted = { task, place, width, wish: null, groups };
      const ofGroups = asks.filter((ask) => groups.includes(groupOf(ask)));
      expect(new ShortlistIndex(asks, WILLING, groupOf).nearest(wanted)).toEqual(
        slowNearest(ofGroups, task, place, width),
      );
    }),
    { numRuns: 500 },
  );
});

test('nearest_forgetsNothingBetweenOrders', () => {
  fc.assert(
    fc.property(slots, fc.array(fc.nat(59)), ({ task, place, width, asks }, gone) => {
      const index = new ShortlistIndex<Ask, null>(asks, WILLING, () => 0);
      const left = new Set(asks.filter((ask) => ask.willing));
      for (const number of gone) {
        const ask = asks[number];
        if (ask && left.has(ask)) {
          left.delete(ask);
          ask.willing = false;
          // An ask that has nothing left may go, or stay and be refused.
          if (number % 2 === 0) index.remove(ask);
          else index.shrink(ask);
        }
        const wanted = { task, place, width, wish: null, groups: null };
        expect(index.nearest(wanted)).toEqual(slowNearest(asks, task, place, width));
      }
    }),
    { numRuns: 500 },
  );
});

function slowNearest<T extends Ask>(
  asks: readonly T[],
  task: { compute: number; network: number; storage: number },
  place: bigint,
  width: number,
) {
  const sorted = asks
    .filter((ask) => ask.willing)
    .map((ask) => {
      const { compute, network, storage } = ask.resources;
      const square =
        (compute - task.compute) ** 2 + (network - task.network) ** 2 + (storage - task.storage) ** 2;
      return { ask, distance: Math.floor(square / 3), lottery: lottery(ask.ticket, place) };
    })
    .sort(compare);
  const providers = new Set<string | number>();
  return sorted
    .filter(({ ask }) => !providers.has(ask.provider) && providers.add(ask.provider))
    .slice(0, width)
    .map(({ ask, distance }) => ({ ask, distance }));
}

type Drawn = { ask: Ask; distance: number; lottery: bigint };

/** By distance, entropy gap, lottery and id. */
function compare(a: Drawn, b: Drawn): number {
  const keys = ({ ask, distance, lottery: way }: Drawn) => [distance, ask.entropyGap, way, ask.id] as const;
  const [left, right] = [keys(a), keys(b)];
  const at = left.findIndex((key, i) => key !== right[i]);
  return at < 0 ? 0 : left[at]! < right[at]! ? -1 : 1;
}
