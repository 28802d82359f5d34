/** What actor and critic learn from clusterings and their rewards. */
import { load, type Agent } from '../policy/agent.ts';
import type { Rows } from '../policy/growth.ts';
import type { Demand } from '../policy/demand.ts';
import { writeState } from '../policy/state.ts';
import { addChoiceGradient } from '../net/softmax.ts';

/** What is learnt from some choices: how much likelier each of these options should become. */
export interface Lesson {
  rows: Rows;
  /** π of each row within its choice. */
  probabilities: Float64Array;
  choices: { at: number; count: number; picks: { option: number; weight: number }[] }[];
}

/**
 * One step of the actor along Σ weight · ∇θ log π(s, option), Eq. (13): π of a clustering is the product over its choices. The bonus
 * on the entropy of each choice keeps it trying.
 */
export function teachActor({ actor }: Agent, lessons: readonly Lesson[], rate: number, bonus: number): void {
  const choices = lessons.reduce((sum, lesson) => sum + lesson.choices.length, 0);
  if (choices === 0) return;
  const { outputStride, outputGradient, capacity } = actor;
  for (const { rows, probabilities, choices: own } of lessons) {
    const slopes = new Float64Array(rows.count);
    for (const { at, count, picks } of own) {
      const p = probabilities.subarray(at, at + count);
      for (const { option, weight } of picks)
        addChoiceGradient(p, count, option, weight, bonus / choices / picks.length, slopes, at);
    }
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
