/** The worlds that a policy is trained on: every sweep of the paper at once, in both settings, from the training seeds alone. */
import { stream } from '../../../domain/dcat/random.ts';
import { seedIn, TRAINING_SEEDS } from '../../../domain/dcat/seeds.ts';
import { CALIBRATED, PAPER } from '../../../domain/dcat/settings.ts';
import { drawWorld, type World } from '../../../domain/dcat/world.ts';

export interface Scene {
  world: World;
  seed: number;
  /** The cycle of the day that it starts with. */
  cycle: number;
}

/** Scene `index` of the training range. Servers, R_max and λ lie anywhere within the ranges of Table I, or in the middle as often. */
export function drawScene(index: number): Scene {
  const seed = seedIn(TRAINING_SEEDS, index);
  const random = stream(seed, 21);
  const base = index % 2 === 0 ? PAPER : CALIBRATED;
  const orMiddle = (drawn: number, middle: number): number => (random.next() < 0.5 ? drawn : middle);
  const settings = {
    ...base,
    servers: orMiddle(20 + random.below(41), base.servers),
    reach: orMiddle(random.between(100, 300), base.reach),
    arrivals: orMiddle(random.between(20, 50), base.arrivals),
  };
  return { world: drawWorld(settings, seed), seed, cycle: random.below(settings.cyclesPerDay) };
}
