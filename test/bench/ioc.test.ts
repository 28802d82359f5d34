import { describe, expect, test } from 'vitest';
import { random } from '../../bench/bench.ts';
import { closedLoop, poissonSteps } from '../../bench/ioc/arrivals.ts';
import { background, KINDS, shareHeld } from '../../bench/ioc/background.ts';
import { calibrated, PUBLISHED } from '../../bench/ioc/calibration.ts';
import { Events } from '../../bench/ioc/events.ts';
import { estimate } from '../../bench/ioc/measures.ts';
import { CARDS, cacheTokens, iterationSeconds, PREFILL_BUDGET } from '../../bench/ioc/model.ts';
import type { World } from '../../bench/ioc/network.ts';
import { entropyBalanced, nearest, roundRobin, type Candidate } from '../../bench/ioc/policies.ts';
import { sceneOf } from '../../bench/ioc/scene.ts';
import { ServingNode, type Request } from '../../bench/ioc/serving.ts';
import { simulate } from '../../bench/ioc/simulate.ts';
import type { Score } from '../../domain/match/score.ts';
import { farthest } from '../../domain/match/scores/farthest.ts';
import { nearestAfter } from '../../domain/match/scores/nearest-after.ts';
import { nearest as nearestToBalance } from '../../domain/match/scores/nearest.ts';

const H20 = CARDS.find(({ name }) => name === 'H20')!;

describe('the model of a node', () => {
  test('says of the published run what was measured, to a tenth a token', () => {
    for (const { concurrency, perTokenMs } of PUBLISHED) {
      const ours = calibrated(concurrency).perTokenMs;
      expect(Math.abs(ours / perTokenMs - 1)).toBeLessThan(0.1);
    }
  });

  test('decoding is bound by bandwidth, long prompts by compute', () => {
    const decode = { promptTokens: 0, promptPairs: 0, running: 16, contextTokens: 16_384 };
    const prompt = { promptTokens: PREFILL_BUDGET, promptPairs: 0, running: 0, contextTokens: 0 };
    const wider = { ...H20, bandwidth: H20.bandwidth * 2 };
    const faster = { ...H20, teraflops: H20.teraflops * 2 };
    expect(iterationSeconds(wider, decode)).toBeLessThan(iterationSeconds(H20, decode));
    expect(iterationSeconds(faster, decode)).toBe(iterationSeconds(H20, decode));
    expect(iterationSeconds(faster, prompt)).toBeLessThan(iterationSeconds(H20, prompt));
    expect(iterationSeconds(wider, prompt)).toBe(iterationSeconds(H20, prompt));
  });

  test('every card of the experiment holds the weights and a request', () => {
    for (const card of CARDS) expect(cacheTokens(card)).toBeGreaterThan(2048);
  });
});

describe('a serving node', () => {
  test('is the node that takes every iteration by itself', () => {
    const next = random(7);
    const requests = Array.from({ length: 40 }, (_, id) => ({
      id,
      at: next() * 20,
      promptTokens: 1 + Math.floor(next() * 12_000),
      outputTokens: 1 + Math.floor(next() * 300),
    })).sort((a, b) => a.at - b.at);
    const changes = [
      { at: 3, held: 0.5 },
      { at: 9, held: 1 },
      { at: 12, held: 0 },
    ];
    const fast = played(requests, changes);
    const slow = oneByOne(requests, changes);
    expect(fast.first.size).toBe(40);
    for (const [id, at] of slow.first) expect(fast.first.get(id)).toBeCloseTo(at, 6);
    for (const [id, at] of slow.finished) expect(fast.finished.get(id)).toBeCloseTo(at, 6);
  });
});

