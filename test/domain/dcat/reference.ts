/** Document 004 followed literally, one object a thing and one line an equation; slow, and apart from `domain/dcat`'s loops. */
import type { Tasks } from '../../../domain/dcat/arrivals.ts';
import type { Rule } from '../../../domain/dcat/auction.ts';
import type { World } from '../../../domain/dcat/world.ts';

interface Cluster {
  name: number;
  members: number[];
  /** L_{n,k}, G. */
  backlog: number;
}

export interface Referenced {
  profit: number;
  winner: number[];
  payment: number[];
}

export function simulateLiterally(
  world: World,
  tasks: Tasks,
  labels: ArrayLike<number>,
  rule: Rule,
  backlog: ArrayLike<number>,
): Referenced {
  const { settings } = world;
  const clusters: Cluster[] = [];
  for (let i = 0; i < world.servers; i++) {
    const known = clusters.find((cluster) => labels[cluster.members[0]!] === labels[i]);
    if (known) known.members.push(i);
    else clusters.push({ name: i, members: [i], backlog: 0 });
  }
  for (const cluster of clusters) for (const i of cluster.members) cluster.backlog += backlog[i]!;

  const result: Referenced = { profit: 0, winner: [], payment: [] };
  for (let slot = 0; slot < tasks.slots; slot++) {
    for (let n = tasks.slotStart[slot]!; n < tasks.slotStart[slot + 1]!; n++) {
      const l = tasks.work[n]!;
      const fee = settings.price * (1 + settings.urgency / tasks.deadline[n]!) * l; // Eq. (5)
      const qualified = clusters
        .map((cluster) => {
          const f = cluster.members.reduce((sum, i) => sum + world.power[i]!, 0);
          const total = transmission(world, tasks, n, cluster) + cluster.backlog / f + l / f; // Eqs. (1) to (4)
          return { cluster, total, reserve: reserveOf(world, cluster, l, f) };
        })
        .filter(({ total }) => total <= tasks.deadline[n]!); // (10b)
      const sold = auctionOff(rule, fee, settings.reduction, settings.lastStep, qualified, tasks.lottery[n]!);
      result.winner.push(sold ? sold.cluster.name : -1);
      result.payment.push(sold ? sold.price : 0);
      if (!sold) continue;
      result.profit += fee - sold.price; // Eq. (6)
      sold.cluster.backlog += l;
    }
    for (const cluster of clusters) {
      const f = cluster.members.reduce((sum, i) => sum + world.power[i]!, 0);
      cluster.backlog = Math.max(0, cluster.backlog - f * settings.slotSeconds);
    }
  }
  return result;
}

/** Eq. (3): the data enters at the member that it reaches first. */
function transmission(world: World, tasks: Tasks, n: number, cluster: Cluster): number {
  const at = (i: number): number => tasks.zone[n]! * world.servers + i;
  const widest = Math.min(...cluster.members.map((i) => world.perMegabit[at(i)]!));
  const ingress = cluster.members.find((i) => world.perMegabit[at(i)] === widest)!;
  return tasks.data[n]! * widest + world.propagation[at(ingress)]!;
}

/** The least payment at which U_i ≥ 0 for every member (after Eq. (9)): g l_i/l ≥ ε_e l_i f_i² + ε_t l_i/f_i. */
function reserveOf(world: World, cluster: Cluster, l: number, f: number): number {
  const { energyCost, timeCost } = world.settings;
  return Math.max(
    ...cluster.members.map((i) => {
      const fi = world.power[i]!;
      const li = (l * fi) / f;
      return (energyCost * li * fi * fi + timeCost * (li / fi)) / (li / l);
    }),
  );
}

interface Bidder {
  cluster: Cluster;
  total: number;
  reserve: number;
}

/** The clock goes down step by step, and bidders leave when the price is below their reserve. */
function auctionOff(
  rule: Rule,
  fee: number,
  gamma: number,
  lastStep: number,
  bidders: readonly Bidder[],
  lottery: number,
): { cluster: Cluster; price: number } | null {
  if (rule === 'oneOff') {
    const price = gamma * fee;
    const willing = bidders
      .filter((bidder) => bidder.reserve <= price)
      .sort((a, b) => a.reserve - b.reserve || a.cluster.name - b.cluster.name);
    const drawn = willing[Math.floor(lottery * willing.length)];
    return drawn ? { cluster: drawn.cluster, price } : null;
  }
  let price = fee;
  let left = bidders.filter((bidder) => bidder.reserve <= price);
  for (let k = 0; k <= lastStep; k++) {
    if (left.length === 0) return null;
    if (left.length === 1) return { cluster: left[0]!.cluster, price };
    const next = price * gamma;
    const staying = left.filter((bidder) => bidder.reserve <= next);
    if (rule === 'rea') {
      // No task fails: when all leave at once, the first of the tie-break takes the price that they left. Who stays alone after
      // others left is paid that price too if it comes before them, and else the step below, which they refused.
      const first = left.toSorted((a, b) => a.total - b.total || a.cluster.name - b.cluster.name)[0]!;
      if (staying.length === 0) return { cluster: first.cluster, price };
      if (staying.length === 1)
        return { cluster: staying[0]!.cluster, price: staying[0] === first ? price : next };
    }
    price = next;
    left = staying;
  }
  return null;
}
