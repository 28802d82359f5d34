/** A training that can stop and go on: after any number of epochs its state is a checkpoint, and from it the same weights follow to the bit. */
import { Refusal } from '../../../domain/refusal.ts';
import type { Network } from '../net/network.ts';
import { createAgent, type Agent } from '../policy/agent.ts';
import { packFloats, readSealed, unpackFloats, writeSealed, type Kind } from '../sealed-file.ts';
import { runEpoch, type EpochReport, type TrainingOptions } from './epoch.ts';
import { validate, type Validation } from './validation.ts';

const CHECKPOINT: Kind = {
  format: 'cardhour-training-checkpoint',
  version: 1,
  name: 'checkpoint of a training',
  fix: 'Start the training without --resume.',
};

/** Epochs between two looks at the held-out worlds. */
const LOOK_EVERY = 10;

export interface Point extends EpochReport {
  /** After every tenth epoch: the held-out worlds, the same each time. */
  held?: Validation;
}

export interface Training {
  readonly agent: Agent;
  readonly options: TrainingOptions;
  /** What each epoch so far brought. */
  readonly curve: readonly Point[];
  /** @throws Refusal DATA_BROKEN when a number is none any more; the training is over then */
  epoch(): Point;
  save(file: string): void;
}

export function startTraining(options: TrainingOptions): Training {
  return training(options, createAgent(options.seed), []);
}

/** @throws Refusal NOT_FOUND, DATA_BROKEN; MALFORMED when the checkpoint is of other options */
export function resumeTraining(file: string, options: TrainingOptions): Training {
  const content = readSealed(CHECKPOINT, file);
  if (JSON.stringify(content.options) !== JSON.stringify(options))
    throw new Refusal(
      'MALFORMED',
      `The checkpoint at ${file} is of a training with other options: ${JSON.stringify(content.options)}.`,
      'Give the same seed and method again, or start without --resume.',
    );
  const agent = createAgent(options.seed);
  restore(agent.actor, content.actor, file);
  restore(agent.critic, content.critic, file);
  return training(options, agent, content.curve as Point[]);
}

function training(options: TrainingOptions, agent: Agent, before: readonly Point[]): Training {
  const curve = [...before];
  return {
    agent,
    options,
    curve,
    epoch() {
      const report = runEpoch(agent, curve.length, options);
      if (!isSound(agent, report))
        throw new Refusal(
          'DATA_BROKEN',
          `Epoch ${curve.length + 1} gave numbers that are none: the weights ran away.`,
          'The last checkpoint is good: train on from it with smaller rates.',
          { retryable: false },
        );
      const isLook = options.heldOut > 0 && (curve.length + 1) % LOOK_EVERY === 0;
      const point = isLook ? { ...report, held: validate(agent.actor, options.heldOut) } : report;
      curve.push(point);
      return point;
    },
    save: (file) =>
      writeSealed(CHECKPOINT, file, {
        options,
        curve,
        actor: stateOf(agent.actor),
        critic: stateOf(agent.critic),
      }),
  };
}

function isSound({ actor, critic }: Agent, { reward, criticLoss }: EpochReport): boolean {
  if (!Number.isFinite(reward) || !Number.isFinite(criticLoss)) return false;
  return [actor, critic].every(({ parameters }) => parameters.every(Number.isFinite));
}

function stateOf(network: Network): Record<string, unknown> {
  const { parameters, moments, steps } = network;
  return { parameters: packFloats(parameters), moments: packFloats(moments), steps };
}

function restore(network: Network, state: unknown, file: string): void {
  const { parameters, moments, steps } = (state ?? {}) as Record<string, unknown>;
  const weights = unpackFloats(parameters, network.parameters.length);
  const moved = unpackFloats(moments, network.moments.length);
  if (!weights || !moved || typeof steps !== 'number')
    throw new Refusal('DATA_BROKEN', `The checkpoint at ${file} is of another network.`, CHECKPOINT.fix, {
      retryable: false,
    });
  network.restore({ parameters: weights, moments: moved, steps });
}
