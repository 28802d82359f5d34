/** A cycle of the small time scale: every task in order of arrival to the cluster that its auction picks. Eqs. (1) to (9). */
import type { Tasks } from './arrivals.ts';
import { clearingPrice, clockFactors, emptyPick, lastStepBelow, type Pick, type Rule } from './auction.ts';
import { fieldOf, type Field } from './field.ts';
import type { Partition } from './partition.ts';
import type { World } from './world.ts';

/** What one run leaves behind; its arrays are its own until the next run with the same ledger. */
export interface Ledger {
  /** Platform profit U_c, Eq. (6). */
  profit: number;
  served: number;
  /** Cluster of task n, or -1: y_{n,k}. */
  winner: Int32Array;
  /** g_{C,n}, what the cluster is paid; 0 when nobody serves the task. */
  payment: Float64Array;
  /** t_total of Eq. (4), s. */
  delay: Float64Array;
  /** Queue of each cluster after the last slot, as seconds of its work, by name. */
  wait: Float64Array;
  /** Profit of the slots up to and with δ. */
  profitAfter: Float64Array;
}

export function emptyLedger(servers: number, tasks: Tasks): Ledger {
  return {
    profit: 0,
    served: 0,
    winner: new Int32Array(tasks.count),
    payment: new Float64Array(tasks.count),
    delay: new Float64Array(tasks.count),
    wait: new Float64Array(servers),
    profitAfter: new Float64Array(tasks.slots),
  };
}

export interface Outcome {
  /** U_c, Eq. (6). */
  readonly profit: number;
  readonly offered: number;
  readonly served: number;
  readonly ledger: Ledger;
  /** Unfinished work of each server at the end, G: what the next cycle starts with. */
  readonly backlog: Float64Array;
}

/** One cycle of a partition. `backlog`: work that servers bring along, G. */
export function simulate(
  world: World,
  tasks: Tasks,
  partition: Partition,
  rule: Rule,
  backlog?: Float64Array,
): Outcome {
  const ledger = emptyLedger(world.servers, tasks);
  if (backlog) {
    const field = fieldOf(world, partition);
    for (let i = 0; i < world.servers; i++)
      ledger.wait[partition[i]!]! += backlog[i]! / field.power[partition[i]!]!;
  }
  run(fieldOf(world, partition), tasks, rule, ledger, firstSteps(world, tasks));
  // A task is split in proportion to power, so all members of a cluster have as many seconds left.
  const left = Float64Array.from(partition, (name, i) => ledger.wait[name]! * world.power[i]!);
  return { profit: ledger.profit, offered: tasks.count, served: ledger.served, ledger, backlog: left };
}

/** For each task the last step that any server of the world accepts: where the scan's search of the clock starts. */
export function firstSteps(world: World, tasks: Tasks): Int32Array {
  const factors = clockFactors(world.settings);
  const least = world.unitCost.reduce((a, b) => Math.min(a, b), Infinity);
  return Int32Array.from({ length: tasks.count }, (_, n) => {
    const fee = tasks.unitFee[n]!;
    return fee < least ? 0 : lastStepBelow(factors, fee, least, world.settings.lastStep);
  });
}

/**
 * The hot loop. `ledger.wait` holds the queues at the start. False when it stopped early: the profit after some slot δ was below `least[δ]`.
 */
export function run(
  field: Field,
  tasks: Tasks,
  rule: Rule,
  ledger: Ledger,
  steps: Int32Array,
  least?: Float64Array,
): boolean {
  const { settings } = field.world;
  const factors = clockFactors(settings);
  const { order, count, power } = field;
  const { wait } = ledger;
  const pick = emptyPick();
  let profit = 0;
  let served = 0;
  for (let slot = 0; slot < tasks.slots; slot++) {
    if (slot > 0) pass(wait, order, count, settings.slotSeconds);
    const end = tasks.slotStart[slot + 1]!;
    for (let n = tasks.slotStart[slot]!; n < end; n++) {
      const fee = tasks.unitFee[n]!;
      let price: number;
      if (rule === 'oneOff') {
        price = fee * settings.reduction;
        scanOneOff(field, tasks, n, wait, price, pick);
      } else {
        scan(field, tasks, n, wait, factors, steps[n]!, pick);
        price = clearingPrice(rule, factors, fee, pick);
      }
      const { winner } = pick;
      if (winner < 0 || price === 0) {
        ledger.winner[n] = -1;
        ledger.payment[n] = 0;
        continue;
      }
      const work = tasks.work[n]!;
      profit += (fee - price) * work;
      served++;
      ledger.winner[n] = winner;
      ledger.payment[n] = price * work;
      ledger.delay[n] = pick.winnerDelay;
      wait[winner]! += work / power[winner]!;
    }
    ledger.profitAfter[slot] = profit;
    if (least && profit < least[slot]!) return false;
  }
  pass(wait, order, count, settings.slotSeconds);
  ledger.profit = profit;
  ledger.served = served;
  return true;
}

