/** The hot loop of the simulation: thousands of runs make one decision of the search. */
import type { Tasks } from './arrivals.ts';
import { clearingPrice, clockFactors, emptyPick, type Pick, type Rule } from './auction.ts';
import type { Field } from './field.ts';

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

/** The clusters of a field side by side, by ascending reserve, as the scans walk them. */
interface Columns {
  count: number;
  names: Int32Array;
  /** 1 / f: a multiplication a candidate instead of a division; the last bit of a delay may differ from Eq. (1)'s. */
  perWork: Float64Array;
  reserve: Float64Array;
  /** Row z, column k at z × count + k. */
  perMegabit: Float64Array;
  propagation: Float64Array;
  wait: Float64Array;
}

/**
 * Runs all tasks. `ledger.wait` holds the queues at the start. False when it stopped early: the profit after some slot δ was below `least[δ]`.
 * `steps`: for each task, a step of the clock that no candidate stays beyond.
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
  const columns = columnsOf(field, ledger.wait);
  const { names, perWork, wait } = columns;
  const pick = emptyPick();
  let profit = 0;
  let served = 0;
  for (let slot = 0; slot < tasks.slots; slot++) {
    if (slot > 0) pass(wait, settings.slotSeconds);
    const end = tasks.slotStart[slot + 1]!;
    for (let n = tasks.slotStart[slot]!; n < end; n++) {
      const fee = tasks.unitFee[n]!;
      let price: number;
      if (rule === 'oneOff') {
        price = fee * settings.reduction;
        scanOneOff(columns, tasks, n, price, pick);
      } else {
        scan(columns, tasks, n, factors, steps[n]!, pick);
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
      ledger.winner[n] = names[winner]!;
      ledger.payment[n] = price * work;
      ledger.delay[n] = pick.winnerDelay;
      wait[winner]! += work * perWork[winner]!;
    }
    ledger.profitAfter[slot] = profit;
    if (least && profit < least[slot]!) return false;
  }
  pass(wait, settings.slotSeconds);
  for (let k = 0; k < columns.count; k++) ledger.wait[names[k]!] = wait[k]!;
  ledger.profit = profit;
  ledger.served = served;
  return true;
}

function columnsOf(field: Field, wait: Float64Array): Columns {
  const { count, order, stride, world } = field;
  const names = order.slice(0, count);
  const columns: Columns = {
    count,
    names,
    perWork: new Float64Array(count),
    reserve: new Float64Array(count),
    perMegabit: new Float64Array(world.zones * count),
    propagation: new Float64Array(world.zones * count),
    wait: new Float64Array(count),
  };
  for (let k = 0; k < count; k++) {
    const name = names[k]!;
    columns.perWork[k] = 1 / field.power[name]!;
    columns.reserve[k] = field.reserve[name]!;
    columns.wait[k] = wait[name]!;
    for (let zone = 0; zone < world.zones; zone++) {
      columns.perMegabit[zone * count + k] = field.perMegabit[zone * stride + name]!;
      columns.propagation[zone * count + k] = field.propagation[zone * stride + name]!;
    }
  }
  return columns;
}

/** A slot's time goes by: queues shrink by it. */
function pass(wait: Float64Array, seconds: number): void {
  for (let k = 0; k < wait.length; k++) {
    const left = wait[k]! - seconds;
    wait[k] = left > 0 ? left : 0;
  }
}

/**
 * The first two by (last step descending, delay, name) among the clusters that can and will serve task n. Clusters come by ascending reserve, so
 * last steps only fall, and the scan ends with the step of the runner-up.
 */
function scan(
  columns: Columns,
  tasks: Tasks,
  n: number,
  factors: Float64Array,
  firstStep: number,
  pick: Pick,
): void {
  const { count, names, perWork, reserve, perMegabit, propagation, wait } = columns;
  const row = tasks.zone[n]! * count;
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
  let price = fee * factors[step]!;
  for (let k = 0; k < count; k++) {
    const delay = data * perMegabit[row + k]! + propagation[row + k]! + wait[k]! + work * perWork[k]!;
    if (!(delay <= deadline)) continue;
    const least = reserve[k]!;
    if (least > price) {
      if (least > fee) break;
      while (fee * factors[step]! < least) step--;
      price = fee * factors[step]!;
      if (runnerUp >= 0 && step < runnerUpStep) break;
    }
    if (winner < 0) {
      winner = k;
      winnerStep = step;
      winnerDelay = delay;
    } else if (
      step === winnerStep &&
      (delay < winnerDelay || (delay === winnerDelay && names[k]! < names[winner]!))
    ) {
      runnerUp = winner;
      runnerUpStep = winnerStep;
      runnerUpDelay = winnerDelay;
      winner = k;
      winnerDelay = delay;
    } else if (
      runnerUp < 0 ||
      delay < runnerUpDelay ||
      (delay === runnerUpDelay && names[k]! < names[runnerUp]!)
    ) {
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
  pick.winnerFirst =
    runnerUp >= 0 &&
    (winnerDelay < runnerUpDelay || (winnerDelay === runnerUpDelay && names[winner]! < names[runnerUp]!));
}

/** One offer: of the clusters that can serve in time and accept it, the one that the task's draw names. */
function scanOneOff(columns: Columns, tasks: Tasks, n: number, offer: number, pick: Pick): void {
  const { count } = columns;
  const accepts = (k: number): boolean =>
    columns.reserve[k]! <= offer && delayAt(columns, tasks, n, k) <= tasks.deadline[n]!;
  let found = 0;
  for (let k = 0; k < count; k++) if (accepts(k)) found++;
  pick.winner = -1;
  let left = Math.floor(tasks.lottery[n]! * found);
  for (let k = 0; found > 0 && k < count; k++) {
    if (!accepts(k) || left-- > 0) continue;
    pick.winner = k;
    pick.winnerDelay = delayAt(columns, tasks, n, k);
    return;
  }
}

/** Eq. (4). */
function delayAt(columns: Columns, tasks: Tasks, n: number, k: number): number {
  const at = tasks.zone[n]! * columns.count + k;
  return (
    tasks.data[n]! * columns.perMegabit[at]! +
    columns.propagation[at]! +
    columns.wait[k]! +
    tasks.work[n]! * columns.perWork[k]!
  );
}
