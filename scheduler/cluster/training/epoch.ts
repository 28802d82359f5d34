/** An epoch of Algorithm 1: some worlds, some cycles each, several clusterings of every state, a step of both networks a cycle. */
import { drawTasks } from '../../../domain/dcat/arrivals.ts';
import { stream } from '../../../domain/dcat/random.ts';
import { simulate, type Outcome } from '../../../domain/dcat/simulate.ts';
import type { Partition } from '../../../domain/dcat/partition.ts';
import type { Tasks } from '../../../domain/dcat/arrivals.ts';
import { squareRoot } from '../net/math.ts';
import { greedy, sample, valueOf, type Agent } from '../policy/agent.ts';
import { expectedDemand, type Demand } from '../policy/demand.ts';
import { teachActor, teachCritic, type Lesson } from './learning.ts';
import { drawScene, type Scene } from './worlds.ts';

/** `a2c`: the advantage r + ξV(s′) − V(s). `reinforce`: the return over what the greedy policy gets on the same tasks. */
export type Method = 'a2c' | 'reinforce';

export interface TrainingOptions {
  method: Method;
  seed: number;
  /** Worlds of an epoch. */
  worlds: number;
  /** Cycles of each. */
  cycles: number;
  /** Clusterings drawn for every state. */
  actors: number;
  /** α and β of document 004: Adam's rates of actor and critic. */
  actorRate: number;
  criticRate: number;
  /** Bonus on the entropy of a choice, at the start; it falls to nothing over the first `bonusEpochs`. */
  bonus: number;
  bonusEpochs: number;
  /** Held-out worlds that the policy is tried on now and then; they teach nothing. */
  heldOut: number;
}

export const DEFAULTS: TrainingOptions = {
  method: 'a2c',
  seed: 1,
  worlds: 8,
  cycles: 4,
  actors: 4,
  actorRate: 1e-3,
  criticRate: 1e-3,
  bonus: 0.01,
  bonusEpochs: 400,
  heldOut: 40,
};

/** ξ of Table I. */
const DISCOUNT = 0.99;

export interface EpochReport {
  /** Mean profit of a cycle as a share of all fees offered in it. */
  reward: number;
  criticLoss: number;
}

/** A world on its way through its cycles. */
interface Run {
  scene: Scene;
  backlog: Float64Array;
}

export function runEpoch(agent: Agent, epoch: number, options: TrainingOptions): EpochReport {
  const bonus = options.bonus * Math.max(0, 1 - epoch / options.bonusEpochs);
  let runs: Run[] = Array.from({ length: options.worlds }, (_, index) => {
    const scene = drawScene(epoch * options.worlds + index);
    return { scene, backlog: new Float64Array(scene.world.servers) };
  });
  let reward = 0;
  let criticLoss = 0;
  for (let step = 0; step < options.cycles; step++) {
    const cycle = runs.map((run, index) =>
      attempts(agent, run, step, stream(options.seed, 13, epoch, step, index), options),
    );
    const lessons = cycle.flatMap((of) => of.lessons);
    scaled(lessons);
    teachActor(agent, lessons, options.actorRate, bonus);
    criticLoss +=
      teachCritic(
        agent,
        cycle.map((of) => of.state),
        cycle.map((of) => of.target),
        options.criticRate,
      ) / options.cycles;
    reward += cycle.reduce((sum, of) => sum + of.reward, 0) / cycle.length / options.cycles;
    runs = runs.map((run, index) => ({ ...run, backlog: cycle[index]!.backlog }));
  }
  return { reward, criticLoss };
}

interface Attempts {
  state: Demand;
  lessons: Lesson[];
  /** What the critic should say: the mean of (1 − ξ)(r + ξV(s′)). */
  target: number;
  reward: number;
  backlog: Float64Array;
}

/** Several clusterings of one state on the same tasks. The critic's network gives (1 − ξ)V, the mean reward of a cycle from there on. */
function attempts(
  agent: Agent,
  { scene, backlog }: Run,
  step: number,
  random: ReturnType<typeof stream>,
  { actors, method }: TrainingOptions,
): Attempts {
  const { world } = scene;
  const cycle = scene.cycle + step;
  const state = expectedDemand(world, cycle, backlog);
  const tasks = drawTasks(world, scene.seed, cycle);
  const earn = (partition: Partition): Outcome => simulate(world, tasks, partition, 'rea', backlog);
  const fees = feesOf(tasks);
  const value = valueOf(agent.critic, state) / (1 - DISCOUNT);
  const drawn = Array.from({ length: actors }, () => {
    const episode = sample(agent.actor, state, random);
    const outcome = earn(episode.partition);
    const after = valueOf(agent.critic, expectedDemand(world, cycle + 1, outcome.backlog)) / (1 - DISCOUNT);
    return { episode, outcome, reward: outcome.profit / fees, after };
  });
  const returns = drawn.map(({ reward, after }) => reward + DISCOUNT * after);
  const baseline = method === 'a2c' ? value : earn(greedy(agent.actor, state)).profit / fees;
  const lessons = drawn.map(({ episode, reward }, index) => ({
    episode,
    weight: (method === 'a2c' ? returns[index]! : reward) - baseline,
  }));
  if (method === 'a2c') centred(lessons);
  return {
    state,
    lessons,
    target: ((1 - DISCOUNT) * returns.reduce((a, b) => a + b, 0)) / actors,
    reward: drawn.reduce((sum, { reward }) => sum + reward, 0) / actors,
    backlog: drawn[0]!.outcome.backlog,
  };
}

/** What all tasks would pay: the bound on any profit. */
export function feesOf(tasks: Tasks): number {
  let fees = 0;
  for (let n = 0; n < tasks.count; n++) fees += tasks.unitFee[n]! * tasks.work[n]!;
  return Math.max(fees, Number.MIN_VALUE);
}

/** The critic errs by the same for all clusterings of a state: what they have in common teaches nothing about which is better. */
function centred(lessons: Lesson[]): void {
  const mean = lessons.reduce((sum, { weight }) => sum + weight, 0) / lessons.length;
  for (const lesson of lessons) lesson.weight -= mean;
}

/** Weights of length 1 on the average, so that a step's size does not hang on the reward's unit. */
function scaled(lessons: Lesson[]): void {
  const squares = lessons.reduce((sum, { weight }) => sum + weight * weight, 0);
  const length = squareRoot(squares / lessons.length);
  if (length > 0) for (const lesson of lessons) lesson.weight /= length;
}