describe('a run', () => {
  test('answers every request in full and is the same twice', () => {
    const scene = sceneOf(WORLD, 3);
    const run = () =>
      simulate(
        scene,
        closedLoop(scene.users, 3, 24, 200),
        entropyBalanced(nearestAfter, { wish: 10_000, width: 2 }),
      );
    const [one, two] = [run(), run()];
    expect(one.ttft).toEqual(two.ttft);
    expect(one.ttft.length).toBe(200);
    expect(one.outputTokens).toBe(200 * 1024);
    expect(Math.min(...one.ttft)).toBeGreaterThan(0.1);
    expect(one.nodes.every(({ outstanding }) => outstanding === 0)).toBe(true);
    for (const used of one.used) expect(used).toBeLessThanOrEqual(1.0001);
  });

  test('the nearest node moves nothing, round-robin all over', () => {
    const scene = sceneOf(WORLD, 4);
    const arrivals = () => poissonSteps(scene.users, 4, [2], 60);
    expect(simulate(scene, arrivals(), nearest).movedCity).toBe(0);
    const turns = simulate(scene, arrivals(), roundRobin());
    expect(turns.movedCity / turns.ttft.length).toBeGreaterThan(0.3);
  });

  test('never keeps more than the number at once under way', () => {
    const scene = sceneOf(WORLD, 5);
    let most = 0;
    simulate(scene, closedLoop(scene.users, 5, 10, 60), (candidates) => {
      most = Math.max(
        most,
        candidates.reduce((sum, { outstanding }) => sum + outstanding, 0),
      );
      return 0;
    });
    expect(most).toBe(9);
  });
});

describe('policies', () => {
  const at = (part: Partial<Candidate>): Candidate => ({
    card: H20,
    speed: 1,
    outstanding: 0,
    cacheFree: 1,
    promptBacklog: 0,
    running: 0,
    rtt: 0.1,
    entropy: 0,
    entropyAfter: 0,
    ...part,
  });
  const request = { id: 0, promptTokens: 1024, outputTokens: 1024 };

  test('Eq. (5) alone takes the node in the nearest state', () => {
    const one = entropyBalanced(nearestToBalance, { wish: 10_000, width: 1 });
    expect(one([at({ speed: 0.2 }), at({}), at({ outstanding: 3 })], request)).toBe(1);
  });

  test('each reading of Eq. (6) takes its node among the W nearest in state', () => {
    const nodes = [
      at({ entropy: 400_000, entropyAfter: 1_000_000 }),
      at({ entropy: 1_156_800, entropyAfter: 600_000, rtt: 0.101 }),
      // Balanced, but too far in state to be asked.
      at({ entropy: 469_000, entropyAfter: 469_000, speed: 0.1 }),
    ];
    const choice = (reading: Score) => entropyBalanced(reading, { wish: 10_000, width: 2 })(nodes, request);
    expect([choice(nearestToBalance), choice(farthest), choice(nearestAfter)]).toEqual([0, 1, 1]);
  });
});

describe('the rest', () => {
  test('events come by time, equal ones as they were planned', () => {
    const next = random(1);
    const events = new Events<number>();
    const planned = Array.from({ length: 500 }, (_, event) => ({ at: Math.floor(next() * 50), event }));
    for (const { at, event } of planned) events.plan(at, event);
    const came = Array.from({ length: 500 }, () => events.next()!);
    expect(came.map(({ event }) => event)).toEqual(
      planned.toSorted((a, b) => a.at - b.at || a.event - b.event).map(({ event }) => event),
    );
    expect(events.next()).toBeUndefined();
  });

  test('others never hold more than the node has, and the share is that of the seconds', () => {
    for (const kind of KINDS) {
      const held = background(kind, random(11), 24, 2);
      expect(Math.max(...held.map(({ cards }) => cards))).toBeLessThanOrEqual(8);
      expect(Math.min(...held.map(({ cards }) => cards))).toBeGreaterThanOrEqual(0);
      expect(held.every(({ at }, i) => i === 0 || at >= held[i - 1]!.at)).toBe(true);
    }
    expect(
      shareHeld(
        [
          { at: 0, cards: 4 },
          { at: 30, cards: 8 },
        ],
        0,
        60,
      ),
    ).toBeCloseTo(0.75);
  });

  test('an interval is that of Student', () => {
    // 20 values of mean 10.5 and deviation 5.916; t(19) = 2.093.
    const { low, high } = estimate(
      Array.from({ length: 20 }, (_, i) => i + 1),
      3,
    );
    expect(low).toBeCloseTo(10.5 - (2.093 * 5.9161) / Math.sqrt(20), 2);
    expect(high).toBeCloseTo(10.5 + (2.093 * 5.9161) / Math.sqrt(20), 2);
  });
});

