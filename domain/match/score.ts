/**
 * A preference among the W nearest nodes of a task (002, Eq. 6), one file of `scores/` each. The paper gives three readings of Eq. (6);
 * `bench -- ioc` measures them against each other.
 */
import { entropyMicroBits, HOURS, type HourBins } from '../entropy.ts';

/** What a score knows of a node. */
export interface NodeEntropy {
  /** Resource-state entropy of its last 24 hours, micro-bits. */
  entropyMicroBits: number;
  /** The same once the task has run on it (`entropyAfter`), micro-bits. */
  afterMicroBits: number;
}

export interface Score {
  readonly name: string;
  /** A whole number, the smaller the better; equal ones are decided by distance. */
  cost(node: NodeEntropy): number;
}

/** A bin of utilisation: 0 is [0, 30) %, 3 is [80, 100] %. */
export type Bin = 0 | 1 | 2 | 3;

/**
 * Entropy of a node's window when a task has held it in bin `load` for `hours`: as many of the oldest hours have left the window.
 * @param window bins of the last 24 hours, oldest first
 * @param hours whole hours from 1; beyond 24 nothing of the window is left
 * @throws RangeError on another number of hours
 */
export function entropyAfter(window: readonly Bin[], load: Bin, hours: number): number {
  if (window.length !== HOURS) throw new RangeError(`a window of ${window.length} hours, not ${HOURS}`);
  if (!Number.isInteger(hours) || hours < 1) throw new RangeError(`${hours} is no number of hours`);
  const bins: HourBins = [0, 0, 0, 0];
  for (let hour = hours; hour < HOURS; hour++) bins[window[hour]!]++;
  bins[load] += Math.min(hours, HOURS);
  return entropyMicroBits(bins);
}
