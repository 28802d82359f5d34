/** The index on one field: queries with their placements and releases in the time, checks outside it. */
import { NodeIndex } from '../../domain/match/node-index.ts';
import { FilterList } from '../../domain/match/filter.ts';
import { region } from '../../domain/match/filters/region.ts';
import { reputation } from '../../domain/match/filters/reputation.ts';
import { random } from '../bench.ts';
import { REGIONS, type Field } from './field.ts';
import { bruteForce, type Wanted } from './references.ts';

export interface Measured {
  q1PerSecond: number;
  q16PerSecond: number;
  /** The same by the thread's own time: what others take of a busy machine is not in it. */
  q1PerCpuSecond: number;
  q16PerCpuSecond: number;
  /** Each round's speed; the figures above are the medians. */
  rounds: { q1: readonly number[]; q16: readonly number[] };
  bytesPerNode: number;
  checked: number;
  mismatches: number;
}

/** Queries between two checks. */
const WINDOW = 1_000;
const WARM_WINDOWS = 20;
const WINDOWS = { q1: 300, q16: 100 };
/** Odd. */
const ROUNDS = 7;

/** All that the market asks, so that rows are as wide as there; two of them constrain here. */
const FILTERS = new FilterList<
  { region: number; reputation: number },
  { regions: Uint8Array | null; minReputation: number }
>([
  region,
  ...(['cards', 'tier', 'price'] as const).map((reason) => ({
    ...{ kind: 'atLeast' as const, reason, fact: () => 1, wish: () => null },
  })),
  reputation,
]);

type Wish = Omit<Wanted, 'place'>;

const NEAREST: Wish = { width: 1, regions: null, minReputation: 0 };
/** By the region that the choice begins with: 7 of 10. */
const CHOICES = Array.from({ length: REGIONS }, (_, from) =>
  Uint8Array.from({ length: REGIONS }, (_, region) => ((region - from + REGIONS) % REGIONS < 7 ? 1 : 0)),
);

/** Constraints of its own for each query: 7 of 10 regions and, on average, 7,143 of 10,000 reputations make half of the nodes. */
function halves(seed: number): () => Wish {
  const next = random(seed);
  return () => ({
    width: 16,
    regions: CHOICES[Math.floor(next() * REGIONS)]!,
    minReputation: Math.floor(next() * 5_714),
  });
}

export function measure(field: Field): Measured {
  const index = new NodeIndex({ layout: FILTERS.layout, capacity: field.count, widest: 16 });
  const { states } = field;
  for (let node = 0; node < field.count; node++) {
    FILTERS.write(index.facts, node, { region: field.regions[node]!, reputation: field.reputations[node]! });
    index.gaps[node] = field.gaps[node]!;
    index.insert(node, 0, states[3 * node]!, states[3 * node + 1]!, states[3 * node + 2]!);
  }
  const q1: Round[] = [];
  const q16: Round[] = [];
  const halfOf = halves(field.count);
  for (let round = 0; round < ROUNDS; round++) {
    const warm = round === 0 ? WARM_WINDOWS : 0;
    q1.push(run(index, field, () => NEAREST, { warm, windows: WINDOWS.q1 }));
    q16.push(run(index, field, halfOf, { warm, windows: WINDOWS.q16 }));
  }
  const all = [...q1, ...q16];
  return {
    q1PerSecond: median(q1, 'perSecond'),
    q16PerSecond: median(q16, 'perSecond'),
    q1PerCpuSecond: median(q1, 'perCpuSecond'),
    q16PerCpuSecond: median(q16, 'perCpuSecond'),
    rounds: { q1: q1.map(({ perSecond }) => perSecond), q16: q16.map(({ perSecond }) => perSecond) },
    bytesPerNode: Math.round((index.bytes * 10) / field.count) / 10,
    checked: all.reduce((sum, { checked }) => sum + checked, 0),
    mismatches: all.reduce((sum, { mismatches }) => sum + mismatches, 0),
  };
}

interface Round {
  perSecond: number;
  perCpuSecond: number;
  checked: number;
  mismatches: number;
}

/** The one in the middle: a third of a second alone says what else the machine did meanwhile. */
function median(rounds: readonly Round[], key: 'perSecond' | 'perCpuSecond'): number {
  return rounds.map((round) => round[key]).sort((a, b) => a - b)[(ROUNDS - 1) / 2]!;
}

/** @param warm windows before the time is taken */
function run(
  index: NodeIndex,
  field: Field,
  wishOf: () => Wish,
  { warm, windows }: { warm: number; windows: number },
): Round {
  const task = new Uint16Array(3);
  let [ms, cpuMs, place, checked, mismatches] = [0, 0, 0, 0, 0];
  let wish = wishOf();
  const query = (): void => {
    wish = wishOf();
    field.ask(task);
    place = place + 1 === field.count ? 0 : place + 1;
    FILTERS.ask(index.terms, wish);
    const compute = task[0]!;
    const network = task[1]!;
    const storage = task[2]!;
    index.search({ compute, network, storage, width: wish.width, place, oneOfEach: null }, null);
  };
  for (let window = -warm; window < windows; window++) {
    const started = performance.now();
    const cpu = threadMs();
    for (let i = 1; i < WINDOW; i++) {
      query();
      const found = index.best.nodeAt(0);
      move(index, field, field.place(found));
      move(index, field, field.release());
    }
    if (window >= 0) {
      ms += performance.now() - started;
      cpuMs += threadMs() - cpu;
    }
    // The thousandth is checked, outside the time.
    query();
    const found = Array.from({ length: index.best.count }, (_, i) => index.best.nodeAt(i));
    checked++;
    if (found.join() !== bruteForce(field, task, { ...wish, place }).join()) mismatches++;
  }
  const queries = windows * (WINDOW - 1) * 1000;
  return {
    perSecond: Math.round(queries / ms),
    perCpuSecond: Math.round(queries / cpuMs),
    checked,
    mismatches,
  };
}

function threadMs(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** The field has written the node's new state; the index still holds the old one. */
function move(index: NodeIndex, { states }: Field, node: number): void {
  index.remove(node);
  index.insert(node, 0, states[3 * node]!, states[3 * node + 1]!, states[3 * node + 2]!);
}