/** Two users' places and 16 nodes in eight cities. */
const WORLD: World = {
  cityOf: Array.from({ length: 16 }, (_, node) => node >> 1),
  places: ['here', 'there'],
  rtt: [0, 1].map((place) =>
    Array.from({ length: 16 }, (_, node) => 0.004 + Math.abs((node >> 1) - place * 5) * 0.03),
  ),
  rejected: 0,
};

interface Timed extends Request {
  at: number;
}
interface Times {
  first: Map<number, number>;
  finished: Map<number, number>;
}

function played(requests: readonly Timed[], changes: readonly { at: number; held: number }[]): Times {
  const node = new ServingNode(H20);
  const times: Times = { first: new Map(), finished: new Map() };
  const outside = [...requests.map((request) => ({ at: request.at, request })), ...changes].sort(
    (a, b) => a.at - b.at,
  );
  const advance = (now: number): void => {
    const { first, finished } = node.advance(now);
    for (const { id } of first) times.first.set(id, now);
    for (const { id } of finished) times.finished.set(id, now);
  };
  while (outside.length > 0 || node.dueAt < Infinity) {
    const at = outside[0]?.at ?? Infinity;
    if (node.dueAt <= at) {
      advance(node.dueAt);
      continue;
    }
    const event = outside.shift()!;
    if ('held' in event) node.setHeld(event.held, at);
    else if (node.arrive(event.request, at) === at && node.dueAt === Infinity) advance(at);
  }
  return times;
}

/** The same node, iteration by iteration. */
function oneByOne(requests: readonly Timed[], changes: readonly { at: number; held: number }[]): Times {
  const times: Times = { first: new Map(), finished: new Map() };
  const waiting = [...requests];
  let batch: { request: Timed; prompt: number; output: number; context: number }[] = [];
  let now = 0;
  while (waiting.length > 0 || batch.length > 0) {
    if (batch.length === 0) now = Math.max(now, waiting[0]!.at);
    for (;;) {
      const next = waiting[0];
      if (next === undefined || next.at > now) break;
      const reserved = batch.reduce(
        (sum, { request }) => sum + request.promptTokens + request.outputTokens,
        0,
      );
      if (batch.length > 0 && reserved + next.promptTokens + next.outputTokens > cacheTokens(H20)) break;
      waiting.shift();
      batch.push({ request: next, prompt: next.promptTokens, output: next.outputTokens, context: 0 });
    }
    const held = changes.findLast(({ at }) => at <= now)?.held ?? 0;
    let budget = PREFILL_BUDGET;
    const work = { promptTokens: 0, promptPairs: 0, running: 0, contextTokens: 0 };
    const steps = batch.map((entry) => {
      const tokens = Math.min(budget, entry.prompt);
      budget -= tokens;
      work.promptTokens += tokens;
      work.promptPairs += tokens * (entry.context + tokens / 2);
      if (entry.prompt === 0) {
        work.running++;
        work.contextTokens += entry.context;
      }
      return { entry, tokens };
    });
    now += iterationSeconds(H20, work) / Math.max(1 / 8, 1 - held);
    for (const { entry, tokens } of steps) {
      const decoding = entry.prompt === 0;
      entry.prompt -= tokens;
      entry.context += tokens;
      if (entry.prompt > 0) continue;
      if (!decoding) times.first.set(entry.request.id, now);
      entry.output--;
      entry.context++;
      if (entry.output === 0) times.finished.set(entry.request.id, now);
    }
    batch = batch.filter(({ output }) => output > 0);
  }
  return times;
}
