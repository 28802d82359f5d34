/**
 * An upper bound on what any clustering can earn, or serve, that knows the auction: Lagrangian relaxation of problem P1.
 *
 * Take any partition of the servers and its run under REA without failures. For cluster k and task n let y_nk say that k serves n and z_nk that k
 * is the runner-up. Then Σ_k y_nk ≤ 1, Σ_k z_nk ≤ Σ_k y_nk, both only where k's queue lets it do n in time, and what the platform keeps of n is at
 * most Σ_k z_nk a_nk and at most Σ_k y_nk b_nk (`asRunnerUp`, `asWinner`: a lone cluster is paid the whole fee), hence at most any mix
 * θ_n Σ z a + (1 − θ_n) Σ y b. For all π, ρ ≥ 0 and 0 ≤ θ ≤ 1, adding π_n (1 − Σ y) ≥ 0 and ρ_n (Σ y − Σ z) ≥ 0, the profit is at most
 *
 *   Σ_n π_n + Σ_k W_k,   W_k = Σ_n y_nk ((1 − θ_n) b_nk + ρ_n − π_n) + z_nk (θ_n a_nk − ρ_n),
 *
 * and W_k at most the value of the best schedule of cluster k alone (`schedule.ts`), whatever the others do. The sum over the partition's clusters
 * is at most a sum of server prices (`cover.ts`). So every choice of π, ρ, θ gives a bound; a subgradient descent looks for a low one. The bound
 * holds for a dispatcher too that knows all tasks of the cycle beforehand, refuses what it likes and picks winner and runner-up as it likes.
 *
 * Of served tasks: the same with 1 in the place of b and without z, which holds for every auction rule. Of a dispatcher on given clusters
 * (`joint.ts`): with the most that it can keep in the place of b and without z.
 */
import type { Tasks } from './arrivals.ts';
import { candidatesOf, type Candidate } from './candidates.ts';
import { coverOf } from './cover.ts';
import { Scheduler, type Worth } from './schedule.ts';
import type { World } from './world.ts';

/** `dispatched`: profit of a dispatcher that pays as it must and needs no runner-up but at the start of a slot. */
export type Goal = 'profit' | 'served' | 'dispatched';

export interface RelaxationOptions {
  /** Steps of the descent. */
  rounds?: number;
  /** Most clusters that are looked at; beyond, there is no such bound. */
  mostCandidates?: number;
  /** These clusters alone, e.g. those of one partition. */
  candidates?: readonly Candidate[];
}

/** Cells a slot: of the descent, where speed counts, and of the bound itself. */
const COARSE = 50;
const FINE = 400;
/** Every so many steps all candidates are priced again; between, each server's best few. */
const PRICING = 25;
const KEPT = 5;

interface Multipliers {
  pi: Float64Array;
  rho: Float64Array;
  theta: Float64Array;
}

/** Null when there are too many clusters to look at each. */
export function relaxedBound(
  world: World,
  tasks: Tasks,
  goal: Goal,
  { rounds = 150, mostCandidates = 6000, candidates: given }: RelaxationOptions = {},
): number | null {
  const candidates = given ?? candidatesOf(world, tasks, mostCandidates);
  if (candidates === null) return null;
  if (tasks.count === 0 || world.servers === 0) return 0;
  const multipliers = descend(world, tasks, goal, candidates, rounds);
  const scheduler = new Scheduler(tasks, world.settings.slotSeconds, FINE);
  const worth = worthOf(goal, multipliers);
  const values = Float64Array.from(candidates, (candidate) => scheduler.value(candidate, worth));
  return multipliers.pi.reduce((a, b) => a + b, 0) + coverOf(world, candidates, values);
}

function worthOf(goal: Goal, { pi, rho, theta }: Multipliers): Worth {
  if (goal === 'served') return { serve: (_, n) => 1 - pi[n]!, stand: () => 0 };
  if (goal === 'dispatched') return { serve: ({ asWinner }, n) => asWinner[n]! - pi[n]!, stand: () => 0 };
  return {
    serve: ({ asWinner }, n) => (1 - theta[n]!) * asWinner[n]! + rho[n]! - pi[n]!,
    stand: ({ asRunnerUp }, n) => Math.max(0, theta[n]! * asRunnerUp[n]! - rho[n]!),
  };
}

