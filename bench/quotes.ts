/**
 * What firm quotes would have earned or lost on a recorded trace: each order is quoted at its arrival from the clearing prices so far,
 * and accepts when the quote is at most what it would pay; else it bids. The same slots are cleared by REA. Beside it the same
 * market without quotes, in which all bid.
 *
 *   TRACE_NODES=FILE TRACE_PODS=FILE [TRACE_ORDERS=N] npm run bench -- quotes
 */
import { wantedClasses } from '../app/server/order-checks.ts';
import { actor, CONSUMERS, orderOf, providersOf } from '../cli/replay/actors.ts';
import { openPrices } from '../cli/replay/prices.ts';
import { ORIGIN } from '../cli/replay/setup.ts';
import { readNodes, readPods, type TraceNode, type TracePod } from '../cli/replay/trace.ts';
import type { OfferedAsk, OnOffer } from '../domain/on-offer.ts';
import { DEFAULTS, slotAt, slotEnd, type Parameters } from '../domain/parameters.ts';
import { lowestBase, QUOTE_POLICY, quotePrice, type QuotePolicy } from '../domain/pricing.ts';
import { quoteTimes } from '../domain/quote-times.ts';
import type { SlotOrder } from '../domain/slot.ts';
import type { Hex, SignedOrder } from '../domain/types.ts';
import { formatMoney } from '../domain/units.ts';
import type { Bench } from './bench.ts';
import { TraceMarket, type Won } from './quotes/market.ts';

/** A minute: the trace has few arrivals in ten seconds, and its shortest pods run for one. */
const PARAMETERS: Parameters = { ...DEFAULTS, slotSeconds: 60, minLeaseSeconds: 1 };
/** Every so-manieth node makes the market in which cards are scarce. */
const THINNED = 10;
/** μ of Eq. (5) around the one that the gateway uses, seconds. */
const URGENCIES = [0, 150, QUOTE_POLICY.urgencySeconds, 2_400];

export const bench: Bench = async () => {
  const [nodesFile, podsFile] = [process.env['TRACE_NODES'], process.env['TRACE_PODS']];
  if (!nodesFile || !podsFile)
    throw new Error(
      'Name the trace: TRACE_NODES=FILE TRACE_PODS=FILE, in the format of cli/replay/README.md.',
    );
  const most = Number(process.env['TRACE_ORDERS'] ?? 1_000);
  const nodes = (await readNodes(nodesFile)).rows;
  const pods = (await readPods(podsFile)).rows
    .sort((a, b) => a.creation - b.creation || (a.name < b.name ? -1 : 1))
    .slice(0, most);
  const bids = play(nodes, pods, null);
  const few = nodes.filter((_, index) => index % THINNED === 0);
  const fewBids = play(few, pods, null);
  const sweep = URGENCIES.map((urgencySeconds) => ({
    urgencySeconds,
    ...figuresOf(play(few, pods, { ...QUOTE_POLICY, urgencySeconds }), fewBids),
  }));
  return {
    measured:
      `The first ${pods.length} orders of the trace over its ${nodes.length} nodes, slots of ${PARAMETERS.slotSeconds} s, quotes that hold for ${PARAMETERS.quoteSeconds} s: ` +
      'each order accepts a quote of at most its start price and bids otherwise; cleared by the domain in one process. Ratios are means over orders, money is tokens. ' +
      `scarce: the same orders over every ${THINNED}th node, for several μ of Eq. (5)`,
    figures: {
      ...figuresOf(play(nodes, pods, QUOTE_POLICY), bids),
      urgencySeconds: QUOTE_POLICY.urgencySeconds,
      scarce: sweep,
    },
  };
};

interface Run {
  orders: number;
  /** Why there was no quote, by code. */
  unquoted: Record<string, number>;
  quoted: number;
  accepted: Map<Hex, { pod: string; item: SlotOrder }>;
  /** Orders by pod that got a lease. */
  won: Map<string, Won & { cardSeconds: bigint }>;
  market: TraceMarket;
}

