/** Servers that leave and join within a cycle: what a new decision at each such moment earns over waiting for the next cycle, and how many it moves. */
import { drawTasks, takeSlots } from '../../domain/dcat/arrivals.ts';
import { clustersOf, partitionOf, type Partition } from '../../domain/dcat/partition.ts';
import { stream } from '../../domain/dcat/random.ts';
import { simulate } from '../../domain/dcat/simulate.ts';
import { subWorld, type World } from '../../domain/dcat/world.ts';
import { historyOf, shipped } from './clusterings.ts';
import { FIRST_CYCLE, HISTORY, movedShare } from './course.ts';
import { gainOf, meanOf, type Estimate } from './stats.ts';

/** `waits`: clusters lose their members and who joins is alone until the cycle ends; `anew`: decided from the running clusters; `cold`: from none. */
type Regard = 'waits' | 'anew' | 'cold';

export interface Churn {
  /** Leaves and joins a cycle, as a share of the servers each. */
  turnover: number;
  anewOverWaiting: Estimate;
  coldOverAnew: Estimate;
  /** Servers a cycle that get other fellows though none of theirs came or went, as a share of all. */
  movedAnew: Estimate;
  movedCold: Estimate;
}

export type ChurnRow = Record<Regard, { profit: number; moved: number }>;

/** A tenth of the servers is away; four times a cycle so many come back, at least one, and as many others leave. */
const AWAY = 0.1;
const MOMENTS = 4;
const EXCHANGED = 0.03;

export function churnOf(rows: readonly ChurnRow[], servers: number): Churn {
  const profits = (regard: Regard): number[] => rows.map((row) => row[regard].profit);
  return {
    turnover: (MOMENTS * exchangedOf(servers)) / servers,
    anewOverWaiting: gainOf(profits('anew'), profits('waits')),
    coldOverAnew: gainOf(profits('cold'), profits('anew')),
    movedAnew: meanOf(rows.map(({ anew }) => anew.moved)),
    movedCold: meanOf(rows.map(({ cold }) => cold.moved)),
  };
}

export function measureChurn(world: World, seed: number, evaluations: number): ChurnRow {
  const presences = drawPresences(world.servers, seed);
  const play = (regard: Regard): { profit: number; moved: number } =>
    playCycle(world, seed, presences, regard, evaluations);
  return { waits: play('waits'), anew: play('anew'), cold: play('cold') };
}

/** Who is there in each part of the cycle. */
function drawPresences(servers: number, seed: number): number[][] {
  const random = stream(seed, 31);
  const here = new Set(Array.from({ length: servers }, (_, i) => i));
  const away: number[] = [];
  const leave = (): void => {
    const list = [...here];
    const gone = list[random.below(list.length)]!;
    here.delete(gone);
    away.push(gone);
  };
  while (away.length < Math.round(servers * AWAY)) leave();
  const exchanged = exchangedOf(servers);
  const presences = [sorted(here)];
  for (let moment = 0; moment < MOMENTS; moment++) {
    const back = away.splice(0, exchanged);
    for (let count = 0; count < back.length; count++) leave();
    for (const i of back) here.add(i);
    presences.push(sorted(here));
  }
  return presences;
}

function exchangedOf(servers: number): number {
  return Math.max(1, Math.round(servers * EXCHANGED));
}

function playCycle(
  world: World,
  seed: number,
  presences: readonly number[][],
  regard: Regard,
  evaluations: number,
): { profit: number; moved: number } {
  const history = historyOf(world, seed, FIRST_CYCLE, HISTORY);
  const tasks = drawTasks(world, seed, FIRST_CYCLE);
  const decide = shipped(evaluations, null);
  const length = Math.ceil(tasks.slots / presences.length);
  /** Cluster of every server of the world; who is away or alone has a name of its own. */
  let names: Partition = partitionOf(Array.from({ length: world.servers }, (_, i) => i));
  let backlog: Float64Array = new Float64Array(world.servers);
  let profit = 0;
  let moved = 0;
  presences.forEach((here, part) => {
    const present = new Set(here);
    backlog = handedOn(world, names, backlog, present);
    const left = Array.from(names, (name, i) => (present.has(i) ? name : -1 - i));
    const rest = subWorld(world, here);
    const waiting = partitionOf(here.map((i) => left[i]!));
    const decided =
      part > 0 && regard === 'waits'
        ? waiting
        : decide({
            world: rest,
            seed,
            cycle: FIRST_CYCLE,
            history,
            backlog: new Float64Array(rest.servers),
            last: part === 0 || regard === 'cold' ? null : waiting,
          });
    if (part > 0) moved += movedShare(waiting, decided) * (here.length / world.servers);
    const slots = takeSlots(tasks, part * length, Math.min(tasks.slots, (part + 1) * length));
    const outcome = simulate(
      rest,
      slots,
      decided,
      'rea',
      Float64Array.from(here, (i) => backlog[i]!),
    );
    profit += outcome.profit;
    backlog = new Float64Array(world.servers);
    here.forEach((i, at) => (backlog[i] = outcome.backlog[at]!));
    names = partitionOf(left.map((name, i) => (present.has(i) ? here[decided[here.indexOf(i)]!]! : name)));
  });
  return { profit, moved };
}

/** The queue of a server that leaves is done by its fellows, if it has any. */
function handedOn(
  world: World,
  names: Partition,
  backlog: Float64Array,
  present: ReadonlySet<number>,
): Float64Array {
  const handed = new Float64Array(world.servers);
  for (const members of clustersOf(names)) {
    const stay = members.filter((i) => present.has(i));
    const work = members.reduce((sum, i) => sum + backlog[i]!, 0);
    const power = stay.reduce((sum, i) => sum + world.power[i]!, 0);
    for (const i of stay) handed[i] = (work * world.power[i]!) / power;
  }
  return handed;
}

function sorted(set: ReadonlySet<number>): number[] {
  return [...set].sort((a, b) => a - b);
}
