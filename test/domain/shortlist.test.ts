import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compare, lottery, ShortlistIndex, type Contender } from '../../domain/shortlist.ts';

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

test('nearest_isWhatSortingEverythingGives', () => {
  fc.assert(
    fc.property(slots, ({ task, place, width, asks }) => {
      const found = new ShortlistIndex(asks).nearest(task, place, width, (ask) => ask.willing);
      expect(found).toEqual(slowNearest(asks, task, place, width));
    }),
    { numRuns: 3_000 },
  );
});

test('nearest_forgetsNothingBetweenOrders', () => {
  fc.assert(
    fc.property(slots, fc.array(fc.nat(59)), ({ task, place, width, asks }, gone) => {
      const index = new ShortlistIndex(asks);
      const left = new Set(asks);
      for (const place of gone) {
        const ask = asks[place];
        if (ask) left.delete(ask);
        const found = index.nearest(task, 3n, width, (other) => left.has(other));
        expect(found).toEqual(
          slowNearest(
            asks.map((other) => ({ ...other, willing: left.has(other) })),
            task,
            3n,
            width,
          ).map((entry) => ({ ...entry, ask: asks.find((other) => other.id === entry.ask.id) })),
        );
      }
      expect(index.nearest(task, place, width, () => true)).toHaveLength(
        Math.min(width, new Set(asks.map((ask) => ask.provider)).size),
      );
    }),
    { numRuns: 200 },
  );
});

function slowNearest<T extends Contender & { willing: boolean }>(
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
    .slice(0, width);
}
