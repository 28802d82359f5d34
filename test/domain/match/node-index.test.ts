import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FilterList } from '../../../domain/match/filter.ts';
import { NodeIndex } from '../../../domain/match/node-index.ts';

interface Node {
  group: number;
  state: [number, number, number];
  gap: number;
  size: number;
  price: number;
  place: number;
}
interface Task {
  size: number | null;
  most: number | null;
  places: Uint8Array | null;
}
type Step = { kind: 'put' | 'rewrite'; node: number; to: Node } | { kind: 'remove'; node: number };

/** More places than bits of a bound, so that two of them share a bit. */
const PLACES = 40;
const FILTERS = new FilterList<Node, Task>([
  { kind: 'oneOf', reason: 'PLACE', fact: ({ place }) => place, wish: ({ places }) => places },
  { kind: 'atLeast', reason: 'SIZE', fact: ({ size }) => size, wish: ({ size }) => size },
  {
    kind: 'atLeast',
    reason: 'PRICE',
    fact: ({ price }) => -price,
    wish: ({ most }) => (most === null ? null : -most),
  },
]);

/** A few states, so that crowds are large; states in clusters; or anywhere, up to the last bit. */
const component = (spread: number) =>
  spread === 3 ? fc.constantFrom(0, 3, 10_000) : spread === 50 ? fc.nat(50) : fc.nat(16_383);
const steps = fc.constantFrom(3, 50, 16_383).chain((spread) => {
  const state = fc.tuple(component(spread), component(spread), component(spread));
  const node = fc.record({
    group: fc.nat(1),
    state,
    gap: fc.constantFrom(0, 7, 2 ** 32 - 1),
    size: fc.nat(8),
    price: fc.nat(4),
    place: fc.nat(PLACES - 1),
  });
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant<'put'>('put'), node: fc.nat(119), to: node }) },
    {
      weight: 1,
      arbitrary: fc.record({ kind: fc.constant<'rewrite'>('rewrite'), node: fc.nat(119), to: node }),
    },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant<'remove'>('remove'), node: fc.nat(119) }) },
  );
  const search = fc.record({
    state,
    width: fc.integer({ min: 1, max: 16 }),
    place: fc.nat(119),
    groups: fc.constantFrom<number[] | null>(null, [0], [1], []),
    alone: fc.boolean(),
    task: fc.record({
      size: fc.option(fc.nat(9)),
      most: fc.option(fc.nat(4)),
      places: fc.option(fc.uint8Array({ minLength: PLACES, maxLength: PLACES, max: 1 })),
    }),
  });
  return fc.record({
    steps: fc.array(step, { maxLength: 400, size: 'max' }),
    every: fc.integer({ min: 1, max: 40 }),
    searches: fc.array(search, { minLength: 1, maxLength: 4 }),
  });
});

test('search_betweenUpdates_findsWhatSortingEverythingFinds', () => {
  fc.assert(
    fc.property(steps, (scene) => {
      const index = new NodeIndex({ layout: FILTERS.layout, capacity: 120, widest: 16 });
      const nodes = new Map<number, Node>();
      for (const [i, step] of scene.steps.entries()) {
        apply(index, nodes, step);
        if (i % scene.every === 0) agree(index, nodes, scene.searches[i % scene.searches.length]!);
      }
      for (const search of scene.searches) agree(index, nodes, search);
      for (const node of [...nodes.keys()]) apply(index, nodes, { kind: 'remove', node });
      expect(index.sizeOf(0) + index.sizeOf(1)).toBe(0);
    }),
    { numRuns: 400 },
  );
});

test('search_overThousandsInFewStates_findsWhatSortingEverythingFinds', () => {
  const index = new NodeIndex({ layout: FILTERS.layout, capacity: 5_000, widest: 16 });
  const nodes = new Map<number, Node>();
  const pick = picker(5);
  const any = (): Node => ({
    group: 0,
    state: [1_250 * pick(9), 2_500 * pick(3), 100 * pick(2)],
    gap: pick(3),
    size: pick(9),
    price: pick(100),
    place: pick(PLACES),
  });
  for (let node = 0; node < 5_000; node++) apply(index, nodes, { kind: 'put', node, to: any() });
  for (let round = 0; round < 20_000; round++) {
    const node = pick(5_000);
    apply(index, nodes, pick(4) === 0 ? { kind: 'remove', node } : { kind: 'put', node, to: any() });
    if (round % 400 !== 0) continue;
    // Often nothing is as cheap and as large as this.
    const task = { size: 8, most: pick(3), places: Uint8Array.from({ length: PLACES }, () => pick(2)) };
    const state: Node['state'] = [pick(10_001), pick(10_001), pick(10_001)];
    agree(index, nodes, { state, width: 16, place: pick(5_000), groups: null, alone: false, task });
  }
});

test('bytes_stayBelow120ANode', () => {
  for (const spread of [10_001, 4]) {
    const capacity = 20_000;
    const index = new NodeIndex({ layout: FILTERS.layout, capacity, widest: 16 });
    const pick = picker(1);
    for (let node = 0; node < capacity; node++)
      index.insert(node, 0, pick(spread), pick(spread), pick(spread));
    expect(index.bytes / capacity).toBeLessThan(120);
  }
});

function apply(index: NodeIndex, nodes: Map<number, Node>, step: Step): void {
  const old = nodes.get(step.node);
  if (step.kind === 'rewrite') {
    if (!old) return;
    const { size, price, place } = step.to;
    nodes.set(step.node, { ...old, size, price, place });
    FILTERS.write(index.facts, step.node, nodes.get(step.node)!);
    index.change(step.node);
    return;
  }
  if (old) index.remove(step.node);
  nodes.delete(step.node);
  if (step.kind === 'remove') return;
  FILTERS.write(index.facts, step.node, step.to);
  index.gaps[step.node] = step.to.gap;
  index.insert(step.node, step.to.group, ...step.to.state);
  nodes.set(step.node, step.to);
}

interface Asked {
  state: [number, number, number];
  width: number;
  place: number;
  groups: number[] | null;
  alone: boolean;
  task: Task;
}

/** The search, and every node looked at one by one. */
function agree(index: NodeIndex, nodes: ReadonlyMap<number, Node>, asked: Asked): void {
  const { state, width, place, groups, alone, task } = asked;
  const [compute, network, storage] = state;
  const owners = Int32Array.from({ length: index.gaps.length }, (_, node) => node % 7);
  FILTERS.ask(index.terms, task);
  index.search({ compute, network, storage, width, place, oneOfEach: alone ? owners : null }, groups);
  const found = Array.from({ length: index.best.count }, (_, i) => [
    index.best.nodeAt(i),
    index.best.distanceAt(i),
  ]);

  const sorted = [...nodes]
    .filter(([, node]) => groups?.includes(node.group) ?? true)
    .filter(([, node]) => task.size === null || node.size >= task.size)
    .filter(([, node]) => task.most === null || node.price <= task.most)
    .filter(([, node]) => task.places === null || task.places[node.place] === 1)
    .map(([number, node]) => ({
      number,
      distance: Math.floor(node.state.reduce((sum, value, i) => sum + (value - state[i]!) ** 2, 0) / 3),
      gap: node.gap,
      way: (number - place + 10_000) % 10_000,
    }))
    .sort((a, b) => a.distance - b.distance || a.gap - b.gap || a.way - b.way);
  const seen = new Set<number>();
  const slow = sorted
    .filter(({ number }) => !alone || (!seen.has(number % 7) && seen.add(number % 7)))
    .slice(0, width)
    .map(({ number, distance }) => [number, distance]);
  expect(found).toEqual(slow);
}

function picker(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
