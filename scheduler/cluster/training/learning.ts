/** What actor and critic learn from clusterings and their rewards. */
import { load, type Agent, type Episode } from '../policy/agent.ts';
import type { Demand } from '../policy/demand.ts';
import { writeState } from '../policy/state.ts';
import { addChoiceGradient } from '../net/softmax.ts';

/** How much likelier a clustering should become: its advantage. */
export interface Lesson {
  episode: Episode;
  weight: number;
}

/**
 * One step of the actor along ∇θ log π(s, a) · weight, Eq. (13): π of a clustering is the product over its choices. The bonus
 * on the entropy of each choice keeps it trying.
 */
export function teachActor({ actor }: Agent, lessons: readonly Lesson[], rate: number, bonus: number): void {
  const choices = lessons.reduce((sum, { episode }) => sum + episode.choices.length, 0);
  if (choices === 0) return;
  const { outputStride, outputGradient, capacity } = actor;
  for (const { episode, weight } of lessons) {
    const { rows, probabilities } = episode;
    const slopes = new Float64Array(rows.count);
    for (const { at, count, chosen } of episode.choices)
      addChoiceGradient(
        probabilities.subarray(at, at + count),
        count,
        chosen,
        weight / choices,
        bonus / choices,
        slopes,
        at,
      );
    for (let done = 0; done < rows.count; done += capacity) {
      const part = Math.min(capacity, rows.count - done);
      load(actor, rows.data, done, part);
      actor.forward(part);
      for (let row = 0; row < part; row++) outputGradient[row * outputStride] = slopes[done + row]!;
      actor.backward(part);
    }
  }
  actor.step(rate, LONGEST_GRADIENT);
}

const LONGEST_GRADIENT = 1;

/** One step of the critic towards the targets, half the squared error; NaN when its network broke. */
export function teachCritic(
  { critic }: Agent,
  states: readonly Demand[],
  targets: readonly number[],
  rate: number,
): number {
  const { input, inputStride, output, outputStride, outputGradient } = critic;
  states.forEach((state, row) => writeState(state, input.subarray(row * inputStride)));
  critic.forward(states.length);
  let loss = 0;
  targets.forEach((target, row) => {
    const error = output[row * outputStride]! - target;
    outputGradient[row * outputStride] = error / targets.length;
    loss += (error * error) / 2 / targets.length;
  });
  critic.backward(states.length);
  critic.step(rate, LONGEST_GRADIENT);
  return loss;
}
