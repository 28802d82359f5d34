/** An epoch of Algorithm 1: some worlds, some cycles each, several clusterings of every state, a step of both networks a cycle. */
import { drawTasks } from '../../../domain/dcat/arrivals.ts';
import { stream, type Random } from '../../../domain/dcat/random.ts';
import { firstSteps, simulate } from '../../../domain/dcat/simulate.ts';
import type { Partition } from '../../../domain/dcat/partition.ts';
import type { Tasks } from '../../../domain/dcat/arrivals.ts';
import { greedy, sample, valueOf, type Agent } from '../policy/agent.ts';
import { expectedDemand, type Demand } from '../policy/demand.ts';
import { fork, scaled, wholeLesson } from './lessons.ts';
import { teachActor, teachCritic, type Lesson } from './learning.ts';
import { drawScene, type Scene } from './worlds.ts';

/**
 * `a2c`: the advantage r + ξV(s′) − V(s), of whole clusterings and of single choices. `reinforce`: the return of whole clusterings over what
 * the greedy policy gets on the same tasks.
 */
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
  /** Choices of these that are tried with other options as well, and how many options. */
  forks: number;
  ways: number;
  /** What whole clusterings count beside forks. */
  wholeWeight: number;
  /** α and β of document 004: Adam's rates of actor and critic. */
  actorRate: number;
  criticRate: number;
  /** Bonus on the entropy of a choice. */
  bonus: number;
  /** Over so many epochs the bonus falls to nothing and the actor's rate to a tenth. */
  coolEpochs: number;
  /** Held-out worlds that the policy is tried on now and then; they teach nothing. */
  heldOut: number;
}

export const DEFAULTS: TrainingOptions = {
  method: 'a2c',
  seed: 1,
  worlds: 8,
  cycles: 2,
  actors: 2,
  forks: 8,
  ways: 4,
  wholeWeight: 0.05,
  actorRate: 3e-3,
  criticRate: 1e-3,
  bonus: 0.005,
  coolEpochs: 600,
  heldOut: 40,
};

/** Without forks more clusterings are drawn instead. */
export const REINFORCE: TrainingOptions = {
  ...DEFAULTS,
  method: 'reinforce',
  actors: 8,
  forks: 0,
  wholeWeight: 1,
  actorRate: 1e-3,
  bonus: 0.02,
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
  const heat = Math.max(0, 1 - epoch / options.coolEpochs);
  const rate = options.actorRate * Math.max(0.1, heat);
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
    const whole = scaled(
      cycle.flatMap((of) => of.whole),
      options.method === 'a2c' ? options.wholeWeight : 1,
    );
    const forks = scaled(
      cycle.flatMap((of) => of.forks),
      1,
    );
    teachActor(agent, [...whole, ...forks], rate, options.bonus * heat);
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
  whole: Lesson[];
  forks: Lesson[];
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
  random: Random,
  { actors, forks, ways, method }: TrainingOptions,
): Attempts {
  const { world } = scene;
  const { actor, critic } = agent;
  const cycle = scene.cycle + step;
  const state = expectedDemand(world, cycle, backlog);
  const tasks = drawTasks(world, scene.seed, cycle);
  const fees = feesOf(tasks);
  const steps = firstSteps(world, tasks);
  const value = valueOf(critic, state) / (1 - DISCOUNT);
  // The critic does not see the backlog, and arrivals don't hang on clusterings: s′ is worth the same after each of them.
  const after = valueOf(critic, expectedDemand(world, cycle + 1)) / (1 - DISCOUNT);
  const earn = (partition: Partition): Earned => {
    const { profit, backlog: left } = simulate(world, tasks, partition, 'rea', backlog, steps);
    return { reward: profit / fees, total: profit / fees + DISCOUNT * after, left };
  };
  const drawn = Array.from({ length: actors }, () => {
    const episode = sample(actor, state, random);
    return { episode, earned: earn(episode.partition) };
  });
  const mean = (of: (earned: Earned) => number): number =>
    drawn.reduce((sum, { earned }) => sum + of(earned), 0) / actors;
  const whole =
    method === 'a2c'
      ? centred(drawn.map(({ earned }) => earned.total - value))
      : against(
          earn(greedy(actor, state)).reward,
          drawn.map(({ earned }) => earned.reward),
        );
  const alternatives = (index: number): Lesson[] => {
    const { episode } = drawn[index % actors]!;
    return fork(actor, state, episode, ways, random, (partition) => earn(partition).total - value);
  };
  return {
    state,
    whole: drawn.map(({ episode }, index) => wholeLesson(episode, whole[index]!)),
    forks: Array.from({ length: forks }, (_, index) => alternatives(index)).flat(),
    target: (1 - DISCOUNT) * mean(({ total }) => total),
    reward: mean(({ reward }) => reward),
    backlog: drawn[0]!.earned.left,
  };
}

interface Earned {
  /** Profit as a share of all fees. */
  reward: number;
  /** r + ξV(s′). */
  total: number;
  left: Float64Array;
}

/** What all tasks would pay: the bound on any profit. */
export function feesOf(tasks: Tasks): number {
  let fees = 0;
  for (let n = 0; n < tasks.count; n++) fees += tasks.unitFee[n]! * tasks.work[n]!;
  return Math.max(fees, Number.MIN_VALUE);
}

/** The critic errs by the same for all clusterings of a state: what they have in common teaches nothing about which is better. */
function centred(advantages: readonly number[]): number[] {
  const mean = advantages.reduce((sum, advantage) => sum + advantage, 0) / advantages.length;
  return advantages.map((advantage) => advantage - mean);
}

function against(baseline: number, rewards: readonly number[]): number[] {
  return rewards.map((reward) => reward - baseline);
}
