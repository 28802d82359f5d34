/** The network again, by plain loops over plain arrays in double precision: what the fast one is checked against. */
import type { Network } from '../../scheduler/cluster/net/network.ts';

export interface SlowLayer {
  weights: number[][];
  bias: number[];
}

/** The parameters as plain arrays, read by the layout's rule: rows padded to four, weights before their bias. */
export function layersOf({ shape, parameters }: Network): SlowLayer[] {
  let at = 0;
  const pad = (width: number): number => Math.ceil(width / 4) * 4;
  return shape.slice(1).map((outputs, index) => {
    const inputs = shape[index]!;
    const row = (from: number): number[] => [...parameters.slice(from, from + outputs)];
    const weights = Array.from({ length: inputs }, (_, i) => row(at + i * pad(outputs)));
    at += pad(inputs) * pad(outputs);
    const bias = row(at);
    at += pad(outputs);
    return { weights, bias };
  });
}

export function parameterPlaces({ shape }: Network): number[] {
  const pad = (width: number): number => Math.ceil(width / 4) * 4;
  const places: number[] = [];
  let at = 0;
  shape.slice(1).forEach((outputs, index) => {
    const inputs = shape[index]!;
    for (let i = 0; i < inputs; i++) for (let o = 0; o < outputs; o++) places.push(at + i * pad(outputs) + o);
    at += pad(inputs) * pad(outputs);
    for (let o = 0; o < outputs; o++) places.push(at + o);
    at += pad(outputs);
  });
  return places;
}

export function slowForward(network: Network, row: number[], layers = layersOf(network)): number[][] {
  const values = [row];
  layers.forEach(({ weights, bias }, index) => {
    const before = values.at(-1)!;
    const after = bias.map((b, o) => b + before.reduce((sum, value, i) => sum + value * weights[i]![o]!, 0));
    values.push(index < layers.length - 1 ? after.map((value) => Math.max(0, value)) : after);
  });
  return values;
}

export function slowLoss(
  network: Network,
  inputs: number[][],
  targets: number[][],
  place: number,
  shift: number,
): number {
  const parameters = Float64Array.from(network.parameters) as unknown as Float32Array;
  parameters[place]! += shift;
  const layers = layersOf({ ...network, parameters });
  return inputs.reduce((sum, row, r) => {
    const out = slowForward(network, row, layers).at(-1)!;
    return sum + out.reduce((part, value, o) => part + 0.5 * (value - targets[r]![o]!) ** 2, 0);
  }, 0);
}

/** Largest difference between the network's gradient and finite differences, as a share of the gradient's largest number. */
export function gradientError(network: Network, inputs: number[][], targets: number[][]): number {
  inputs.forEach((row, r) => network.input.set(row, r * network.inputStride));
  network.gradients.fill(0);
  network.forward(inputs.length);
  targets.forEach((row, r) =>
    row.forEach((target, o) => {
      const place = r * network.outputStride + o;
      network.outputGradient[place] = network.output[place]! - target;
    }),
  );
  network.backward(inputs.length);
  const step = 1e-5;
  const largest = network.gradients.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  let worst = 0;
  for (const place of parameterPlaces(network)) {
    const loss = (shift: number): number => slowLoss(network, inputs, targets, place, shift);
    const slope = (loss(step) - loss(-step)) / (2 * step);
    worst = Math.max(worst, Math.abs(network.gradients[place]! - slope) / largest);
  }
  return worst;
}
