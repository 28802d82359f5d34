/**
 * What else runs on a node: document 002 says that each carries tasks of a kind from the start, training, inference, rendering or almost
 * none. Its own model makes them: Poisson arrivals, normal durations (Eq. 1 and 2), eight cards that are full or not.
 */
import { CARDS_PER_NODE } from './model.ts';

export interface Kind {
  name: string;
  /** Tasks an hour. */
  rate: number;
  /** Hours. */
  mean: number;
  deviation: number;
  cards: number;
}

/** Figures 3 and 4 of document 002 give shapes, not numbers: these keep their order (training rare and long, inference frequent and short). */
export const KINDS: readonly Kind[] = [
  { name: 'training', rate: 0.6, mean: 10, deviation: 2.5, cards: 8 },
  { name: 'inference', rate: 12, mean: 0.5, deviation: 0.15, cards: 1 },
  { name: 'rendering', rate: 1.2, mean: 2, deviation: 0.5, cards: 2 },
  { name: 'idle', rate: 0.3, mean: 0.5, deviation: 0.15, cards: 1 },
];

const HOUR = 3600;
/** Hours before the history begins, in which the node fills. */
const WARM_UP = 48;

/** From `at` (seconds, 0 is the start of the run) on so many cards are held. */
export interface Held {
  at: number;
  cards: number;
}

/** The node's cards that others hold, from `past` hours before the run to `future` hours after its start. */
export function background(kind: Kind, next: () => number, past: number, future: number): Held[] {
  const from = -past * HOUR;
  const end = future * HOUR;
  const held: Held[] = [{ at: from, cards: 0 }];
  const leaving: number[] = [];
  let inUse = 0;
  const note = (at: number): void => {
    if (at <= from) held[0]!.cards = inUse;
    else held.push({ at, cards: inUse });
  };
  const leave = (until: number): void => {
    leaving.sort((a, b) => a - b);
    while (leaving.length > 0 && leaving[0]! <= until) {
      const at = leaving.shift()!;
      inUse -= kind.cards;
      note(at);
    }
  };
  for (let at = from - WARM_UP * HOUR; ;) {
    at += (-Math.log(1 - next()) / kind.rate) * HOUR;
    leave(Math.min(at, end));
    if (at >= end) return held;
    const hours = Math.max(kind.mean / 10, kind.mean + kind.deviation * normal(next));
    // A task that finds too few cards goes elsewhere.
    if (inUse + kind.cards > CARDS_PER_NODE) continue;
    inUse += kind.cards;
    leaving.push(at + hours * HOUR);
    note(at);
  }
}

/** A standard normal number (Box and Muller). */
export function normal(next: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - next())) * Math.cos(2 * Math.PI * next());
}

/** Mean share of the node held in [from, to). */
export function shareHeld(held: readonly Held[], from: number, to: number): number {
  let sum = 0;
  for (let i = 0; i < held.length; i++) {
    const start = Math.max(held[i]!.at, from);
    const stop = Math.min(held[i + 1]?.at ?? Infinity, to);
    if (stop > start) sum += (stop - start) * held[i]!.cards;
  }
  return sum / (to - from) / CARDS_PER_NODE;
}
