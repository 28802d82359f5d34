/** Forward, backward and Adam of one network as WebAssembly, with every address of its layout built in. */
import * as wasm from './assembler.ts';
import type { Code, Locals, Routine } from './assembler.ts';
import type { Layer, Layout } from './layout.ts';
import { productsIn } from './product.ts';

export const BETA_1 = 0.9;
export const BETA_2 = 0.999;
const EPSILON = 1e-8;
const PAGE_BYTES = 65_536;

export interface Kernels {
  forward(rows: number): void;
  /** Adds to the gradients what the output gradients of the last forward's rows say. */
  backward(rows: number): void;
  /** One step of Adam; gradients count `scale` and are zero after. The corrections are 1 / (1 − βᵗ). */
  adam(rate: number, scale: number, correction1: number, correction2: number): void;
}

export function makeKernels(layout: Layout): { kernels: Kernels; memory: ArrayBuffer } {
  const pages = Math.ceil(layout.bytes / PAGE_BYTES);
  const memory = new WebAssembly.Memory({ initial: pages });
  const module = new WebAssembly.Module(assemble(pages, layout));
  const { exports } = new WebAssembly.Instance(module, { env: { memory } });
  return { kernels: exports as unknown as Kernels, memory: memory.buffer };
}

function assemble(pages: number, layout: Layout): Uint8Array<ArrayBuffer> {
  const routines: Routine[] = [
    { name: 'forward', parameters: ['i32'], body: (locals) => forward(layout, locals) },
    { name: 'backward', parameters: ['i32'], body: (locals) => backward(layout, locals) },
    { name: 'adam', parameters: ['f32', 'f32', 'f32', 'f32'], body: (locals) => adam(layout, locals) },
  ];
  return wasm.assemble(pages, routines);
}

function forward({ layers }: Layout, locals: Locals): Code {
  const rows = wasm.get(locals.parameter(0));
  const product = productsIn(locals);
  return layers.flatMap((layer, index) =>
    product({
      a: layer.input,
      aRow: layer.inputs * 4,
      aStep: 4,
      b: layer.weights,
      bStep: layer.outputs * 4,
      c: layer.output,
      cRow: layer.outputs * 4,
      rows,
      depth: layer.inputs,
      columns: layer.outputs,
      start: { row: layer.bias },
      finish: index === layers.length - 1 ? 'sum' : 'relu',
    }),
  );
}

function backward({ layers, gradients }: Layout, locals: Locals): Code {
  const rows = wasm.get(locals.parameter(0));
  const product = productsIn(locals);
  const i = locals.integer();
  const j = locals.integer();
  const sum = locals.vector();
  return layers.toReversed().flatMap((layer) => {
    const weightGradients = product({
      a: layer.input,
      aRow: 4,
      aStep: layer.inputs * 4,
      b: layer.outputGradient,
      bStep: layer.outputs * 4,
      c: gradients + layer.weights,
      cRow: layer.outputs * 4,
      rows: wasm.number32(layer.inputs),
      depth: rows,
      columns: layer.outputs,
      start: 'held',
      finish: 'sum',
    });
    const own = [...weightGradients, ...biasGradients(layer, gradients, rows, i, sum)];
    if (layer === layers[0]) return own;
    const inputGradients = product({
      a: layer.outputGradient,
      aRow: layer.outputs * 4,
      aStep: 4,
      b: layer.turned,
      bStep: layer.inputs * 4,
      c: layer.inputGradient,
      cRow: layer.inputs * 4,
      rows,
      depth: layer.outputs,
      columns: layer.inputs,
      start: 'zero',
      finish: { mask: layer.input },
    });
    return [...own, ...turn(layer, i, j), ...inputGradients];
  });
}

/** Sums of the output gradients over the rows, four columns at a time. */
function biasGradients(layer: Layer, gradients: number, rows: Code, row: number, sum: number): Code {
  const bytes = layer.outputs * 4;
  return Array.from({ length: layer.outputs / 4 }, (_, index) => index * 16).flatMap((column) => {
    const place = wasm.number32(gradients + layer.bias + column);
    return [
      ...wasm.set(sum, wasm.load(place)),
      ...wasm.set(row, wasm.number32(0)),
      ...wasm.whileBelow(
        row,
        wasm.multiply(rows, wasm.number32(bytes)),
        wasm.number32(bytes),
        wasm.set(sum, wasm.plus(wasm.get(sum), wasm.load(wasm.get(row), layer.outputGradient + column))),
      ),
      ...wasm.store(place, wasm.get(sum)),
    ];
  });
}

/** The weights, rows for columns: i is the byte of a row, j of a column. */
function turn(layer: Layer, i: number, j: number): Code {
  const from = wasm.add(
    wasm.number32(layer.weights),
    wasm.add(wasm.multiply(wasm.get(i), wasm.number32(layer.outputs)), wasm.get(j)),
  );
  const to = wasm.add(
    wasm.number32(layer.turned),
    wasm.add(wasm.multiply(wasm.get(j), wasm.number32(layer.inputs)), wasm.get(i)),
  );
  const across = wasm.untilReached(
    j,
    wasm.number32(layer.outputs * 4),
    wasm.number32(4),
    wasm.copyFloat(to, from),
  );
  return [
    ...wasm.set(i, wasm.number32(0)),
    ...wasm.untilReached(i, wasm.number32(layer.inputs * 4), wasm.number32(4), [
      ...wasm.set(j, wasm.number32(0)),
      ...across,
    ]),
  ];
}

/** Kingma and Ba 2015, Algorithm 1. */
function adam(layout: Layout, locals: Locals): Code {
  const at = locals.integer();
  const [rate, scale, correction1, correction2] = [0, 1, 2, 3].map((index) =>
    wasm.splat(wasm.get(locals.parameter(index))),
  ) as [Code, Code, Code, Code];
  const [gradient, first, second] = [locals.vector(), locals.vector(), locals.vector()];
  const here = wasm.get(at);
  const constant = (value: number): Code => wasm.splat(wasm.float(value));
  const blend = (beta: number, held: Code, fresh: Code): Code =>
    wasm.plus(wasm.times(constant(beta), held), wasm.times(constant(1 - beta), fresh));
  const square = wasm.times(wasm.get(gradient), wasm.get(gradient));
  const step = wasm.over(
    wasm.times(rate, wasm.times(wasm.get(first), correction1)),
    wasm.plus(wasm.root(wasm.times(wasm.get(second), correction2)), constant(EPSILON)),
  );
  return [
    ...wasm.set(at, wasm.number32(0)),
    ...wasm.untilReached(at, wasm.number32(layout.parameterBytes), wasm.number32(16), [
      ...wasm.set(gradient, wasm.times(wasm.load(here, layout.gradients), scale)),
      ...wasm.set(first, blend(BETA_1, wasm.load(here, layout.firstMoments), wasm.get(gradient))),
      ...wasm.set(second, blend(BETA_2, wasm.load(here, layout.secondMoments), square)),
      ...wasm.store(here, wasm.get(first), layout.firstMoments),
      ...wasm.store(here, wasm.get(second), layout.secondMoments),
      ...wasm.store(here, wasm.minus(wasm.load(here), step)),
      ...wasm.store(here, wasm.ZEROS, layout.gradients),
    ]),
  ];
}
