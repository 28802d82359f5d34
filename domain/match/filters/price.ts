import type { AtLeast } from '../filter.ts';

/** The price is one that the task pays. Prices are their ranks: bigints of any size in the order of small integers. */
export const price: AtLeast<{ priceRank: number }, { maxPriceRank: number }, 'PRICE'> = {
  kind: 'atLeast',
  reason: 'PRICE',
  fact: (node) => -node.priceRank,
  wish: (task) => -task.maxPriceRank,
};
