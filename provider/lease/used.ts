/** What a lease used of its processors, as its report says it. */
import type { LeaseReport } from '../../domain/report.ts';
import type { Inventory } from '../plugin/protocol.ts';
import type { LeaseState } from './lease-files.ts';

/** Bounds of a report's `cpus`. */
const CPUS = { least: 1, most: 65_535 };

/**
 * Processors that a lease's cards come with: its share of the pool's, rounded, one at least. Undefined when the pool does not say
 * how many it has.
 * @param nodeCards cards that the lease's node sells in all; a pool that has more of the class serves other nodes too
 */
export function cpusOf(
  inventory: Inventory | null,
  { className, cards, nodeCards }: { className: string; cards: number; nodeCards: number },
): number | undefined {
  if (!inventory?.cores) return undefined;
  const ofClass = inventory.cards.filter((entry) => entry.class === className);
  const all = Math.max(
    nodeCards,
    cards,
    ofClass.reduce((sum, { count }) => sum + count, 0),
  );
  return Math.min(CPUS.most, Math.max(CPUS.least, Math.round((inventory.cores * cards) / all)));
}

/** Undefined when nothing measured processor time, or nobody said how much there was. */
export function usedOf({ usage, usedBefore, cpus }: LeaseState): LeaseReport['used'] {
  if (cpus === undefined || (usage.cpuMs === undefined && usedBefore.cpuMs === undefined)) return undefined;
  return { cpuMs: (usage.cpuMs ?? 0) + (usedBefore.cpuMs ?? 0), cpus };
}