/** The multipliers of the lowest bound seen, on the coarse grid and with prices in proportion to power. */
function descend(
  world: World,
  tasks: Tasks,
  goal: Goal,
  candidates: readonly Candidate[],
  rounds: number,
): Multipliers {
  const fees = tasks.unitFee.map((fee, n) => (goal === 'served' ? 1 : fee * tasks.work[n]!));
  const unit = fees.reduce((a, b) => a + b, 0) / tasks.count;
  const multipliers: Multipliers = {
    pi: fees.map((fee) => 0.4 * fee),
    rho: fees.map((fee) => (goal === 'profit' ? 0.6 * fee : 0)),
    theta: new Float64Array(tasks.count).fill(1),
  };
  const steps = {
    pi: adam(multipliers.pi, unit, Infinity),
    rho: adam(multipliers.rho, unit, Infinity),
    theta: adam(multipliers.theta, 1, 1),
  };
  const scheduler = new Scheduler(tasks, world.settings.slotSeconds, COARSE);
  const worth = worthOf(goal, multipliers);
  const values = new Float64Array(candidates.length);
  let active = candidates.map((_, k) => k);
  let best: { bound: number; multipliers: Multipliers } = { bound: Infinity, multipliers };
  for (let round = 0; round < rounds; round++) {
    const all = round % PRICING === 0;
    for (const k of all ? values.keys() : active) values[k] = scheduler.value(candidates[k]!, worth);
    if (all) active = foremost(world, candidates, values);
    const { sum, parts } = shares(world, candidates, values, active);
    const bound = multipliers.pi.reduce((a, b) => a + b, 0) + sum;
    if (bound < best.bound) best = { bound, multipliers: copyOf(multipliers) };
    const slope = slopeOf(tasks, goal, multipliers, scheduler, worth, candidates, parts);
    const rate = 0.06 * Math.max(0.05, 1 - round / rounds);
    steps.pi(slope.pi, rate);
    if (goal !== 'profit') continue;
    steps.rho(slope.rho, rate);
    steps.theta(slope.theta, rate);
  }
  return best.multipliers;
}

/** Each server's few best candidates by worth a GHz. */
function foremost(world: World, candidates: readonly Candidate[], values: Float64Array): number[] {
  const of: number[][] = Array.from({ length: world.servers }, () => []);
  candidates.forEach(({ members }, k) => members.forEach((i) => of[i]!.push(k)));
  const rate = (k: number): number => values[k]! / candidates[k]!.power;
  return [...new Set(of.flatMap((own) => own.sort((a, b) => rate(b) - rate(a)).slice(0, KEPT)))];
}

/** Every server in the best of its candidates, as its part of it: what they are worth together, and how much of each candidate there is. */
function shares(
  world: World,
  candidates: readonly Candidate[],
  values: Float64Array,
  active: readonly number[],
): { sum: number; parts: Map<number, number> } {
  const chosen = new Int32Array(world.servers).fill(-1);
  const rate = (k: number): number => values[k]! / candidates[k]!.power;
  for (const k of active)
    for (const i of candidates[k]!.members) if (chosen[i]! < 0 || rate(k) > rate(chosen[i]!)) chosen[i] = k;
  const parts = new Map<number, number>();
  let sum = 0;
  chosen.forEach((k, i) => {
    sum += rate(k) * world.power[i]!;
    parts.set(k, (parts.get(k) ?? 0) + world.power[i]! / candidates[k]!.power);
  });
  return { sum, parts };
}

function slopeOf(
  tasks: Tasks,
  goal: Goal,
  { rho, theta }: Multipliers,
  scheduler: Scheduler,
  worth: Worth,
  candidates: readonly Candidate[],
  parts: ReadonlyMap<number, number>,
): Multipliers {
  const slope: Multipliers = {
    pi: new Float64Array(tasks.count).fill(1),
    rho: new Float64Array(tasks.count),
    theta: new Float64Array(tasks.count),
  };
  for (const [k, part] of parts) {
    const candidate = candidates[k]!;
    scheduler.value(candidate, worth, true);
    scheduler.follow(candidate, (n, deed) => {
      if (deed === 'serves') {
        slope.pi[n]! -= part;
        slope.rho[n]! += part;
        slope.theta[n]! -= part * candidate.asWinner[n]!;
      } else if (goal === 'profit' && theta[n]! * candidate.asRunnerUp[n]! > rho[n]!) {
        slope.rho[n]! -= part;
        slope.theta[n]! += part * candidate.asRunnerUp[n]!;
      }
    });
  }
  return slope;
}

/** A step against the slope, of about `unit` times the rate, kept within 0 and `most`. */
function adam(values: Float64Array, unit: number, most: number): (slope: Float64Array, rate: number) => void {
  const mean = new Float64Array(values.length);
  const square = new Float64Array(values.length);
  let turn = 0;
  return (slope, rate) => {
    turn++;
    const meanScale = 1 - power(0.9, turn);
    const squareScale = 1 - power(0.99, turn);
    // Slopes of θ are in money; a share of the mean fee says as much as one of a task does for π and ρ.
    const scale = most === 1 ? 1e-4 : 1;
    for (let n = 0; n < values.length; n++) {
      const own = slope[n]! * scale;
      mean[n] = 0.9 * mean[n]! + 0.1 * own;
      square[n] = 0.99 * square[n]! + 0.01 * own * own;
      const step = mean[n]! / meanScale / (Math.sqrt(square[n]! / squareScale) + 0.1);
      values[n] = Math.min(most, Math.max(0, values[n]! - rate * unit * step));
    }
  };
}

function power(base: number, count: number): number {
  let product = 1;
  for (let n = 0; n < count; n++) product *= base;
  return product;
}

function copyOf({ pi, rho, theta }: Multipliers): Multipliers {
  return { pi: pi.slice(), rho: rho.slice(), theta: theta.slice() };
}
