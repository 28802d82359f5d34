/** `POST /api/v1/quotes`: a firm price for an order, signed; or why there is none. */
import { privateKeyToAccount } from 'viem/accounts';
import type { Deployment } from '../../../contracts/deployment.ts';
import { orderId, quoteDigest } from '../../../domain/eip712.ts';
import type { LinkTable } from '../../../domain/links/table.ts';
import {
  lowestBase,
  QUOTE_POLICY,
  quotePrice,
  type Basis,
  type QuotePrice,
} from '../../../domain/pricing.ts';
import { earliestStart, quoteTimes, type QuoteTimes } from '../../../domain/quote-times.ts';
import { Refusal } from '../../../domain/refusal.ts';
import { classesFor, requirementOf } from '../../../domain/requirement.ts';
import { QUOTED } from '../../../domain/signing.ts';
import type { Hex, Order, SignedOrder, SigningDomain } from '../../../domain/types.ts';
import type { Database } from '../../../prisma/client.ts';
import type { Prisma } from '../../../prisma/generated/client.ts';
import { nonceKey, storedWorkloads, takenNonces } from '../book.ts';
import { nonceUsed, unknownWorkload } from '../intake-refusals.ts';
import { loadOrderMarket } from '../market-facts.ts';
import { noSupply } from '../no-supply.ts';
import { checkOrderFields, checkOrderNames } from '../order-checks.ts';
import { parse } from '../parse.ts';
import { countRefusals } from '../refusals.ts';
import type { OpenAsks } from '../open-asks.ts';
import { quoteRequestSchema, toJson } from '../wire.ts';
import { expectedRuns, type ExpectedRun } from './expected.ts';
import { pricesOf } from './prices.ts';
import { transferFor, type Transfer } from './transfer.ts';

/** How the price came about. */
export interface Breakdown extends QuotePrice {
  basis: Basis;
  /** τ of Eq. (5), seconds. */
  toleranceSeconds: bigint;
  /** Gigabytes that come from another region, how long they take, seconds, and over which link. */
  gigabytes: number;
  transferSeconds: bigint;
  link: Transfer['link'];
}

export interface QuoteOffer {
  id: Hex;
  order: Order;
  classes: Hex[];
  /** Last second (unix, chain time) at which `takeQuote` accepts it. */
  validUntil: bigint;
  /** The scheduler's, over `Quote(orderId, validUntil)`. */
  signature: Hex;
  breakdown: Breakdown;
  /** When it was not procured by then, all of it comes back; unix seconds. */
  refundAfter: bigint;
  /** How long the work is expected to run, by class; nothing while too few runs were measured. */
  expected: ExpectedRun[];
}

export interface QuoteOptions {
  db: Database;
  deployment: Deployment;
  openAsks: OpenAsks;
  links: LinkTable;
  /** Private key of the deployment's scheduler. */
  schedulerKey: Hex;
  /** Timestamp of the chain's newest block, unix seconds. */
  chainNow: () => Promise<bigint>;
}

type Request = ReturnType<typeof parse<typeof quoteRequestSchema>>;

