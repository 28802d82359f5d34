/** A run whose rate rises in steps, judged step by step: a request belongs to the step in which it was sent. */
import { estimate, rank, type Estimate } from './measures.ts';
import type { Arrivals } from './arrivals.ts';
import type { Policy } from './policies.ts';
import type { Scene } from './scene.ts';
import { simulate } from './simulate.ts';

interface Cell {
  p50Ms: Estimate;
  p95Ms: Estimate;
  p99Ms: Estimate;
}

/** By rate, then by policy. */
export function inSteps(
  rates: readonly number[],
  seconds: number,
  policies: Readonly<Record<string, () => Policy>>,
  scenes: readonly { scene: Scene; arrivals: () => Arrivals }[],
): Record<string, Record<string, Cell>> {
  const steps: Record<string, Record<string, Cell>> = Object.fromEntries(rates.map((rate) => [rate, {}]));
  for (const [name, policy] of Object.entries(policies)) {
    process.stderr.write(`\rPoisson: ${name}`.padEnd(60));
    const runs = scenes.map(({ scene, arrivals }) => simulate(scene, arrivals(), policy()));
    for (const [step, rate] of rates.entries()) {
      const sorted = runs.map(({ ttft, sentAt }) =>
        ttft.filter((_, id) => Math.floor(sentAt[id]! / seconds) === step).toSorted(),
      );
      const at = (share: number): Estimate =>
        estimate(
          sorted.map((values) => rank(values, share) * 1000),
          0,
        );
      steps[rate]![name] = { p50Ms: at(0.5), p95Ms: at(0.95), p99Ms: at(0.99) };
    }
  }
  return steps;
}
