import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Matcher, type MatchNode, type MatchTask } from '../../../domain/match/matcher.ts';
import { scopeOf } from '../../../domain/match/scope.ts';
import { nearest } from '../../../domain/match/scores/nearest.ts';
import { farthest } from '../../../domain/match/scores/farthest.ts';

const CLASSES = ['A', 'B', 'C'];
const REGIONS = ['east', 'west', 'north'];
const WIDTH = 4;

const state = fc.record({
  compute: fc.constantFrom(0, 1_250, 10_000),
  network: fc.constantFrom(0, 5_000),
  storage: fc.constantFrom(0, 7),
});
const moving = fc.record({
  state,
  cardsLeft: fc.nat(4),
  entropy: fc.record({
    entropyMicroBits: fc.constantFrom(0, 469_000, 938_000, 2_000_000),
    afterMicroBits: fc.constant(0),
  }),
  reputation: fc.constantFrom(0, 5_000, 10_000),
  tier: fc.nat(2),
});
const node = fc
  .tuple(
    fc.record({
      id: fc.nat(99).map(String),
      provider: fc.constantFrom('p', 'q'),
      className: fc.constantFrom('A', 'B'),
      region: fc.constantFrom('east', 'west'),
      cards: fc.constant(4),
    }),
    moving,
  )
  .map(([fixed, rest]): MatchNode => ({ ...fixed, ...rest }));
const nodes = fc.uniqueArray(node, { selector: ({ id }) => id, maxLength: 25 });
const task = fc.record({
  wish: state,
  classes: fc.subarray(CLASSES),
  regions: fc.option(fc.subarray(REGIONS)),
  cards: fc.integer({ min: 0, max: 4 }),
  minReputation: fc.constantFrom(0, 5_000),
  minTier: fc.nat(2),
  origin: fc.constantFrom({}, { provider: 'p' }, { region: 'west' }, { provider: 'q', region: 'east' }),
});

test('match_isWhatLookingAtEveryNodeGives_whileNodesMove', () => {
  const reasons = new Set<string>();
  const step = fc.record({ to: fc.option(moving, { freq: 4 }), task });
  fc.assert(
    fc.property(
      nodes,
      fc.array(step, { maxLength: 12 }),
      fc.constantFrom(nearest, farthest),
      (given, steps, score) => {
        const matcher = new Matcher(given, score, WIDTH);
        const left = new Map(given.map((one) => [one.id, one]));
        for (const [i, { to, task: asked }] of steps.entries()) {
          const moved = [...left.values()][i % Math.max(1, left.size)];
          if (moved !== undefined && to !== null) {
            matcher.move(moved.id, to);
            left.set(moved.id, { ...moved, ...to });
          } else if (moved !== undefined) {
            matcher.remove(moved.id);
            left.delete(moved.id);
          }
          const answer = matcher.match(asked);
          expect(answer).toEqual(slowly([...left.values()], asked, score));
          if (answer.none) reasons.add(answer.none.reason);
        }
      },
    ),
    { numRuns: 1_000 },
  );
  expect([...reasons].sort()).toEqual(['NO_CARDS', 'NO_CLASS', 'NO_REGION', 'NO_REPUTATION', 'NO_TIER']);
});

test('match_ofEquallyGoodNodes_staysWithTheProviderThenTheRegion', () => {
  const like = (id: string, provider: string, region: string): MatchNode => ({
    ...ONE,
    id,
    provider,
    region,
  });
  const matcher = new Matcher(
    [like('1', 'p', 'east'), like('2', 'p', 'west'), like('3', 'q', 'east')],
    nearest,
    WIDTH,
  );
  const asked = { ...TASK, origin: { provider: 'q', region: 'west' } };
  expect(matcher.match(asked).nodes.map(({ node: { id }, scope }) => [id, scope])).toEqual([
    ['3', 'OWN_PROVIDER'],
    ['2', 'OWN_REGION'],
    ['1', 'ACROSS'],
  ]);
});

test('match_refusesATaskThatNoNodeCanEverHold', () => {
  const matcher = new Matcher([{ ...ONE, cardsLeft: 0 }], nearest, WIDTH);
  expect(() => matcher.match({ ...TASK, cards: 5 })).toThrow(
    'No node can ever hold the task: cards is 5, and the largest node that would do has 4.',
  );
  // One that only has to wait hears the reason.
  expect(matcher.match({ ...TASK, cards: 4 }).none).toMatchObject({
    reason: 'NO_CARDS',
    miss: { fails: ['NO_CARDS'] },
  });
});

