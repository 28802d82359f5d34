/**
 * Whether a server gains by its cluster, and what makes up for it where it does not.
 *
 * A member's other choice is to bid alone while everybody else stays as decided: the cluster goes on without it. What it would have so follows from
 * the tasks and the rule alone, so that anyone can reckon it again, before a cycle from the expected tasks or after it from those that came. A member
 * that would have had more alone is owed exactly the difference, so it is never worse off, and one that gains pays nothing. The platform pays out
 * of what clusters bring it.
 */
import type { Tasks } from './arrivals.ts';
import { exchange, standingOf, type Standing } from './objective.ts';
import { clustersOf, singles, type Partition } from './partition.ts';
import { emptyLedger, run, type Ledger } from './run.ts';
import { firstSteps } from './simulate.ts';
import type { World } from './world.ts';

/** Amounts are whole thousandths of the settings' unit of money, so that sums are exact whatever their order. */
export const UNITS = 1000;

/** U_i of a clustered server: by its part of the cluster's payments less its costs (after Eq. 9), and bidding alone. */
export interface Stake {
  server: number;
  together: number;
  alone: number;
  /** What is missing to `alone`; 0 for who gains. */
  compensation: number;
}

export interface Incentives {
  /** Of every server in a cluster of two or more, by server. */
  stakes: Stake[];
  /** Sum of the compensations. */
  owed: number;
  /** Platform profit with these clusters less that with every server alone. */
  gain: number;
  /** Platform profit with these clusters, in the settings' unit of money. */
  profit: number;
}

/** Incentives of a partition on given tasks, under the market's REA. Queues start empty. */
export function incentivesOf(world: World, tasks: Tasks, partition: Partition): Incentives {
  const ledger = emptyLedger(world.servers, tasks);
  const steps = firstSteps(world, tasks);
  const play = (standing: Standing): Ledger => {
    ledger.wait.fill(0);
    run(standing.field, tasks, 'rea', ledger, steps);
    return ledger;
  };
  const standing = standingOf(world, partition);
  const clusters = clustersOf(partition).filter((members) => members.length > 1);
  const { profit } = play(standing);
  const together = clusters.map((members) => earnings(world, tasks, ledger, members));
  const stakes = clusters.flatMap((members, c) =>
    members.map((server, m) => {
      const rest = members.filter((other) => other !== server);
      exchange(standing, [members[0]!], [[server], rest]);
      const alone = earnings(world, tasks, play(standing), [server])[0]!;
      exchange(standing, [server, rest[0]!], [members]);
      const own = together[c]![m]!;
      return { server, together: own, alone, compensation: Math.max(0, alone - own) };
    }),
  );
  return {
    stakes: stakes.sort((a, b) => a.server - b.server),
    owed: stakes.reduce((sum, { compensation }) => sum + compensation, 0),
    gain: whole(profit) - whole(play(standingOf(world, singles(world.servers))).profit),
    profit,
  };
}

/** U_i of each member of one cluster. */
function earnings(world: World, tasks: Tasks, ledger: Ledger, members: readonly number[]): number[] {
  const name = members[0]!;
  const power = members.reduce((sum, i) => sum + world.power[i]!, 0);
  let paid = 0;
  let work = 0;
  for (let n = 0; n < tasks.count; n++) {
    if (ledger.winner[n] !== name) continue;
    paid += ledger.payment[n]!;
    work += tasks.work[n]!;
  }
  return members.map((i) => whole((world.power[i]! / power) * (paid - work * world.unitCost[i]!)));
}

function whole(money: number): number {
  return Math.round(money * UNITS);
}
