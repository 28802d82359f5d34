/**
 * `npm run train:dcat` trains the clustering policy and writes the file that ships. `--check` trains into a scratch file and proves on the
 * way that the gradient is right, that the same seed gives the same bits, with and without a stop in between, and that the reward grew.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { createProgress } from '../../cli/progress.ts';
import { Refusal } from '../../domain/refusal.ts';
import { SHIPPED_POLICY, writePolicy } from '../../scheduler/cluster/policy/policy-file.ts';
import {
  DEFAULTS,
  REINFORCE,
  type Method,
  type TrainingOptions,
} from '../../scheduler/cluster/training/epoch.ts';
import { resumeTraining, startTraining, type Training } from '../../scheduler/cluster/training/training.ts';
import { validate } from '../../scheduler/cluster/training/validation.ts';
import { convergencePlot } from './convergence.ts';
import { checkTraining, type Checks } from './training-checks.ts';

const USAGE =
  'usage: npm run train:dcat -- [--epochs N] [--seed N] [--method a2c|reinforce] [--out FILE] [--curve FILE.svg] [--resume] [--check]';
const SCRATCH = join('.cardhour', 'training');
const SAVE_EVERY = 10;

try {
  await main();
} catch (error) {
  if (!(error instanceof Refusal)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const request = readRequest();
  if (request === null) {
    console.error(USAGE);
    process.exitCode = 2;
    return;
  }
  const { out, curve, check, options } = request;
  const started = performance.now();
  const checks = check ? await checkTraining(options, SCRATCH) : null;
  const training = open(request);
  const before = validate(startTraining(options).agent.actor, options.heldOut);
  train(training, request);
  const { actor } = training.agent;
  const after = validate(actor, options.heldOut);
  mkdirSync(dirname(out), { recursive: true });
  writePolicy(out, actor, { method: options.method, seed: options.seed, epochs: training.curve.length });
  if (curve) {
    mkdirSync(dirname(curve), { recursive: true });
    writeFileSync(curve, convergencePlot(options.method, before, training.curve));
  }
  rmSync(request.checkpoint, { force: true });
  const report = {
    ...checks,
    epochs: training.curve.length,
    rewardBefore: inTenThousandths(before.sampled),
    rewardAfter: inTenThousandths(after.sampled),
    greedyBefore: inTenThousandths(before.greedy),
    greedyAfter: inTenThousandths(after.greedy),
    policy: out,
    ...(curve ? { curve } : {}),
    ok: checks === null || (isRight(checks) && after.sampled > before.sampled),
    seconds: Math.round((performance.now() - started) / 100) / 10,
  };
  console.log(JSON.stringify(report));
  if (!report.ok) process.exitCode = 1;
}

interface Request {
  epochs: number;
  out: string;
  curve: string | null;
  checkpoint: string;
  resume: boolean;
  check: boolean;
  options: TrainingOptions;
}

function readRequest(): Request | null {
  try {
    const { values } = parseArgs({
      options: {
        epochs: { type: 'string', default: '600' },
        seed: { type: 'string', default: '1' },
        method: { type: 'string', default: 'a2c' },
        out: { type: 'string' },
        curve: { type: 'string' },
        resume: { type: 'boolean', default: false },
        check: { type: 'boolean', default: false },
      },
    });
    const epochs = Number(values.epochs);
    const seed = Number(values.seed);
    const { method, resume, check } = values;
    if (!Number.isSafeInteger(epochs) || epochs < 1 || !Number.isSafeInteger(seed) || seed < 0) return null;
    if (!isMethod(method)) return null;
    const out = values.out ?? (check ? join(SCRATCH, 'checked-policy.json') : SHIPPED_POLICY);
    return {
      epochs,
      out,
      curve: values.curve ?? null,
      checkpoint: join(SCRATCH, `${method}-${seed}${check ? '-check' : ''}.checkpoint.json`),
      resume,
      check,
      options: { ...(method === 'a2c' ? DEFAULTS : REINFORCE), seed },
    };
  } catch {
    return null;
  }
}

function isMethod(word: string): word is Method {
  return word === 'a2c' || word === 'reinforce';
}

function open({ resume, checkpoint, options }: Request): Training {
  mkdirSync(SCRATCH, { recursive: true });
  return resume ? resumeTraining(checkpoint, options) : startTraining(options);
}

/** Kill it at any moment: `--resume` goes on from the last whole checkpoint, at most ten epochs back. */
function train(training: Training, { epochs, checkpoint }: Request): void {
  const progress = createProgress();
  progress.start('training', epochs);
  try {
    while (training.curve.length < epochs) {
      training.epoch();
      const done = training.curve.length;
      if (done % SAVE_EVERY === 0) training.save(checkpoint);
      progress.at(done);
    }
  } catch (error) {
    if (error instanceof Refusal) progress.say(`The last good checkpoint is ${checkpoint}.`);
    throw error;
  } finally {
    progress.end();
  }
}

function isRight({ gradientError, tfjsDifference, sameBits, resumedSameBits }: Checks): boolean {
  return gradientError < 1e-4 && tfjsDifference < 1e-4 && sameBits && resumedSameBits;
}

function inTenThousandths(value: number): number {
  return Math.round(value * 10_000) / 10_000;
}
