/**
 * A small fully connected network with ReLU between its layers, in single precision, trained by Adam. The same seed gives the same
 * weights to the bit on every machine: sums in a fixed order, no function of the engine.
 */
import { BETA_1, BETA_2, makeKernels } from './kernels.ts';
import { layoutOf } from './layout.ts';
import { squareRoot } from './math.ts';

export interface Network {
  /** Inputs, hidden layers, outputs. */
  readonly shape: readonly number[];
  /** At most so many rows at once. */
  readonly capacity: number;
  /** Row r of the input lies at `r · inputStride`; floats beyond the inputs stay zero. The same of outputs and their gradients. */
  readonly input: Float32Array;
  readonly inputStride: number;
  readonly output: Float32Array;
  readonly outputGradient: Float32Array;
  readonly outputStride: number;
  /** Weights and biases of one layer after another, padded with zeros; writing to it changes the network. */
  readonly parameters: Float32Array;
  readonly gradients: Float32Array;
  /** Adam's state: with it and the parameters training goes on where it was. */
  readonly moments: Float32Array;
  readonly steps: number;
  forward(rows: number): void;
  /** Adds to `gradients`; the rows are those of the last `forward`. */
  backward(rows: number): void;
  /** Moves the parameters against the gradients, whose length counts at most `longest`; the gradients are zero after. */
  step(rate: number, longest?: number): void;
  restore(state: { parameters: Float32Array; moments: Float32Array; steps: number }): void;
}

/** `random` gives numbers in [0, 1); weights start uniform within ±√(6 / inputs), the last layer's a tenth of it, biases at zero. */
export function createNetwork(shape: readonly number[], capacity: number, random: () => number): Network {
  const layout = layoutOf(shape, capacity);
  const { kernels, memory } = makeKernels(layout);
  const view = (byte: number, floats: number): Float32Array => new Float32Array(memory, byte, floats);
  const first = layout.layers[0]!;
  const last = layout.layers.at(-1)!;
  const floats = layout.parameterBytes / 4;
  const parameters = view(0, floats);
  const gradients = view(layout.gradients, floats);
  const moments = view(layout.firstMoments, 2 * floats);
  let steps = 0;
  let power1 = 1;
  let power2 = 1;
  const count = (): void => {
    steps++;
    power1 *= BETA_1;
    power2 *= BETA_2;
  };

  layout.layers.forEach((layer, index) => {
    const [inputs, outputs] = [shape[index]!, shape[index + 1]!];
    const bound = squareRoot(6 / inputs) * (layer === last ? 0.1 : 1);
    for (let i = 0; i < inputs; i++) {
      const row = layer.weights / 4 + i * layer.outputs;
      for (let o = 0; o < outputs; o++) parameters[row + o] = (2 * random() - 1) * bound;
    }
  });

  return {
    shape,
    capacity,
    input: view(first.input, first.inputs * capacity),
    inputStride: first.inputs,
    output: view(last.output, last.outputs * capacity),
    outputGradient: view(last.outputGradient, last.outputs * capacity),
    outputStride: last.outputs,
    parameters,
    gradients,
    moments,
    get steps() {
      return steps;
    },
    forward: (rows) => kernels.forward(within(rows)),
    backward: (rows) => kernels.backward(within(rows)),
    step(rate, longest = Infinity) {
      count();
      const scale = shortened(gradients, longest);
      kernels.adam(rate, scale, 1 / (1 - power1), 1 / (1 - power2));
    },
    restore(state) {
      parameters.set(state.parameters);
      moments.set(state.moments);
      gradients.fill(0);
      steps = 0;
      power1 = power2 = 1;
      while (steps < state.steps) count();
    },
  };

  function within(rows: number): number {
    if (rows >= 1 && rows <= capacity) return rows;
    throw new Error(`${rows} rows: the network was made for 1 to ${capacity}`);
  }
}

/** What the gradient is multiplied by so that it is no longer than `longest`. */
function shortened(gradients: Float32Array, longest: number): number {
  if (longest === Infinity) return 1;
  let squares = 0;
  for (const gradient of gradients) squares += gradient * gradient;
  const length = squareRoot(squares);
  return length > longest ? longest / length : 1;
}
