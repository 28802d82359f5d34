/**
 * Advantage actor-critic in the shape of a usual micro-benchmark (32 inputs, 64, 64, 16 actions and a value, 64 states at once):
 * our network beside tfjs on WebAssembly with SIMD, one thread each, the same update from the same weights in the same run.
 */
import * as tf from '@tensorflow/tfjs';
import { setThreadsCount } from '@tensorflow/tfjs-backend-wasm';
import { createNetwork, type Network } from '../../scheduler/cluster/net/network.ts';
import { addChoiceGradient, softmax } from '../../scheduler/cluster/net/softmax.ts';
import { median, random } from '../bench.ts';

const INPUTS = 32;
const HIDDEN = 64;
const ACTIONS = 16;
const BATCH = 64;
const DISCOUNT = 0.99;
const RATE = 1e-3;
const ROUNDS = 7;
const ROUND_MS = 400;

export interface SpeedFigures {
  a2cUpdatesPerSecond: number;
  tfjsWasmUpdatesPerSecond: number;
  a2cForwardPerSecond: number;
  /** States of a batch of 64, a second. */
  a2cBatchedForwardPerSecond: number;
  /** Largest difference of a weight after 20 updates of both from the same weights. */
  largestDifference: number;
}

interface Batch {
  states: Float32Array;
  nextStates: Float32Array;
  actions: number[];
  rewards: Float32Array;
}

/** Largest difference of a weight from tfjs's after 20 updates from the same weights. */
export async function differenceFromTfjs(seed: number): Promise<number> {
  const { ours, reference, network } = await openBoth(seed);
  try {
    for (let step = 0; step < 20; step++) {
      ours();
      reference.update();
    }
    return reference.difference(network);
  } finally {
    reference.close();
  }
}

async function openBoth(seed: number): Promise<{
  ours: () => void;
  reference: Reference;
  network: Network;
  batch: Batch;
}> {
  const next = random(seed);
  const batch = drawBatch(next);
  const network = createNetwork([INPUTS, HIDDEN, HIDDEN, ACTIONS + 1], BATCH, next);
  return {
    ours: () => update(network, batch),
    reference: await openReference(network, batch),
    network,
    batch,
  };
}

/** Medians of rounds in turn, so that a busy machine slows both. */
export async function a2cSpeed(seed: number): Promise<SpeedFigures> {
  const largestDifference = await differenceFromTfjs(seed);
  const { ours, reference, network, batch } = await openBoth(seed);
  const states = Array.from({ length: BATCH }, (_, b) => batch.states.slice(b * INPUTS, (b + 1) * INPUTS));
  let turn = 0;
  const one = (): void => {
    network.input.set(states[turn++ % BATCH]!);
    network.forward(1);
  };
  const rates = { ours: [] as number[], theirs: [] as number[], one: [] as number[], many: [] as number[] };
  try {
    for (let round = 0; round < ROUNDS; round++) {
      rates.ours.push(perSecond(ours, 50));
      rates.theirs.push(perSecond(reference.update, 5));
      rates.one.push(perSecond(one, 5_000));
      rates.many.push(BATCH * perSecond(() => network.forward(BATCH), 100));
    }
  } finally {
    reference.close();
  }
  return {
    a2cUpdatesPerSecond: Math.round(median(rates.ours)),
    tfjsWasmUpdatesPerSecond: Math.round(median(rates.theirs)),
    a2cForwardPerSecond: Math.round(median(rates.one)),
    a2cBatchedForwardPerSecond: Math.round(median(rates.many)),
    largestDifference,
  };
}

/** V(s′), then forward, advantage r + ξV′ − V, backward and Adam. */
function update(network: Network, { states, nextStates, actions, rewards }: Batch): void {
  const stride = network.outputStride;
  const { input, output, outputGradient } = network;
  input.set(nextStates);
  network.forward(BATCH);
  const targets = new Float64Array(BATCH);
  for (let b = 0; b < BATCH; b++) targets[b] = rewards[b]! + DISCOUNT * output[b * stride + ACTIONS]!;
  input.set(states);
  network.forward(BATCH);
  outputGradient.fill(0);
  const probabilities = new Float64Array(ACTIONS);
  for (let b = 0; b < BATCH; b++) {
    const at = b * stride;
    const advantage = targets[b]! - output[at + ACTIONS]!;
    softmax(output, at, ACTIONS, 1, probabilities);
    addChoiceGradient(probabilities, ACTIONS, actions[b]!, advantage / BATCH, 0, outputGradient, at);
    outputGradient[at + ACTIONS] = -advantage / BATCH;
  }
  network.backward(BATCH);
  network.step(RATE);
}

interface Reference {
  update: () => void;
  difference: (network: Network) => number;
  close: () => void;
}

