/** What clusterings teach: as wholes, and choice by choice. */
import type { Partition } from '../../../domain/dcat/partition.ts';
import type { Random } from '../../../domain/dcat/random.ts';
import { squareRoot } from '../net/math.ts';
import type { Network } from '../net/network.ts';
import { branch, draw, type Episode } from '../policy/agent.ts';
import type { Demand } from '../policy/demand.ts';
import { FEATURES } from '../policy/features.ts';
import type { Lesson } from './learning.ts';

/** All choices of a clustering share its advantage. */
export function wholeLesson({ rows, probabilities, choices }: Episode, advantage: number): Lesson {
  return {
    rows,
    probabilities,
    choices: choices.map(({ at, count, chosen }) => ({
      at,
      count,
      picks: [{ option: chosen, weight: advantage }],
    })),
  };
}

/**
 * One choice of an episode with several options, the same choices before it and the likeliest after it: the clusterings differ by that choice
 * alone, so that its worth doesn't drown in that of dozens of others. Each option counts by its probability among those tried.
 */
export function fork(
  actor: Network,
  demand: Demand,
  episode: Episode,
  ways: number,
  random: Random,
  advantageOf: (partition: Partition) => number,
): Lesson[] {
  const { choices, rows, probabilities } = episode;
  if (choices.length === 0) return [];
  const choice = random.below(choices.length);
  const { at, count, chosen } = choices[choice]!;
  const own = probabilities.slice(at, at + count);
  const options = tried(own, chosen, ways, random);
  const advantages = options.map((option) => advantageOf(branch(actor, demand, episode, choice, option)));
  const share = options.reduce((sum, option) => sum + own[option]!, 0);
  const parts = options.map((option) => own[option]! / share);
  const mean = parts.reduce((sum, part, index) => sum + part * advantages[index]!, 0);
  const picks = options.map((option, index) => ({
    option,
    weight: options.length * parts[index]! * (advantages[index]! - mean),
  }));
  const taken = { data: rows.data.slice(at * FEATURES, (at + count) * FEATURES), count };
  return [{ rows: taken, probabilities: own, choices: [{ at: 0, count, picks }] }];
}

/** What was chosen, closing, and others by their probability, each once. */
function tried(probabilities: Float64Array, chosen: number, ways: number, random: Random): number[] {
  if (probabilities.length <= ways) return Array.from(probabilities, (_, option) => option);
  const options = new Set([chosen, 0]);
  for (let again = 0; options.size < ways && again < 4 * ways; again++)
    options.add(draw(probabilities, random));
  return [...options].sort((a, b) => a - b);
}

/** Weights of this length on the average over the number of choices, so that neither the reward's unit nor who has more choices counts. */
export function scaled(lessons: Lesson[], length: number): Lesson[] {
  const choices = lessons.flatMap((lesson) => lesson.choices);
  const picks = choices.flatMap((choice) => choice.picks);
  const squares = picks.reduce((sum, { weight }) => sum + weight * weight, 0);
  const divisor = squareRoot(squares / Math.max(1, picks.length)) * choices.length;
  if (divisor > 0) for (const pick of picks) pick.weight *= length / divisor;
  return lessons;
}