/** A slot's time goes by: queues shrink by it. */
function pass(wait: Float64Array, order: Int32Array, count: number, seconds: number): void {
  for (let at = 0; at < count; at++) {
    const name = order[at]!;
    const left = wait[name]! - seconds;
    wait[name] = left > 0 ? left : 0;
  }
}

/**
 * The first two by (last step descending, delay, name) among the clusters that can and will serve task n. Clusters come by ascending reserve, so
 * last steps only fall, and the scan ends with the step of the runner-up.
 */
function scan(
  field: Field,
  tasks: Tasks,
  n: number,
  wait: Float64Array,
  factors: Float64Array,
  firstStep: number,
  pick: Pick,
): void {
  const { order, count, power, reserve, perMegabit, propagation } = field;
  const row = tasks.zone[n]! * field.stride;
  const work = tasks.work[n]!;
  const data = tasks.data[n]!;
  const deadline = tasks.deadline[n]!;
  const fee = tasks.unitFee[n]!;
  let winner = -1;
  let winnerStep = 0;
  let winnerDelay = 0;
  let runnerUp = -1;
  let runnerUpStep = 0;
  let runnerUpDelay = 0;
  let step = firstStep;
  for (let at = 0; at < count; at++) {
    const k = order[at]!;
    const delay = data * perMegabit[row + k]! + propagation[row + k]! + wait[k]! + work / power[k]!;
    if (!(delay <= deadline)) continue;
    const least = reserve[k]!;
    if (least > fee) break;
    while (fee * factors[step]! < least) step--;
    if (runnerUp >= 0 && step < runnerUpStep) break;
    if (winner < 0) {
      winner = k;
      winnerStep = step;
      winnerDelay = delay;
    } else if (step === winnerStep && (delay < winnerDelay || (delay === winnerDelay && k < winner))) {
      runnerUp = winner;
      runnerUpStep = winnerStep;
      runnerUpDelay = winnerDelay;
      winner = k;
      winnerDelay = delay;
    } else if (runnerUp < 0 || delay < runnerUpDelay || (delay === runnerUpDelay && k < runnerUp)) {
      runnerUp = k;
      runnerUpStep = step;
      runnerUpDelay = delay;
    }
  }
  pick.winner = winner;
  pick.winnerStep = winnerStep;
  pick.winnerDelay = winnerDelay;
  pick.runnerUp = runnerUp;
  pick.runnerUpStep = runnerUpStep;
  pick.runnerUpDelay = runnerUpDelay;
}

/** Names of the clusters that accept; `order` holds no more than its length. */
let accepting = new Int32Array(64);
let delays = new Float64Array(64);

/** One offer: of the clusters that can serve in time and accept it, the one that the task's draw names. */
function scanOneOff(
  field: Field,
  tasks: Tasks,
  n: number,
  wait: Float64Array,
  offer: number,
  pick: Pick,
): void {
  const { order, count, power, reserve, perMegabit, propagation } = field;
  if (accepting.length < count) {
    accepting = new Int32Array(count);
    delays = new Float64Array(count);
  }
  const row = tasks.zone[n]! * field.stride;
  let found = 0;
  for (let at = 0; at < count; at++) {
    const k = order[at]!;
    if (reserve[k]! > offer) break;
    const delay =
      tasks.data[n]! * perMegabit[row + k]! + propagation[row + k]! + wait[k]! + tasks.work[n]! / power[k]!;
    if (!(delay <= tasks.deadline[n]!)) continue;
    accepting[found] = k;
    delays[found++] = delay;
  }
  const drawn = Math.floor(tasks.lottery[n]! * found);
  pick.winner = found > 0 ? accepting[drawn]! : -1;
  pick.winnerDelay = found > 0 ? delays[drawn]! : 0;
}
