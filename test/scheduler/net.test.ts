/** The network against an independent slow one in double precision, against finite differences, and against tfjs. */
import * as tf from '@tensorflow/tfjs';
import { describe, expect, test } from 'vitest';
import { random } from '../../bench/bench.ts';
import { layersOf, parameterPlaces, slowForward, slowLoss } from '../../bench/dcat/slow-network.ts';
import { keccak } from '../../domain/hash.ts';
import { exp, log, squareRoot } from '../../scheduler/cluster/net/math.ts';
import { createNetwork, type Network } from '../../scheduler/cluster/net/network.ts';
import { addChoiceGradient, entropyOf, softmax } from '../../scheduler/cluster/net/softmax.ts';

const SHAPES = [
  [5, 8, 3],
  [32, 64, 64, 17],
  [7, 12, 4, 20, 1],
  [1, 4],
];

describe('network', () => {
  test.each(SHAPES.map((shape) => [shape]))('forward_equalsTheSlowReference %j', (shape) => {
    const { network, inputs } = setup({ shape, rows: 11 });
    network.forward(11);
    inputs.forEach((row, r) => {
      const slow = slowForward(network, row).at(-1)!;
      slow.forEach((value, o) => {
        expect(network.output[r * network.outputStride + o]).toBeCloseTo(value, 4);
      });
    });
  });

  test('forward_aRowIsTheSameToTheBitInAnyCompany', () => {
    const { network, inputs } = setup({ shape: [32, 64, 64, 17], rows: 13 });
    network.forward(13);
    const together = network.output.slice(0, 13 * network.outputStride);
    inputs.forEach((row, r) => {
      network.input.set(row, 0);
      network.forward(1);
      const alone = network.output.slice(0, 17);
      expect([...alone]).toEqual([
        ...together.slice(r * network.outputStride, r * network.outputStride + 17),
      ]);
    });
  });

  test.each(SHAPES.map((shape) => [shape]))('backward_equalsFiniteDifferences %j', (shape) => {
    const { network, inputs, targets } = setup({ shape, rows: 9 });
    descend(network, targets);
    const places = parameterPlaces(network);
    const step = 1e-5;
    const picks = places.length > 400 ? places.filter((_, index) => index % 23 === 0) : places;
    for (const place of picks) {
      const loss = (shift: number): number => slowLoss(network, inputs, targets, place, shift);
      const slope = (loss(step) - loss(-step)) / (2 * step);
      expect(network.gradients[place]!).toBeCloseTo(slope, 3);
    }
  });

  test('backward_padsStayZero', () => {
    const { network, targets } = setup({ shape: [5, 8, 3], rows: 9 });
    descend(network, targets);
    network.step(0.1);
    const real = new Set(parameterPlaces(network));
    network.parameters.forEach((value, place) => {
      if (!real.has(place)) expect(value).toBe(0);
    });
    expect(network.gradients.every((value) => value === 0)).toBe(true);
  });

  test('trainingByAdam_followsTfjs', async () => {
    await tf.setBackend('cpu');
    const shape = [6, 16, 16, 3];
    const { network, inputs, targets } = setup({ shape, rows: 8 });
    const weights = layersOf(network).map(({ weights: w, bias }) => [
      tf.variable(tf.tensor2d(w)),
      tf.variable(tf.tensor1d(bias)),
    ]);
    const adam = tf.train.adam(0.01, 0.9, 0.999, 1e-8);
    const x = tf.tensor2d(inputs);
    const y = tf.tensor2d(targets);
    const loss = (): tf.Scalar =>
      tf.tidy(() => {
        let h: tf.Tensor = x;
        weights.forEach(([w, b], index) => {
          h = tf.add(tf.matMul(h as tf.Tensor2D, w as unknown as tf.Tensor2D), b!);
          if (index < weights.length - 1) h = tf.relu(h);
        });
        return tf.mul<tf.Scalar>(0.5, tf.sum(tf.square(tf.sub(h, y))));
      });
    const { grads } = tf.variableGrads(loss);
    descend(network, targets);
    const theirs = weights.flatMap(([w, b]) => [
      ...grads[w!.name]!.dataSync(),
      ...grads[b!.name]!.dataSync(),
    ]);
    const ours = parameterPlaces(network).map((place) => network.gradients[place]!);
    const largest = Math.max(...theirs.map(Math.abs));
    ours.forEach((value, index) => expect(Math.abs(value - theirs[index]!)).toBeLessThan(1e-5 * largest));
    for (let step = 0; step < 50; step++) {
      adam.minimize(loss);
      network.step(0.01);
      descend(network, targets);
    }
    const after = weights.flatMap(([w, b]) => [...w!.dataSync(), ...b!.dataSync()]);
    parameterPlaces(network).forEach((place, index) =>
      expect(network.parameters[place]!).toBeCloseTo(after[index]!, 3),
    );
    tf.disposeVariables();
  });

  test('training_givesTheSameBitsOnEveryMachine', () => {
    const { network, targets } = setup({ shape: [32, 64, 64, 17], rows: 64 });
    for (let step = 0; step < 100; step++) {
      descend(network, targets);
      network.step(1e-3, 1);
    }
    const bytes = new Uint8Array(network.parameters.slice().buffer);
    // What the first machine got. A change of the kernels that moves it makes every shipped policy untrue to its seed.
    expect(keccak(bytes)).toBe(BITS);
  });

  test('training_goesOnFromItsStateAsIfItHadNeverStopped', () => {
    const whole = setup({ shape: [5, 8, 3], rows: 9 });
    const other = setup({ shape: [5, 8, 3], rows: 9 });
    const train = (network: Network, steps: number): void => {
      for (let step = 0; step < steps; step++) {
        descend(network, whole.targets);
        network.step(0.01, 2);
      }
    };
    train(whole.network, 7);
    const { parameters, moments, steps } = whole.network;
    other.network.restore({ parameters: parameters.slice(), moments: moments.slice(), steps });
    train(whole.network, 5);
    train(other.network, 5);
    expect([...other.network.parameters]).toEqual([...whole.network.parameters]);
  });

  test('step_shortensALongGradient', () => {
    const { network, targets } = setup({ shape: [5, 8, 3], rows: 9 });
    descend(network, targets);
    const long = network.gradients.slice();
    const length = Math.sqrt(long.reduce((sum, value) => sum + value * value, 0));
    network.step(0.01, length / 4);
    const first = network.moments.subarray(0, long.length);
    first.forEach((moment, place) => expect(moment).toBeCloseTo((0.1 * long[place]!) / 4, 5));
  });

  test('aBrokenNumber_isSeenInTheOutput', () => {
    const { network } = setup({ shape: [5, 8, 3], rows: 1 });
    network.parameters[0] = NaN;
    network.forward(1);
    expect(network.output[0]).toBeNaN();
  });
});

