/**
 * The matching engine's speed: nearest nodes of a task, exactly, while every query comes with one placement and one release. On states
 * anywhere in the cube and on those of a market made of the Alibaba trace, where thousands of nodes share a state; beside it the search
 * that looks at every node and npm's static-kdtree.
 *
 *   TRACE_NODES=FILE TRACE_PODS=FILE npm run bench -- match
 */
import { access } from 'node:fs/promises';
import type { Bench } from './bench.ts';
import {
  marketField,
  readTrace,
  REGIONS,
  uniformField,
  type Field,
  type MarketTrace,
} from './match/field.ts';
import { measure, type Measured } from './match/measure.ts';
import { bruteForcePerSecond, staticKdtreePerSecond } from './match/references.ts';

const SIZES = { nodes1k: 1_000, nodes10k: 10_000, nodes100k: 100_000, nodes1m: 1_000_000 };
const TRACE = '../shared/data/alibaba_gpu_v2023';
const TARGETS = {
  nodes10k: { q1PerSecond: 1_000_000, q16PerSecond: 200_000 },
  nodes100k: { q1PerSecond: 500_000, q16PerSecond: 100_000 },
  growthExponent: 0.3,
  bytesPerNode: 120,
  mismatches: 0,
};

type Row = Measured & { bruteForcePerSecond: number; staticKdtreePerSecond: number };
type Rows = Record<keyof typeof SIZES, Row>;

export const bench: Bench = async (seed) => {
  const trace = await readTraceOrSay();
  const uniform = rowsOf('uniform', (count) => uniformField(count, seed));
  const market = trace === null ? null : rowsOf('market', (count) => marketField(count, seed, trace));
  const all: Record<string, Rows> = market === null ? { uniform } : { uniform, market };
  const both = Object.values(all);
  const growth = Object.fromEntries(
    Object.entries(all).map(([name, rows]) => [
      name,
      { q1: exponent(rows, 'q1PerSecond'), q16: exponent(rows, 'q16PerSecond') },
    ]),
  );
  const figures = {
    ...Object.fromEntries(
      Object.keys(SIZES).map((size) => [size, worse(both.map((rows) => rows[size as keyof Rows]))]),
    ),
    distribution: 'the worse of each figure',
    growthExponent: Math.max(...Object.values(growth).flatMap(({ q1, q16 }) => [q1, q16])),
    bytesPerNode: Math.max(...rowsIn(both).map((row) => row.bytesPerNode)),
    checked: rowsIn(both).reduce((sum, row) => sum + row.checked, 0),
    mismatches: rowsIn(both).reduce((sum, row) => sum + row.mismatches, 0),
    growth,
    distributions: all,
    ...(market === null ? { missing: MISSING } : {}),
    targets: TARGETS,
  };
  return { measured: MEASURED, figures };
};

const MISSING = `the trace of a market: name its files in TRACE_NODES and TRACE_PODS (Alibaba's cluster trace gpu-v2023, openb; looked for in ${TRACE})`;
const MEASURED =
  'one thread; the median of 7 rounds of some 300,000 queries (q16: 100,000) each, q1 and q16 in turn; a query with one placement and one release (each takes a node out and puts it in with another state), all three in the time. q1: the nearest node; q16: the ' +
  `16 nearest under two constraints of the query's own, 7 of ${REGIONS} regions and a least reputation, which on average pass half of the nodes, both filtered within the search. Ties by entropy gap, then round the ring of ` +
  'numbers. Every 1,000th query is checked against a look at every node. uniform: states anywhere; market: nodes of the Alibaba trace over and over, half of ' +
  'their cards leased, pods as tasks. bruteForce, staticKdtree: one nearest, without updates; staticKdtree over the distinct states alone, as equal points make its building quadratic. growthExponent: the worst over both distributions, q1 and q16, from 1,000 to 1,000,000 nodes. bytesPerNode: all arrays, facts included';

function rowsOf(name: string, fieldOf: (count: number) => Field): Rows {
  const entries = Object.entries(SIZES).map(([size, count]) => {
    const measured = measure(fieldOf(count));
    const field = fieldOf(count);
    const row: Row = {
      ...measured,
      bruteForcePerSecond: bruteForcePerSecond(field),
      staticKdtreePerSecond: staticKdtreePerSecond(field),
    };
    process.stderr.write(`match: ${name} ${size} ${JSON.stringify(row)}\n`);
    return [size, row];
  });
  return Object.fromEntries(entries) as Rows;
}

/** Speeds of the slower distribution, each on its own. */
function worse(rows: readonly Row[]): Record<string, number> {
  const least = (key: Exclude<keyof Row, 'rounds'>): number => Math.min(...rows.map((row) => row[key]));
  return {
    q1PerSecond: least('q1PerSecond'),
    q16PerSecond: least('q16PerSecond'),
    bruteForcePerSecond: least('bruteForcePerSecond'),
    staticKdtreePerSecond: least('staticKdtreePerSecond'),
  };
}

function rowsIn(all: readonly Rows[]): Row[] {
  return all.flatMap((rows) => Object.values(rows));
}

/** e where the time of a query grows as nodes^e. */
function exponent(rows: Rows, key: 'q1PerSecond' | 'q16PerSecond'): number {
  const times = rows.nodes1k[key] / rows.nodes1m[key];
  return Math.round((Math.log(times) / Math.log(SIZES.nodes1m / SIZES.nodes1k)) * 1000) / 1000;
}

/** The trace where it lies or is named; null, and a sentence, where it is not. */
async function readTraceOrSay(): Promise<MarketTrace | null> {
  const nodes = process.env['TRACE_NODES'] ?? `${TRACE}/openb_node_list_gpu_node.csv`;
  const pods = process.env['TRACE_PODS'] ?? `${TRACE}/openb_pod_list_gpuspec33.csv`;
  try {
    await Promise.all([access(nodes), access(pods)]);
  } catch {
    process.stderr.write(`match: uniform states alone: missing is ${MISSING}\n`);
    return null;
  }
  return readTrace(nodes, pods);
}
