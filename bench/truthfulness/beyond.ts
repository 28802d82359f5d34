/**
 * What the rule does not promise: gains across the orders of a slot, with several asks, inside a cluster, and by a consumer's
 * start price. Each searches the best response against known rivals, so each figure is the most that anyone could gain.
 */
import { clearRea, priceAt, type Candidate } from '../../domain/rea.ts';
import { reports } from './best-response.ts';
import { between, candidate, candidates, startPrice, type Random } from './world.ts';

export interface Gain {
  /** Share of the games in which some report beats the truth. */
  share: number;
  /** Mean and largest gain, as a share of the start prices at stake. */
  mean: number;
  max: number;
}

interface Ask extends Candidate {
  cards: number;
}

/** A slot in small: one-card orders clear one after the other, cards run out; price by order and ask, or null. */
function playSlot(orders: readonly bigint[], asks: readonly Ask[], factors: readonly bigint[]) {
  const left = asks.map((ask) => ask.cards);
  return orders.map((start) => {
    const free = asks.flatMap((ask, index) => (left[index]! > 0 ? [{ ...ask, index }] : []));
    const cleared = clearRea(start, factors, free);
    if (!cleared) return null;
    const { index } = free[cleared.winner]!;
    left[index]!--;
    return { ask: index, price: cleared.price };
  });
}

function profit(played: ReturnType<typeof playSlot>, costs: ReadonlyMap<number, bigint>): bigint {
  let sum = 0n;
  for (const deal of played) {
    const cost = deal ? costs.get(deal.ask) : undefined;
    if (deal && cost !== undefined) sum += deal.price - cost;
  }
  return sum;
}

/** One provider with one ask of two cards in a slot of six orders. */
export function slotGain(random: Random, factors: readonly bigint[], games: number): Gain {
  return measure(games, () => {
    const { orders, asks } = slotOf(random, 6, 5);
    const costs = new Map([[0, asks[0]!.reserve]]);
    const honest = profit(playSlot(orders, asks, factors), costs);
    let best = honest;
    for (const reserve of new Set(orders.flatMap((start) => reports(start, factors)))) {
      const got = profit(playSlot(orders, asks.with(0, { ...asks[0]!, reserve }), factors), costs);
      if (got > best) best = got;
    }
    return { gain: best - honest, stake: sum(orders) };
  });
}

/** One provider under two names, one card each, in a slot of four orders: a second ask may also stay away. */
export function multiAskGain(random: Random, factors: readonly bigint[], games: number): Gain {
  return measure(games, () => {
    const { orders, asks } = slotOf(random, 4, 4);
    const own = asks.map((ask, index) => (index < 2 ? { ...ask, cards: 1 } : ask));
    const costs = new Map([0, 1].map((index) => [index, own[index]!.reserve]));
    const honest = profit(playSlot(orders, own, factors), costs);
    const told = [...new Set(orders.flatMap((start) => reports(start, factors)))].filter(
      (_, i) => i % 3 === 0,
    );
    let best = honest;
    for (const first of told) {
      for (const second of told) {
        const asked = own.map((ask, index) =>
          index > 1 ? ask : { ...ask, reserve: index === 0 ? first : second },
        );
        const got = profit(playSlot(orders, asked, factors), costs);
        if (got > best) best = got;
      }
    }
    return { gain: best - honest, stake: sum(orders) };
  });
}

/**
 * A member of a cluster of three, one card each. The cluster asks for the largest stated reserve and splits by computing power, so
 * what reaches a member is the price times its share, times three.
 */
export function clusterGain(random: Random, factors: readonly bigint[], games: number): Gain {
  return measure(games, () => {
    const start = startPrice(random);
    const rivals = candidates(random, start, between(random, 1, 6));
    const members = candidates(random, start, 3);
    const powers = members.map(() => BigInt(between(random, 1, 4)));
    const cost = members[0]!.reserve;
    const get = (stated: bigint): bigint => {
      const reserve = [stated, members[1]!.reserve, members[2]!.reserve].reduce((a, b) => (a > b ? a : b));
      const cleared = clearRea(start, factors, [{ ...members[0]!, reserve }, ...rivals]);
      return cleared?.winner === 0 ? (3n * cleared.price * powers[0]!) / sum(powers) - cost : 0n;
    };
    const honest = get(cost);
    const best = reports(start, factors)
      .map(get)
      .reduce((a, b) => (a > b ? a : b), honest);
    return { gain: best - honest, stake: start };
  });
}

/** A consumer who values a card-hour at its honest start price and states a lower one. */
export function startPriceGain(random: Random, factors: readonly bigint[], games: number): Gain {
  return measure(games, () => {
    const value = startPrice(random);
    const asks = candidates(random, value, between(random, 1, 16));
    const get = (stated: bigint): bigint => {
      const cleared = clearRea(stated, factors, asks);
      return cleared ? value - cleared.price : 0n;
    };
    const honest = get(value);
    let best = honest;
    for (const stated of startPrices(value, factors, asks)) {
      const got = get(stated);
      if (got > best) best = got;
    }
    return { gain: best - honest, stake: value };
  });
}

/** Between two of these start prices no ask's last step changes, and the price only grows: the best one is among them. */
function startPrices(value: bigint, factors: readonly bigint[], asks: readonly Candidate[]): Set<bigint> {
  const stated = new Set<bigint>();
  for (const { reserve } of asks) {
    for (const factor of factors) {
      if (factor === 0n) break;
      const least = (reserve * factors[0]! + factor - 1n) / factor;
      if (least > value) break;
      if (priceAt(least, factor) >= reserve) stated.add(least);
    }
  }
  return stated;
}

function slotOf(random: Random, orderCount: number, askCount: number): { orders: bigint[]; asks: Ask[] } {
  const level = startPrice(random);
  const orders = Array.from({ length: orderCount }, () => (level * BigInt(between(random, 80, 120))) / 100n);
  const crowd = 0.1 + 0.8 * random();
  const asks = Array.from({ length: askCount }, () => ({ ...candidate(random, level, crowd), cards: 2 }));
  return { orders, asks };
}

function measure(games: number, play: () => { gain: bigint; stake: bigint }): Gain {
  let won = 0;
  let total = 0;
  let max = 0;
  for (let game = 0; game < games; game++) {
    const { gain, stake } = play();
    const part = Number(gain) / Number(stake);
    if (gain > 0n) won++;
    total += part;
    max = Math.max(max, part);
  }
  return { share: round(won / games), mean: round(total / games), max: round(max) };
}

function sum(values: readonly bigint[]): bigint {
  return values.reduce((a, b) => a + b, 0n);
}

function round(value: number): number {
  return Math.round(value * 1e4) / 1e4;
}