describe('functions made of + − · / alone', () => {
  test('agreeWithTheEngine', () => {
    const next = random(3);
    for (let i = 0; i < 20_000; i++) {
      const x = (next() - 0.5) * 1_400;
      const y = next() * 1e6 + 1e-12;
      expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-12);
      expect(Math.abs(log(y) - Math.log(y))).toBeLessThan(1e-12);
      expect(Math.abs(squareRoot(y) / Math.sqrt(y) - 1)).toBeLessThan(1e-14);
    }
    expect([exp(0), exp(-1_000), exp(1_000), exp(NaN), squareRoot(0), log(1)]).toEqual([
      1,
      0,
      Infinity,
      NaN,
      0,
      0,
    ]);
  });

  test('choiceGradient_equalsFiniteDifferences', () => {
    const scores = Float64Array.of(0.3, -1.2, 2.1, 0.9);
    const loss = (values: Float64Array): number => {
      const p = softmax(values, 0, 4);
      return -0.7 * Math.log(p[1]!) - 0.05 * entropyOf(p);
    };
    const gradient = new Float64Array(4);
    addChoiceGradient(softmax(scores, 0, 4), 4, 1, 0.7, 0.05, gradient, 0);
    scores.forEach((_, place) => {
      const moved = (shift: number): Float64Array =>
        scores.map((value, i) => (i === place ? value + shift : value));
      expect(gradient[place]).toBeCloseTo((loss(moved(1e-5)) - loss(moved(-1e-5))) / 2e-5, 8);
    });
  });
});

const BITS = '0x8859f31628e0239c3a555104fe557602315dc7a22d14e165ed9b8aa26d745498';

interface Setup {
  network: Network;
  inputs: number[][];
  targets: number[][];
}

function setup({ shape, rows }: { shape: number[]; rows: number }): Setup {
  const next = random(7);
  const network = createNetwork(shape, rows, next);
  // The last layer starts small; larger numbers check more.
  network.parameters.forEach((value, place) => {
    if (value !== 0) network.parameters[place] = next() - 0.5;
  });
  const draw = (width: number): number[][] =>
    Array.from({ length: rows }, () => Array.from({ length: width }, () => Math.fround(next() * 2 - 1)));
  const inputs = draw(shape[0]!);
  const targets = draw(shape.at(-1)!);
  inputs.forEach((row, r) => network.input.set(row, r * network.inputStride));
  return { network, inputs, targets };
}

/** Gradient of half the squared distance to the targets. */
function descend(network: Network, targets: number[][]): void {
  network.forward(targets.length);
  targets.forEach((row, r) =>
    row.forEach((target, o) => {
      const place = r * network.outputStride + o;
      network.outputGradient[place] = network.output[place]! - target;
    }),
  );
  network.backward(targets.length);
}