/** Plays the trace. @param policy of the quotes; null: everybody bids */
function play(nodes: readonly TraceNode[], pods: readonly TracePod[], policy: QuotePolicy | null): Run {
  const prices = openPrices();
  const providers = providersOf(nodes, prices);
  const consumers = Array.from({ length: CONSUMERS }, (_, i) => actor(`consumer-${i}`));
  const classNames = providers.flatMap((provider) => provider.nodes.map((node) => node.className));
  const market = new TraceMarket(PARAMETERS, providers, consumers, ORIGIN);
  const run: Run = { orders: 0, unquoted: {}, quoted: 0, accepted: new Map(), won: new Map(), market };
  let waiting: { pod: string; item: SlotOrder }[] = [];
  let next = 0;
  for (let slot = 0n; next < pods.length || waiting.length > 0;) {
    const arriving = next < pods.length ? slotAt(ORIGIN + BigInt(pods[next]!.creation), PARAMETERS) : null;
    slot = waiting.length > 0 || arriving === null ? slot + 1n : arriving;
    const end = slotEnd(slot, PARAMETERS);
    market.open(end - BigInt(PARAMETERS.slotSeconds));
    const asks = policy && market.onOffer(end);
    for (; next < pods.length && ORIGIN + BigInt(pods[next]!.creation) < end; next++) {
      const pod = pods[next]!;
      const arrives = ORIGIN + BigInt(pod.creation);
      const wish = orderOf({ pod, arrives }, BigInt(next), consumers, classNames, prices, PARAMETERS);
      // A bid waits as long as a quote may.
      const times = quoteTimes(arrives, arrives + 86_400n, PARAMETERS)!;
      const timed = { ...wish, order: { ...wish.order, ...validity(times) } };
      run.orders++;
      const firm = policy && asks && offer(run, timed, priceOf(timed, arrives, market, policy), asks);
      const item = firm ? market.quote(firm) : market.bid(timed);
      waiting.push({ pod: pod.name, item });
      if (firm) run.accepted.set(item.id, { pod: pod.name, item });
    }
    const won = new Map(
      market
        .clear(
          slot,
          waiting.map(({ item }) => item),
        )
        .map((match) => [match.id, match]),
    );
    const later = slotEnd(slot + 1n, PARAMETERS);
    waiting = waiting.filter(({ pod, item }) => {
      const match = won.get(item.id);
      const { cards, duration, validUntil } = item.signed.order;
      if (match) run.won.set(pod, { ...match, cardSeconds: BigInt(cards) * BigInt(duration) });
      else if (validUntil < later && run.accepted.has(item.id)) market.refund(item);
      return !match && validUntil >= later;
    });
  }
  return run;
}

function validity({ orderUntil, latestStart }: { orderUntil: bigint; latestStart: bigint }) {
  return { validUntil: orderUntil, latestStart };
}

type Unsigned = Pick<SignedOrder, 'order' | 'classes'>;

/** The quote for an order that arrives, base units per card-hour; null without a price to start from. */
function priceOf(wish: Unsigned, now: bigint, { prices }: TraceMarket, policy: QuotePolicy): bigint | null {
  const wanted = wantedClasses(wish);
  const known = wanted.length === 0 ? [...prices.values()] : wanted.map((id) => prices.get(id) ?? []);
  const lowest = lowestBase(
    // The newest stand at the end, and are enough.
    known.map((clearings) => ({ clearings: clearings.slice(-2_000), listed: null })),
    policy,
  );
  if (lowest === null) return null;
  const { cards, duration, latestStart } = wish.order;
  const toleranceSeconds = latestStart + BigInt(duration) - now;
  const terms = { basePrice: lowest.base, toleranceSeconds, cards, duration, transferCost: 0n };
  return quotePrice({ ...terms, feeBps: PARAMETERS.feeBps }, policy).pricePerCardHour;
}

