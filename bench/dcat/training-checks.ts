/** What must hold of any training, proved on a short one. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { createNetwork } from '../../scheduler/cluster/net/network.ts';
import type { TrainingOptions } from '../../scheduler/cluster/training/epoch.ts';
import { resumeTraining, startTraining, type Training } from '../../scheduler/cluster/training/training.ts';
import { random } from '../bench.ts';
import { differenceFromTfjs } from './a2c-speed.ts';
import { gradientError } from './slow-network.ts';

export interface Checks {
  /** Against finite differences in double precision, as a share of the gradient's largest number. */
  gradientError: number;
  /** Largest difference of a weight from tfjs's after 20 updates from the same weights. */
  tfjsDifference: number;
  sameBits: boolean;
  resumedSameBits: boolean;
}

const SHORT = { worlds: 2, forks: 2, heldOut: 0 };

export async function checkTraining(options: TrainingOptions, folder: string): Promise<Checks> {
  const short = { ...options, ...SHORT };
  const whole = trained(startTraining(short), 3);
  const again = trained(startTraining(short), 3);
  const half = trained(startTraining(short), 1);
  const file = join(folder, 'stopped.checkpoint.json');
  mkdirSync(folder, { recursive: true });
  half.save(file);
  const resumed = trained(resumeTraining(file, short), 2);
  rmSync(file);
  return {
    gradientError: smallNetworkError(options.seed),
    tfjsDifference: await differenceFromTfjs(options.seed),
    sameBits: alike(whole, again),
    resumedSameBits: alike(whole, resumed),
  };
}

function trained(training: Training, epochs: number): Training {
  for (let epoch = 0; epoch < epochs; epoch++) training.epoch();
  return training;
}

function alike(a: Training, b: Training): boolean {
  const same = (x: Float32Array, y: Float32Array): boolean =>
    Buffer.from(x.slice().buffer).equals(Buffer.from(y.slice().buffer));
  return (['actor', 'critic'] as const).every((part) =>
    same(a.agent[part].parameters, b.agent[part].parameters),
  );
}

function smallNetworkError(seed: number): number {
  const next = random(seed);
  const network = createNetwork([10, 16, 12, 5], 8, next);
  const draw = (width: number): number[][] =>
    Array.from({ length: 8 }, () => Array.from({ length: width }, () => Math.fround(next() * 2 - 1)));
  return gradientError(network, draw(10), draw(5));
}
