import type { AtLeast } from '../filter.ts';

/** The node has as many cards left as the task takes. */
export const cards: AtLeast<{ cardsLeft: number }, { cards: number }, 'NO_CARDS'> = {
  kind: 'atLeast',
  reason: 'NO_CARDS',
  fact: (node) => node.cardsLeft,
  wish: (task) => task.cards,
};