/** The order at its quote, when there is one and its consumer would pay it; null otherwise. */
function offer(run: Run, wish: Unsigned, price: bigint | null, asks: OnOffer<OfferedAsk>): Unsigned | null {
  const startPrice = price ?? 0n;
  const firm = { ...wish, order: { ...wish.order, startPrice } };
  const reason = price === null ? 'NO_PRICE' : asks.whyNone(firm)?.reason;
  if (reason !== undefined) {
    run.unquoted[reason] = (run.unquoted[reason] ?? 0) + 1;
    return null;
  }
  run.quoted++;
  return startPrice <= wish.order.startPrice ? firm : null;
}

function figuresOf({ orders, quoted, unquoted, accepted, won, market }: Run, bids: Run) {
  const taken = [...accepted.values()].map(({ pod, item }) => ({
    quote: item.signed.order.startPrice,
    held: market.state.quotes.get(item.id)!,
    lease: won.get(pod),
    bid: bids.won.get(pod),
  }));
  const procured = taken.filter((one) => one.held.outcome === 'PROCURED');
  const refunded = taken.filter((one) => one.held.outcome === 'REFUNDED');
  if (
    procured.length + refunded.length !== taken.length ||
    market.state.fees !== sum(procured, (one) => one.held.kept)
  )
    throw new Error('a quote was neither procured nor refunded, or money is missing');
  const surplus = sum(procured, ({ held }) => held.shared + held.kept);
  const cardSeconds = sum(procured, ({ lease }) => lease!.cardSeconds);
  const both = procured.filter(({ bid }) => bid !== undefined);
  return {
    orders,
    quoted,
    unquoted,
    accepted: accepted.size,
    declined: quoted - accepted.size,
    procured: procured.length,
    refunded: refunded.length,
    procuredAlone: procured.filter(({ lease }) => lease!.alone).length,
    cardHours: Number(cardSeconds / 36n) / 100,
    cost: formatMoney(sum(procured, ({ held }) => held.amount) - surplus),
    surplus: formatMoney(surplus),
    surplusKept: formatMoney(sum(procured, ({ held }) => held.kept)),
    surplusShared: formatMoney(sum(procured, ({ held }) => held.shared)),
    surplusPerCardHour: cardSeconds === 0n ? null : formatMoney((surplus * 3600n) / cardSeconds),
    meanQuoteOverClearing: mean(procured.map(({ quote, lease }) => ratio(quote, lease!.price))),
    /** What the same order would have paid as a bid, where it would have won as one. */
    meanQuoteOverBid: mean(both.map(({ quote, bid }) => ratio(quote, bid!.price))),
    /** Lost: the quote was refunded although a bid would have won, and the other way. */
    refundedThoughABidWins: refunded.filter(({ bid }) => bid !== undefined).length,
    procuredThoughABidLoses: procured.length - both.length,
    matchedInAll: won.size,
    /** The same market, in which all bid. */
    bidding: { matched: bids.won.size, meanPrice: meanPrice(bids), matchedAlone: alone(bids) },
  };
}

function alone({ won }: Run): number {
  return [...won.values()].filter((match) => match.alone).length;
}

function meanPrice({ won }: Run): string {
  return formatMoney(sum([...won.values()], ({ price }) => price) / BigInt(Math.max(1, won.size)));
}

function sum<T>(items: readonly T[], of: (item: T) => bigint): bigint {
  return items.reduce((total, item) => total + of(item), 0n);
}

function ratio(a: bigint, b: bigint): number {
  return Number((a * 1_000_000n) / b) / 1_000_000;
}

function mean(values: readonly number[]): number | null {
  if (values.length === 0) return null;
  return Math.round((values.reduce((total, value) => total + value, 0) / values.length) * 10_000) / 10_000;
}
