/** Clusters whose members can all be made whole from what the clusters bring: the rest of them falls apart. */
import type { Tasks } from '../../domain/dcat/arrivals.ts';
import { incentivesOf, type Incentives } from '../../domain/dcat/incentive.ts';
import { clustersOf, partitionOf, type Partition } from '../../domain/dcat/partition.ts';
import type { World } from '../../domain/dcat/world.ts';

/** The partition without the clusters that owe their members most, until what is owed is no more than the gain. `fixed`: 1 for who must stay. */
export function affordable(
  world: World,
  tasks: Tasks,
  wanted: Partition,
  fixed: Uint8Array,
): { partition: Partition; incentives: Incentives } {
  let partition = wanted;
  for (;;) {
    const incentives = incentivesOf(world, tasks, partition);
    const { stakes, owed, gain } = incentives;
    const dearest = dearestOf(partition, stakes, fixed);
    if (owed <= gain || dearest < 0) return { partition, incentives };
    partition = partitionOf(Array.from(partition, (name, i) => (name === dearest ? -1 - i : name)));
  }
}

/** The cluster that owes its members most and may fall apart; -1 when none does. */
function dearestOf(partition: Partition, stakes: Incentives['stakes'], fixed: Uint8Array): number {
  const owed = new Map<number, number>();
  for (const { server, compensation } of stakes)
    owed.set(partition[server]!, (owed.get(partition[server]!) ?? 0) + compensation);
  let dearest = -1;
  for (const members of clustersOf(partition)) {
    const name = members[0]!;
    if (members.length < 2 || fixed[name] === 1 || !owed.get(name)) continue;
    if (dearest < 0 || owed.get(name)! > owed.get(dearest)!) dearest = name;
  }
  return dearest;
}
