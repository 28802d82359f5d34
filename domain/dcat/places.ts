/** Places in a plane from distances alone (classical multidimensional scaling): what k-means needs where only latencies are measured. */
const ROUNDS = 60;

/** Two coordinates for each of n points, whose distances are as near to the given ones as a plane's are. Infinite distances count as the longest known. */
export function placesOf(distance: Float64Array, n: number): { x: Float64Array; y: Float64Array } {
  const longest = distance.reduce((most, far) => (far < Infinity && far > most ? far : most), 0);
  const squares = distance.map((far) => (far < longest ? far * far : longest * longest));
  const rows = Float64Array.from({ length: n }, (_, i) => meanOf(squares, i * n, n));
  const all = meanOf(rows, 0, n);
  // −½ J D² J: inner products of the points around their middle.
  const products = squares.map((square, at) => {
    const j = at % n;
    const i = (at - j) / n;
    return -0.5 * (square - rows[i]! - rows[j]! + all);
  });
  const x = strongest(products, n);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) products[i * n + j]! -= x[i]! * x[j]!;
  return { x, y: strongest(products, n) };
}

/** Eigenvector of the largest eigenvalue times its root, by power iteration from a fixed start; zero where the matrix has none above zero. */
function strongest(matrix: Float64Array, n: number): Float64Array {
  let vector = Float64Array.from({ length: n }, (_, i) => 1 + ((i * 7919) % 101) / 101);
  let value = 0;
  for (let round = 0; round < ROUNDS; round++) {
    const next = new Float64Array(n);
    for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) next[i]! += matrix[i * n + j]! * vector[j]!;
    const length = Math.sqrt(next.reduce((sum, part) => sum + part * part, 0));
    if (!(length > 0)) return new Float64Array(n);
    value = next.reduce((sum, part, i) => sum + part * vector[i]!, 0);
    vector = next.map((part) => part / length);
  }
  const root = value > 0 ? Math.sqrt(value) : 0;
  return vector.map((part) => part * root);
}

function meanOf(values: Float64Array, from: number, count: number): number {
  let sum = 0;
  for (let at = from; at < from + count; at++) sum += values[at]!;
  return sum / count;
}
