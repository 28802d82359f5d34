/** Where a network's numbers lie in its memory: bytes, every row on 16. */
export interface Layer {
  /** Floats of a row of its input and output, padded to a multiple of 4; the padding holds zeros. */
  inputs: number;
  outputs: number;
  weights: number;
  bias: number;
  /** The weights again, outputs by inputs. */
  turned: number;
  input: number;
  output: number;
  inputGradient: number;
  outputGradient: number;
}

export interface Layout {
  layers: readonly Layer[];
  /** Bytes of weights and biases together; the gradient and both moments repeat their order. */
  parameterBytes: number;
  gradients: number;
  firstMoments: number;
  secondMoments: number;
  bytes: number;
}

/** `shape`: inputs, hidden layers, outputs; `rows`: at most so many at once. */
export function layoutOf(shape: readonly number[], rows: number): Layout {
  const widths = shape.map((width) => Math.ceil(width / 4) * 4);
  let next = 0;
  const take = (floats: number): number => {
    const at = next;
    next += Math.ceil(floats / 4) * 16;
    return at;
  };
  const pairs = widths.slice(1).map((outputs, index) => ({ inputs: widths[index]!, outputs }));
  const own = pairs.map(({ inputs, outputs }) => ({ weights: take(inputs * outputs), bias: take(outputs) }));
  const parameterBytes = next;
  const gradients = take(parameterBytes / 4);
  const firstMoments = take(parameterBytes / 4);
  const secondMoments = take(parameterBytes / 4);
  const turned = pairs.map(({ inputs, outputs }) => take(inputs * outputs));
  // Gradients below what they are gradients of: a product reaches its mask by a positive offset.
  const slopes = widths.map((width) => take(width * rows));
  const values = widths.map((width) => take(width * rows));
  const layers = pairs.map((pair, index) => ({
    ...pair,
    ...own[index]!,
    turned: turned[index]!,
    input: values[index]!,
    output: values[index + 1]!,
    inputGradient: slopes[index]!,
    outputGradient: slopes[index + 1]!,
  }));
  return { layers, parameterBytes, gradients, firstMoments, secondMoments, bytes: next };
}
