/**
 * Who gets a request. The baseline is document 002's: the node nearest by round-trip time. Ours takes the W nodes nearest in state (Eq. 5) and
 * of these the one that Eq. (6) says, in its three readings. The rest are what load balancers do, and one that computes with the very model
 * that the nodes follow, which nobody outside of a simulation has.
 */
import { distance, type Resources } from '../../domain/distance.ts';
import type { Score } from '../../domain/match/score.ts';
import { CARDS, iterationSeconds, promptSeconds, type Card } from './model.ts';
import type { Request } from './serving.ts';

/** A node as a dispatcher sees it when a request comes. */
export interface Candidate {
  card: Card;
  /** Share of the node that others leave to the service. */
  speed: number;
  /** Requests sent there and not answered yet. */
  outstanding: number;
  /** Share of the cache that no request has reserved. */
  cacheFree: number;
  /** Prompt tokens not computed yet, on their way or there; requests that get tokens. */
  promptBacklog: number;
  running: number;
  /** Round trip from the user's place, seconds. */
  rtt: number;
  /** Micro-bits, over the last 24 hours; and what it would be with this hour's use as it is and one request more. */
  entropy: number;
  entropyAfter: number;
}

/** @returns the place of the chosen node */
export type Policy = (candidates: readonly Candidate[], request: Request) => number;

export interface EntropySettings {
  /** What a request wishes for in each of the three components, 0 to 10,000 of the reference. */
  wish: number;
  /** Nodes that Eq. (5) leaves to Eq. (6). */
  width: number;
}

const FULL = 10_000;
/** Round trip at which nothing of a user's patience is left, seconds: about that of the longest way between two of the cities. */
const PATIENCE = 0.4;
/** Reference of a class (ADR 0001: availability relative to the class's maxima): the fastest node, the largest cache. */
const FASTEST = Math.min(...CARDS.map((card) => promptSeconds(card, 1024)));

/**
 * State of a node for one more request (002, section 3.4): compute is its speed at prompts, as far as others leave it, shared among the requests
 * that it has and this one; network what the way leaves of a user's patience; storage the free share of its cache.
 */
export function stateOf({ card, speed, outstanding, cacheFree, rtt }: Candidate): Resources {
  const relative = FASTEST / promptSeconds(card, 1024);
  return {
    compute: Math.floor((FULL * relative * speed) / (1 + outstanding)),
    network: Math.floor(FULL * Math.max(0, 1 - rtt / PATIENCE)),
    storage: Math.floor(FULL * cacheFree),
  };
}

/** Eq. (5), then Eq. (6) in one of its readings among the W nearest. */
export function entropyBalanced(reading: Score, { wish, width }: EntropySettings): Policy {
  const task = { compute: wish, network: wish, storage: wish };
  return (candidates) => {
    const near = candidates
      .map((candidate, index) => ({ candidate, index, far: distance(task, stateOf(candidate)) }))
      .sort((a, b) => a.far - b.far || a.candidate.rtt - b.candidate.rtt)
      .slice(0, width);
    if (near.length === 1) return near[0]!.index;
    return least(near, ({ candidate: { entropy, entropyAfter } }) =>
      reading.cost({ entropyMicroBits: entropy, afterMicroBits: entropyAfter }),
    ).index;
  };
}

export const nearest: Policy = (candidates) => leastPlace(candidates, ({ rtt }) => rtt);

export function roundRobin(): Policy {
  let turn = 0;
  return (candidates) => turn++ % candidates.length;
}

/** Fewest requests under way; of equals the nearest. */
export const leastLoaded: Policy = (candidates) =>
  leastPlace(candidates, ({ outstanding, rtt }) => outstanding + rtt / 10);

/** Soonest first token by the model of the nodes: the way, and an iteration over all prompts that wait and all that run. */
export const soonest: Policy = (candidates, request) =>
  leastPlace(candidates, ({ card, speed, promptBacklog, running, rtt }) => {
    const work = {
      promptTokens: promptBacklog + request.promptTokens,
      promptPairs: request.promptTokens ** 2 / 2,
      running,
      contextTokens: running * request.promptTokens,
    };
    return rtt + iterationSeconds(card, work) / speed;
  });

function leastPlace<T>(items: readonly T[], cost: (item: T) => number): number {
  return least(
    items.map((item, index) => ({ item, index })),
    ({ item }) => cost(item),
  ).index;
}

/** The first of the least. */
function least<T>(items: readonly T[], cost: (item: T) => number): T {
  return items.reduce<{ item: T; at: number }>(
    (best, item) => {
      const at = cost(item);
      return at < best.at ? { item, at } : best;
    },
    { item: items[0]!, at: Infinity },
  ).item;
}
