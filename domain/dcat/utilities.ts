/** What each party has from a run: Eqs. (8), (9) and the U_i after it. */
import type { Tasks } from './arrivals.ts';
import type { Partition } from './partition.ts';
import type { Outcome } from './simulate.ts';
import type { World } from './world.ts';

/** U_i: a member gets the payment's part by computing power and bears the cost of its part of the work. */
export function serverUtilities(
  world: World,
  tasks: Tasks,
  partition: Partition,
  { ledger }: Outcome,
): Float64Array {
  const power = new Float64Array(world.servers);
  partition.forEach((name, i) => (power[name]! += world.power[i]!));
  const paid = new Float64Array(world.servers);
  const work = new Float64Array(world.servers);
  for (let n = 0; n < tasks.count; n++) {
    const name = ledger.winner[n]!;
    if (name < 0) continue;
    paid[name]! += ledger.payment[n]!;
    work[name]! += tasks.work[n]!;
  }
  return Float64Array.from(partition, (name, i) => {
    const share = world.power[i]! / power[name]!;
    return share * (paid[name]! - work[name]! * world.unitCost[i]!);
  });
}