test('vectorsOutsideTheSpace_areRefusedWithTheirField', () => {
  const matcher = new Matcher([ONE], nearest, WIDTH);
  for (const wrong of [NaN, -1, 10_001, 0.5, Infinity, '7' as unknown as number]) {
    const vector = { compute: 0, network: wrong, storage: 0 };
    expect(() => matcher.match({ ...TASK, wish: vector })).toThrow('wish.network is');
    expect(() => new Matcher([{ ...ONE, state: vector }], nearest, WIDTH)).toThrow(
      'node 1: state.network is',
    );
    expect(() => {
      matcher.move('1', { state: vector });
    }).toThrow('node 1: state.network is');
  }
  expect(() => matcher.match({ ...TASK, minTier: 256 })).toThrow('minTier is 256');
  expect(() => {
    matcher.move('1', { cardsLeft: 5 });
  }).toThrow('node 1: cardsLeft is 5, not a whole number from 0 to 4.');
  expect(() => {
    matcher.remove('2');
  }).toThrow('There is no node 2.');
  // A refused move leaves the node as it was.
  expect(matcher.match(TASK).nodes).toHaveLength(1);
});

const NOWHERE = { compute: 0, network: 0, storage: 0 };
const ONE: MatchNode = {
  ...{ id: '1', provider: 'p', className: 'A', region: 'east', cards: 4, cardsLeft: 4, state: NOWHERE },
  ...{ entropy: { entropyMicroBits: 0, afterMicroBits: 0 }, reputation: 5_000, tier: 0 },
};
const TASK: MatchTask = {
  ...{ wish: NOWHERE, classes: [], regions: null, cards: 1, minReputation: 0, minTier: 0, origin: {} },
};

/** Every node looked at, one constraint after the other. */
function slowly(all: MatchNode[], asked: MatchTask, score: typeof nearest): ReturnType<Matcher['match']> {
  const steps: [string, (one: MatchNode) => boolean][] = [
    ['NO_CLASS', (one) => asked.classes.length === 0 || asked.classes.includes(one.className)],
    ['NO_REGION', (one) => asked.regions === null || asked.regions.includes(one.region)],
    ['NO_CARDS', (one) => one.cardsLeft >= asked.cards],
    ['NO_REPUTATION', (one) => one.reputation >= asked.minReputation],
    ['NO_TIER', (one) => one.tier >= asked.minTier],
  ];
  const far = ({ state: at }: MatchNode): number =>
    Math.floor(
      ((at.compute - asked.wish.compute) ** 2 +
        (at.network - asked.wish.network) ** 2 +
        (at.storage - asked.wish.storage) ** 2) /
        3,
    );
  const gap = ({ entropy }: MatchNode): number => Math.abs(entropy.entropyMicroBits - 469_000);
  const scopes = ['OWN_PROVIDER', 'OWN_REGION', 'ACROSS'];
  const sorted = all.toSorted((a, b) => (a.id < b.id ? -1 : 1)).toSorted((a, b) => far(a) - far(b));
  const found = sorted
    .filter((one) => steps.every(([, keeps]) => keeps(one)))
    .toSorted((a, b) => far(a) - far(b) || gap(a) - gap(b))
    .slice(0, WIDTH)
    .map((one) => ({ node: one, distance: far(one), scope: scopeOf(one, asked.origin) }))
    .toSorted(
      (a, b) =>
        score.cost(a.node.entropy) - score.cost(b.node.entropy) ||
        scopes.indexOf(a.scope) - scopes.indexOf(b.scope) ||
        a.distance - b.distance,
    );
  if (found.length > 0) return { nodes: found, none: null };
  const counts: Record<string, number> = {};
  let left = all;
  let reason = '';
  for (const [name, keeps] of steps) {
    left = left.filter(keeps);
    counts[name] = left.length;
    reason = name;
    if (left.length === 0) break;
  }
  const misses = sorted.map((one) => ({
    node: one,
    distance: far(one),
    fails: steps.filter(([, keeps]) => !keeps(one)).map(([name]) => name),
  }));
  const [miss] = misses.toSorted((a, b) => a.fails.length - b.fails.length);
  return { nodes: [], none: { reason, counts, miss: miss ?? null } } as ReturnType<Matcher['match']>;
}
