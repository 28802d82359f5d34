/** Which of a pool's cards are free: those that no lease holds and that are not known to be broken. */
import { PluginError } from './errors.ts';
import type { Inventory } from './protocol.ts';

export interface CardBook {
  /** Chooses cards and holds them for the lease; the same lease again gets the same cards. @throws PluginError NO_CAPACITY, REFUSED */
  take(id: string, className: string, count: number): string[];
  /** What an earlier process of this plugin gave the lease. */
  hold(id: string, className: string, cards: string[]): void;
  free(id: string): void;
  /** Replaces what is known to be broken. */
  setBroken(cards: Iterable<string>): void;
  broken(): string[];
  inventory(): Inventory['cards'];
}

export function createCardBook(classes: Record<string, string[]>): CardBook {
  const held = new Map<string, { className: string; cards: string[] }>();
  let broken = new Set<string>();
  const usable = (className: string) => {
    const taken = new Set(
      [...held.values()].flatMap((lease) => (lease.className === className ? lease.cards : [])),
    );
    return (classes[className] ?? []).filter((card) => !taken.has(card) && !broken.has(card));
  };
  return {
    take(id, className, count) {
      const before = held.get(id);
      if (before) return before.cards;
      const all = classes[className]?.length ?? 0;
      if (count > all)
        throw new PluginError('REFUSED', `This pool has ${all} cards of ${className}, ${count} are wanted.`);
      const free = usable(className);
      if (free.length < count)
        throw new PluginError(
          'NO_CAPACITY',
          `${free.length} cards of ${className} are free, ${count} are wanted${broken.size > 0 ? `; broken: ${[...broken].join(', ')}` : ''}.`,
        );
      const cards = free.slice(0, count);
      held.set(id, { className, cards });
      return cards;
    },
    hold: (id, className, cards) => void held.set(id, { className, cards }),
    free: (id) => void held.delete(id),
    setBroken: (cards) => void (broken = new Set(cards)),
    broken: () => [...broken],
    inventory: () =>
      Object.entries(classes).map(([name, cards]) => ({
        class: name,
        count: cards.length,
        free: usable(name).length,
      })),
  };
}
