import fc from 'fast-check';
import { expect, test } from 'vitest';
import { distance } from '../../domain/distance.ts';
import { nodeResources, taskVector } from '../../domain/vectors.ts';

const component = fc.integer({ min: 0, max: 10_000 });
const point = fc.record({ compute: component, network: component, storage: component });

test('distance is a third of the squares, rounded down, the same both ways', () => {
  fc.assert(
    fc.property(point, point, (a, b) => {
      const square = (x: number, y: number) => BigInt(x - y) ** 2n;
      const sum = square(a.compute, b.compute) + square(a.network, b.network) + square(a.storage, b.storage);
      expect(BigInt(distance(a, b))).toBe(sum / 3n);
      expect(distance(b, a)).toBe(distance(a, b));
      expect(distance(a, a)).toBe(0);
    }),
  );
});

test('a node state is its free share of the reference, exact, and at most 10,000', () => {
  const node = fc.record({
    cards: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    networkMbps: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
    storageGb: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  });
  fc.assert(
    fc.property(node, fc.nat(), ({ cards, networkMbps, storageGb }, some) => {
      const free = some % (cards + 1);
      const state = nodeResources({ cards, networkMbps, storageGb }, free);
      const share = (amount: number, reference: bigint) => {
        const value = (BigInt(amount) * BigInt(free) * 10_000n) / (BigInt(cards) * reference);
        return Number(value > 10_000n ? 10_000n : value);
      };
      expect(state.compute).toBe(Math.min(10_000, Math.floor(free * 1_250)));
      expect(state.network).toBe(share(networkMbps, 100_000n));
      expect(state.storage).toBe(share(storageGb, 20_000n));
    }),
  );
});

test('a task that wants all of an idle reference node is at distance 0 from it', () => {
  const reference = { cards: 8, networkMbps: 100_000, storageGb: 20_000 };
  const { taskCompute, taskNetwork, taskStorage } = taskVector(reference);
  const task = { compute: taskCompute, network: taskNetwork, storage: taskStorage };
  expect(task).toEqual({ compute: 10_000, network: 10_000, storage: 10_000 });
  expect(distance(task, nodeResources(reference, 8))).toBe(0);
  expect(taskVector({ cards: 1_000, networkMbps: 1, storageGb: 19 })).toEqual({
    taskCompute: 10_000,
    taskNetwork: 0,
    taskStorage: 9,
  });
});