/** @returns a function that prices, signs and stores; it throws a `Refusal` */
export function createQuoteDesk(options: QuoteOptions): (input: unknown) => Promise<QuoteOffer> {
  const { db, deployment, openAsks, links, chainNow } = options;
  const { parameters } = deployment;
  const domain: SigningDomain = { chainId: deployment.chainId, auction: deployment.auction };
  const account = privateKeyToAccount(options.schedulerKey);
  const slotSeconds = BigInt(parameters.slotSeconds);

  const priced = async (request: Request, times: QuoteTimes, now: bigint): Promise<Breakdown> => {
    const prices = await pricesOf(db, request.classes, now, slotSeconds);
    const lowest = lowestBase(prices, QUOTE_POLICY);
    if (lowest === null)
      throw new Refusal(
        'NO_PRICE',
        'No auction of this class has cleared lately and nothing of it is listed, so there is no price to quote from.',
        'Bid with a start price of your own.',
        { retryable: true },
      );
    const { base, basis } = lowest;
    // Who lists sells at once: haste is in the price already.
    const policy = basis.from === 'listing' ? { ...QUOTE_POLICY, urgencySeconds: 0 } : QUOTE_POLICY;
    const moved = await transferFor(db, links, request);
    const toleranceSeconds = times.latestStart + BigInt(request.duration) - now;
    const { cards, duration } = request;
    const terms = {
      basePrice: base,
      toleranceSeconds,
      cards,
      duration,
      transferCost: moved.cost,
      feeBps: parameters.feeBps,
    };
    const { gigabytes, seconds: transferSeconds, link } = moved;
    return { ...quotePrice(terms, policy), basis, toleranceSeconds, gigabytes, transferSeconds, link };
  };

  const quote = async (input: unknown): Promise<QuoteOffer> => {
    const request = parse(quoteRequestSchema, input);
    const now = await chainNow();
    const times = timesOf(request, now);
    const shape = shapeOf(request, times);
    // A price is still to come: any will do for the fields.
    checkOrderFields({ ...shape, order: { ...shape.order, startPrice: 1n } }, parameters);
    const slotEnd = (now / slotSeconds + 1n) * slotSeconds;
    const market = await loadOrderMarket(db, slotEnd, [shape]);
    checkOrderNames(shape, market);
    await checkNonce(db, shape.order);
    if (!(await storedWorkloads(db, [request.workload])).has(request.workload))
      throw unknownWorkload(request.workload);

    const breakdown = await priced(request, times, now);
    const order = { ...shape.order, startPrice: breakdown.pricePerCardHour };
    const signed = { ...shape, order };
    const onOffer = await openAsks(slotEnd);
    const none = onOffer.whyNone(signed);
    if (none !== null) throw noSupply(none, signed, onOffer.asks, market);
    checkOrderFields(signed, parameters);

    const id = orderId(domain, order);
    const { acceptUntil: validUntil, refundAfter } = times;
    const signature = await account.sign({ hash: quoteDigest(domain, { orderId: id, validUntil }) });
    await store(db, { id, signed, breakdown, signature, validUntil });
    const { workload, cards, duration, startPrice: pricePerCardHour } = order;
    const named = request.classes.flatMap((name) => market.classes.get(name) ?? []);
    const onSale = new Set(onOffer.asks.map(({ className }) => className));
    const classNames = request.classes.length > 0 ? named : [...onSale];
    const work = { workload, classNames, cards, duration, pricePerCardHour, feeBps: parameters.feeBps };
    const expected = await expectedRuns(db, work);
    return { id, order, classes: shape.classes, validUntil, signature, breakdown, refundAfter, expected };
  };

  const timesOf = ({ latestStart }: Request, now: bigint): QuoteTimes => {
    const times = quoteTimes(now, latestStart, parameters);
    if (times !== null) return times;
    const earliest = earliestStart(now, parameters);
    throw latestStart < earliest
      ? new Refusal(
          'EXPIRED',
          `latestStart is ${latestStart}; a quote made now needs until ${earliest} (chain time).`,
          `Ask again with latestStart ${earliest} or later, or buy from a listing, which starts at once.`,
        )
      : new Refusal(
          'UNSUPPORTED',
          `A quote holds money for ${parameters.quoteSeconds} s at most, two slots take ${2 * parameters.slotSeconds} s.`,
          'Bid instead.',
        );
  };

  return async (input) => {
    try {
      return await quote(input);
    } catch (error) {
      if (error instanceof Refusal) await countRefusals(db, 'quote', [error]);
      throw error;
    }
  };
}

/** The order without its price. */
function shapeOf(request: Request, times: QuoteTimes): SignedOrder {
  const { classes, data: _data, latestStart: _latest, ...terms } = request;
  const { orderUntil: validUntil, latestStart } = times;
  try {
    const order = { ...terms, requirement: requirementOf(classes), startPrice: 0n, validUntil, latestStart };
    return { order, classes: classesFor(classes), signature: QUOTED };
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Refusal('MALFORMED', `${error.message}.`, 'Name each class that would do once.');
  }
}

async function checkNonce(db: Database, { consumer, nonce }: Order): Promise<void> {
  const { spent, inBook } = await takenNonces(db, [{ account: consumer, nonce }]);
  const key = nonceKey(consumer, nonce);
  if (spent.has(key) || inBook.has(key)) throw nonceUsed(consumer, nonce, spent.has(key));
}

interface Stored {
  id: Hex;
  signed: SignedOrder;
  breakdown: Breakdown;
  signature: Hex;
  validUntil: bigint;
}

/** The same question at the same time gets the same order: a later answer has a later expiry, and takes its place. */
async function store(db: Database, { id, signed, breakdown, signature, validUntil }: Stored): Promise<void> {
  const asJson = (value: unknown): Prisma.InputJsonObject =>
    JSON.parse(toJson(value)) as Prisma.InputJsonObject;
  const data = {
    id,
    consumer: signed.order.consumer,
    message: asJson({ order: signed.order, classes: signed.classes }),
    breakdown: asJson(breakdown),
    signature,
    validUntil,
    orderUntil: signed.order.validUntil,
  };
  await db.quoteOffer.upsert({ where: { id }, create: data, update: { signature, validUntil } });
}
