/** `POST /api/quotes`: a firm price for an order, signed; or why there is none. */
import { privateKeyToAccount } from 'viem/accounts';
import type { Deployment } from '../../../contracts/deployment.ts';
import { orderId, quoteDigest } from '../../../domain/eip712.ts';
import { ZERO_HASH } from '../../../domain/hash.ts';
import { regionId } from '../../../domain/names.ts';
import {
  lowestBase,
  QUOTE_POLICY,
  quotePrice,
  transferSeconds,
  type Basis,
  type QuotePrice,
} from '../../../domain/pricing.ts';
import { earliestStart, quoteTimes, type QuoteTimes } from '../../../domain/quote-times.ts';
import { Refusal } from '../../../domain/refusal.ts';
import { classesFor, requirementOf } from '../../../domain/requirement.ts';
import { QUOTED } from '../../../domain/signing.ts';
import type { Hex, Order, SignedOrder, SigningDomain } from '../../../domain/types.ts';
import { REFERENCE, FULL } from '../../../domain/vectors.ts';
import type { Database } from '../../../prisma/client.ts';
import type { Prisma } from '../../../prisma/generated/client.ts';
import { nonceKey, storedWorkloads, takenNonces } from '../book.ts';
import { nonceUsed, unknownWorkload } from '../intake-refusals.ts';
import { loadOrderMarket } from '../market-facts.ts';
import { checkOrderFields, checkOrderNames } from '../order-checks.ts';
import { parse } from '../parse.ts';
import { countRefusals } from '../refusals.ts';
import { whyNone, type OpenAsks } from '../open-asks.ts';
import { quoteRequestSchema, toJson } from '../wire.ts';
import { pricesOf } from './prices.ts';

/** How the price came about. */
export interface Breakdown extends QuotePrice {
  basis: Basis;
  /** τ of Eq. (5), seconds. */
  toleranceSeconds: bigint;
  /** Gigabytes that come from another region. */
  gigabytes: number;
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
}

export interface QuoteOptions {
  db: Database;
  deployment: Deployment;
  openAsks: OpenAsks;
  /** Private key of the deployment's scheduler. */
  schedulerKey: Hex;
  /** Timestamp of the chain's newest block, unix seconds. */
  chainNow: () => Promise<bigint>;
}

/** Without a wish for bandwidth, data travel at this rate, Mb/s. */
const USUAL_MBPS = 1_000;

type Request = ReturnType<typeof parse<typeof quoteRequestSchema>>;

/** @returns a function that prices, signs and stores; it throws a `Refusal` */
export function createQuoteDesk(options: QuoteOptions): (input: unknown) => Promise<QuoteOffer> {
  const { db, deployment, openAsks, chainNow } = options;
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
    const gigabytes = await movedGigabytes(db, request);
    const toleranceSeconds = times.latestStart + BigInt(request.duration) - now;
    const { cards, duration } = request;
    const terms = {
      basePrice: base,
      toleranceSeconds,
      cards,
      duration,
      gigabytes,
      feeBps: parameters.feeBps,
    };
    return { ...quotePrice(terms, policy), basis, toleranceSeconds, gigabytes };
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
    checkTransfer(request);
    await checkNonce(db, shape.order);
    if (!(await storedWorkloads(db, [request.workload])).has(request.workload))
      throw unknownWorkload(request.workload);

    const breakdown = await priced(request, times, now);
    const order = { ...shape.order, startPrice: breakdown.pricePerCardHour };
    const { asks } = await openAsks(slotEnd);
    const none = whyNone(asks, request.classes, order, market);
    if (none !== null) throw none;
    const signed = { ...shape, order };
    checkOrderFields(signed, parameters);

    const id = orderId(domain, order);
    const { acceptUntil: validUntil, refundAfter } = times;
    const signature = await account.sign({ hash: quoteDigest(domain, { orderId: id, validUntil }) });
    await store(db, { id, signed, breakdown, signature, validUntil });
    return { id, order, classes: shape.classes, validUntil, signature, breakdown, refundAfter };
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

/** Gigabytes that have to move: none when every node that could get the order stands where the data are. */
async function movedGigabytes(db: Database, { data, region, classes }: Request): Promise<number> {
  if (data === undefined || data.gigabytes === 0 || data.region === region) return 0;
  if (region !== ZERO_HASH) return data.gigabytes;
  const rows = await db.node.findMany({
    distinct: ['region'],
    select: { region: true },
    ...(classes.length === 0 ? {} : { where: { resourceClass: { in: classes } } }),
  });
  return rows.every((row) => regionId(row.region) === data.region) ? 0 : data.gigabytes;
}

/** Data that take longer to come than the lease lasts would only be paid for. */
function checkTransfer({ data, taskNetwork, duration }: Request): void {
  if (data === undefined) return;
  const wished = Math.floor((taskNetwork * Number(REFERENCE.networkMbps)) / FULL);
  const mbps = wished === 0 ? USUAL_MBPS : wished;
  const seconds = transferSeconds(data.gigabytes, mbps);
  if (seconds < BigInt(duration)) return;
  throw new Refusal(
    'TRANSFER_TOO_SLOW',
    `${data.gigabytes} GB take ${seconds} s at ${mbps} Mb/s; the lease lasts ${duration} s.`,
    'Ask for more bandwidth (taskNetwork) or a longer lease, or move the data before.',
  );
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