/** The same update in tfjs, from the network's weights as they are now. */
async function openReference(network: Network, batch: Batch): Promise<Reference> {
  setThreadsCount(1);
  if (!(await tf.setBackend('wasm'))) throw new Error('tfjs has no WebAssembly back end here');
  const layers = network.shape.slice(1).map((outputs, index) => ({ inputs: network.shape[index]!, outputs }));
  const weights: tf.Variable[] = [];
  forEachLayer(network, layers, (w, b, { inputs, outputs }) => {
    weights.push(tf.variable(tf.tensor2d(w, [inputs, outputs])), tf.variable(tf.tensor1d(b)));
  });
  const adam = tf.train.adam(RATE, 0.9, 0.999, 1e-8);
  const states = tf.tensor2d(batch.states, [BATCH, INPUTS]);
  const nextStates = tf.tensor2d(batch.nextStates, [BATCH, INPUTS]);
  const rewards = tf.tensor1d(batch.rewards);
  const chosen = tf.cast(tf.oneHot(tf.tensor1d(batch.actions, 'int32'), ACTIONS), 'float32');
  const run = (x: tf.Tensor2D): [scores: tf.Tensor2D, values: tf.Tensor1D] => {
    let h: tf.Tensor = x;
    for (let layer = 0; layer < layers.length; layer++) {
      h = tf.add(tf.matMul(h, weights[2 * layer]! as tf.Tensor), weights[2 * layer + 1]!);
      if (layer < layers.length - 1) h = tf.relu(h);
    }
    const scores = tf.slice2d(h as tf.Tensor2D, [0, 0], [BATCH, ACTIONS]);
    return [scores, tf.reshape(tf.slice2d(h as tf.Tensor2D, [0, ACTIONS], [BATCH, 1]), [BATCH])];
  };
  // What the advantage is made of counts as given: only the scores and the value's own error are learnt from.
  const lossOf = (targets: tf.Tensor1D, advantages: tf.Tensor1D): tf.Scalar => {
    const [scores, values] = run(states);
    const likely = tf.sum(tf.mul(chosen, tf.logSoftmax(scores)), 1);
    const actor = tf.neg(tf.mean(tf.mul(advantages, likely)));
    return tf.add<tf.Scalar>(actor, tf.mul(0.5, tf.mean(tf.square(tf.sub(targets, values)))));
  };
  return {
    update: () =>
      tf.tidy(() => {
        const targets = tf.add<tf.Tensor1D>(rewards, tf.mul(DISCOUNT, run(nextStates)[1]));
        const advantages = tf.sub<tf.Tensor1D>(targets, run(states)[1]);
        adam.minimize(() => lossOf(targets, advantages));
        // Whoever trains wants the weights' step done, not queued.
        weights.at(-1)!.dataSync();
      }),
    difference(other) {
      let largest = 0;
      let index = 0;
      forEachLayer(other, layers, (w, b) => {
        for (const ours of [w, b]) {
          const theirs = weights[index++]!.dataSync();
          ours.forEach((value, at) => (largest = Math.max(largest, Math.abs(value - theirs[at]!))));
        }
      });
      return largest;
    },
    close() {
      adam.dispose();
      tf.dispose([states, nextStates, rewards, chosen, ...weights]);
    },
  };
}

/** Weights and bias of each layer, without the padding of their rows to four. */
function forEachLayer(
  { parameters }: Network,
  layers: readonly { inputs: number; outputs: number }[],
  each: (weights: Float32Array, bias: Float32Array, layer: { inputs: number; outputs: number }) => void,
): void {
  let at = 0;
  for (const layer of layers) {
    const wide = Math.ceil(layer.outputs / 4) * 4;
    const weights = new Float32Array(layer.inputs * layer.outputs);
    for (let i = 0; i < layer.inputs; i++)
      weights.set(parameters.subarray(at + i * wide, at + i * wide + layer.outputs), i * layer.outputs);
    at += Math.ceil(layer.inputs / 4) * 4 * wide;
    each(weights, parameters.slice(at, at + layer.outputs), layer);
    at += wide;
  }
}

function drawBatch(next: () => number): Batch {
  const draw = (count: number): Float32Array => Float32Array.from({ length: count }, () => 2 * next() - 1);
  return {
    states: draw(BATCH * INPUTS),
    nextStates: draw(BATCH * INPUTS),
    actions: Array.from({ length: BATCH }, () => Math.floor(next() * ACTIONS)),
    rewards: draw(BATCH),
  };
}

function perSecond(run: () => void, chunk: number): number {
  const started = performance.now();
  let done = 0;
  let now = started;
  while (now - started < ROUND_MS) {
    for (let i = 0; i < chunk; i++) run();
    done += chunk;
    now = performance.now();
  }
  return (done * 1000) / (now - started);
}
