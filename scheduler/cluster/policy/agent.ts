/** The actor and the critic: clusterings from the one, values of states from the other. */
import type { Partition } from '../../../domain/dcat/partition.ts';
import { stream, type Random } from '../../../domain/dcat/random.ts';
import { createNetwork, type Network } from '../net/network.ts';
import { softmax } from '../net/softmax.ts';
import type { Demand } from './demand.ts';
import { FEATURES } from './features.ts';
import { emptyRows, grow, type Choose, type Rows } from './growth.ts';
import { STATE_FEATURES, writeState } from './state.ts';

export const ACTOR_SHAPE = [FEATURES, 64, 64, 1] as const;
export const CRITIC_SHAPE = [STATE_FEATURES, 32, 32, 1] as const;
/** Rows at once; more go in parts. */
export const CAPACITY = 512;

export interface Agent {
  actor: Network;
  critic: Network;
}

export function createAgent(seed: number): Agent {
  return {
    actor: createNetwork(ACTOR_SHAPE, CAPACITY, stream(seed, 11).next),
    critic: createNetwork(CRITIC_SHAPE, CAPACITY, stream(seed, 12).next),
  };
}

/** A clustering as it was chosen: what its probability is learnt from. */
export interface Episode {
  partition: Partition;
  rows: Rows;
  /** π of each row within its choice. */
  probabilities: Float64Array;
  /** First row, number of options and the one taken, of each choice. */
  choices: { at: number; count: number; chosen: number }[];
}

/** The likeliest choice at every step. */
export function greedy(actor: Network, demand: Demand, mostMembers?: number): Partition {
  return grow(demand, likeliest(actor), mostMembers);
}

/** A clustering drawn from π(· | s). */
export function sample(actor: Network, demand: Demand, random: Random): Episode {
  const choices: Episode['choices'] = [];
  const rows = emptyRows();
  let probabilities = new Float64Array(256);
  const partition = grow(demand, (offer) => {
    const { count } = offer;
    const at = offer.describe(rows);
    if (probabilities.length < at + count) {
      const larger = new Float64Array(2 * (at + count));
      larger.set(probabilities);
      probabilities = larger;
    }
    const own = probabilities.subarray(at, at + count);
    scoreRows(actor, rows.data, at, count, own);
    softmax(own, 0, count, 1, own);
    const chosen = draw(own, random);
    choices.push({ at, count, chosen });
    return chosen;
  });
  return { partition, rows, probabilities: probabilities.subarray(0, rows.count), choices };
}

/** What becomes of an episode when it takes another option at one of its choices, and the likeliest ones after it. */
export function branch(
  actor: Network,
  demand: Demand,
  { choices }: Episode,
  choice: number,
  option: number,
): Partition {
  const onward = likeliest(actor);
  let next = 0;
  return grow(demand, (offer) => {
    const here = next++;
    if (here < choice) return choices[here]!.chosen;
    return here === choice ? option : onward(offer);
  });
}

function likeliest(actor: Network): Choose {
  const rows = emptyRows();
  let scores = new Float64Array(64);
  return (offer) => {
    const { count } = offer;
    rows.count = 0;
    offer.describe(rows);
    if (scores.length < count) scores = new Float64Array(2 * count);
    scoreRows(actor, rows.data, 0, count, scores);
    let best = 0;
    for (let option = 1; option < count; option++) if (scores[option]! > scores[best]!) best = option;
    return best;
  };
}

/** An index, drawn by its probability. */
export function draw(probabilities: Float64Array, random: Random): number {
  let left = random.next();
  let chosen = 0;
  while (chosen < probabilities.length - 1 && left >= probabilities[chosen]!)
    left -= probabilities[chosen++]!;
  return chosen;
}

/** V(s), mean reward of a cycle from s on; see `learning.ts`. */
export function valueOf(critic: Network, demand: Demand): number {
  writeState(demand, critic.input);
  critic.forward(1);
  return critic.output[0]!;
}

function scoreRows(actor: Network, rows: Float32Array, at: number, count: number, into: Float64Array): void {
  const { outputStride, output, capacity } = actor;
  for (let done = 0; done < count; done += capacity) {
    const part = Math.min(capacity, count - done);
    load(actor, rows, at + done, part);
    actor.forward(part);
    for (let row = 0; row < part; row++) into[done + row] = output[row * outputStride]!;
  }
}

/** Rows of a choice into the actor's input. */
export function load(actor: Network, rows: Float32Array, at: number, count: number): void {
  const stride = actor.inputStride;
  for (let row = 0; row < count; row++)
    actor.input.set(rows.subarray((at + row) * FEATURES, (at + row + 1) * FEATURES), row * stride);
}
