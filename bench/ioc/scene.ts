/** What a seed decides before any request comes: which cards stand where, what else runs there, and where the users are. */
import { entropyMicroBits, hourBin, HOURS, type HourBins } from '../../domain/entropy.ts';
import { random } from '../bench.ts';
import { background, KINDS, shareHeld, type Held } from './background.ts';
import { CARDS, type Card } from './model.ts';
import type { World } from './network.ts';

export interface SceneNode {
  card: Card;
  kind: string;
  held: Held[];
  /** Share in use in each of the 24 hours before the run, oldest first. */
  past: number[];
}

export interface Scene {
  world: World;
  nodes: SceneNode[];
  /** Share of the users at each place; they add up to 1. */
  users: number[];
  /** Seconds from the start of the run to the next full hour. */
  firstHour: number;
}

const HOUR = 3600;
/** Hours that a run may last. */
const LONGEST = 12;

export function sceneOf(world: World, seed: number): Scene {
  const next = random(seed);
  const count = world.cityOf.length;
  const cards = shuffled(
    Array.from({ length: count }, (_, i) => CARDS[i % CARDS.length]!),
    next,
  );
  const kinds = shuffled(
    Array.from({ length: count }, (_, i) => KINDS[i % KINDS.length]!),
    next,
  );
  const firstHour = next() * HOUR;
  const nodes = cards.map((card, i) => {
    const held = background(kinds[i]!, next, HOURS + 1, LONGEST);
    const past = Array.from({ length: HOURS }, (_, hour) => {
      const from = firstHour - (HOURS + 1 - hour) * HOUR;
      return shareHeld(held, from, from + HOUR);
    });
    return { card, kind: kinds[i]!.name, held, past };
  });
  // Uneven as cities are: exponential weights.
  const weights = world.places.map(() => -Math.log(1 - next()));
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return { world, nodes, users: weights.map((weight) => weight / total), firstHour };
}

/** Entropy of 24 hours' shares (Eq. 3), micro-bits. */
export function entropyOfHours(shares: readonly number[]): number {
  const bins: HourBins = [0, 0, 0, 0];
  for (const share of shares) bins[hourBin(Math.min(1, share), 1)]++;
  return entropyMicroBits(bins);
}

/** A place for a user, by the shares. */
export function placeOf(users: readonly number[], draw: number): number {
  let sum = 0;
  for (let place = 0; place < users.length; place++) {
    sum += users[place]!;
    if (draw < sum) return place;
  }
  return users.length - 1;
}

function shuffled<T>(items: T[], next: () => number): T[] {
  for (let i = items.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [items[i], items[j]] = [items[j]!, items[i]!];
  }
  return items;
}
