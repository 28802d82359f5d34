/** What the market's routes answer. Money, times and slots are decimal digits; addresses and ids lower-case hex. */
import { z } from 'zod';
import { addressOut, decimal, hashOut, hexOut, moment, money, seconds } from './texts.ts';

/** Fields of a signed message: numbers, or decimal digits above 32 bits. */
const message = z.record(z.string(), z.union([z.string(), z.number()]));

export const listing = z.object({
  id: hashOut,
  provider: addressOut,
  node: hashOut,
  className: z.string(),
  region: z.string(),
  message,
  signature: hexOut,
  price: money.describe('base units per card-hour'),
  validUntil: seconds,
  left: z.int().describe('cards not yet sold'),
});

/** Why nothing is on offer: the filter that left nothing, and how many were left after each up to it. */
export const noListing = z.object({
  reason: z.string().describe('NO_CLASS, NO_REGION, NO_CARDS, PRICE'),
  counts: z.record(z.string(), z.int()),
  sentence: z.string(),
  fix: z.string(),
  nearest: listing.nullable().describe('the listing that misses the least'),
});

export const resourceClass = z.object({
  id: hashOut,
  name: z.string(),
  nodes: z.int(),
  cards: z.int(),
  freeCards: z.int().describe('cards that no lease holds'),
  askedCards: z.int().describe('cards that live asks still offer to the auction'),
  compute: z
    .object({ low: z.number(), high: z.number(), grade: z.string() })
    .nullable()
    .describe('peak dense FP16 of one card, GFLOPS'),
  regions: z.array(z.string()),
  prices: z.array(z.object({ slot: decimal, price: money })).describe('clearing prices, newest first'),
  listings: z.array(listing),
});

export const candle = z.object({
  at: seconds.describe('start of the interval, unix seconds of chain time'),
  open: money,
  high: money,
  low: money,
  close: money,
  leases: z.int(),
  cardHours: z.number().describe('bought in it, two decimals'),
});

export const receipt = z.object({
  scheduler: addressOut,
  slot: decimal,
  seq: z.int(),
  item: hashOut,
  head: hashOut,
  signature: hexOut,
});

/** An accepted message: its id, and the gateway's promise. */
export const accepted = z.object({
  id: hashOut,
  receipt,
  note: z.unknown().optional().describe('why nobody would serve it now, where that is so'),
});

export const order = z.object({
  id: hashOut,
  consumer: addressOut,
  order: message,
  className: z.string(),
  signing: z.string().describe('KEY, APPROVAL, QUOTE'),
  slot: decimal.describe('first slot that holds it'),
  validUntil: seconds,
  createdAt: moment,
  state: z.string().describe('waiting, matched, expired, cancelled'),
  outcome: z.object({ slot: decimal, code: z.string() }).nullable(),
  leaseId: decimal.nullable(),
});

export const ask = z.object({
  id: hashOut,
  node: hashOut,
  cards: z.int(),
  filled: z.int(),
  validUntil: seconds,
  slot: decimal,
  live: z.boolean(),
});

export const lease = z.object({
  id: decimal,
  consumer: addressOut,
  provider: addressOut,
  node: hashOut,
  className: z.string().nullable(),
  region: z.string().nullable(),
  sourceId: hashOut.describe('order of a Bid, listing of a Buy'),
  slot: decimal.nullable().describe('null for a Buy'),
  cards: z.int(),
  duration: decimal,
  start: seconds,
  end: seconds,
  rate: money.describe('base units per card-hour'),
  locked: money,
  paid: money,
  fee: money,
  refunded: money,
  settledUntil: seconds,
  workload: hashOut,
  endReason: z.string(),
  settled: z.boolean(),
  report: z
    .object({
      state: z.string(),
      exitCode: z.int().nullable(),
      heartbeats: z.int(),
      lastBeatAt: moment,
      sandbox: z.string(),
    })
    .nullable(),
});

export const leaseRef = z
  .object({
    pageId: decimal,
    index: z.int(),
    count: z.int(),
    start: seconds,
    source: hashOut,
    lease: z.object({
      consumer: addressOut,
      provider: addressOut,
      rate: money,
      cards: z.int(),
      duration: z.int(),
    }),
    proof: z.array(hashOut),
  })
  .describe('the lease with its proof against its page, as the lease book takes it');

const candidate = z.object({
  askId: hashOut,
  node: hashOut,
  provider: addressOut,
  reserve: money,
  distance: z.number(),
  entropyGap: z.number(),
  droppedAt: z.int(),
});

export const slotRow = z.object({
  slot: decimal,
  state: z.string(),
  orders: z.int(),
  matched: z.int(),
  unmatched: z.int(),
  skipped: z.int(),
  txHash: hashOut.nullable(),
});

export const slot = z.object({
  slot: decimal,
  start: seconds,
  end: seconds,
  state: z.string().describe('open, published, committed, abandoned, or empty'),
  error: z.string().nullable(),
  gammaWad: decimal,
  header: message.nullable(),
  orders: z.array(
    z.object({
      id: hashOut,
      consumer: addressOut,
      className: z.string(),
      cards: z.int(),
      duration: z.int(),
      startPrice: money,
      code: z.string(),
    }),
  ),
  matches: z.array(
    z.object({
      index: z.int(),
      orderId: hashOut,
      askId: hashOut,
      runnerUp: hashOut.nullable(),
      step: z.int(),
      price: money,
      startPrice: money,
      leaseId: decimal.nullable(),
      className: z.string(),
      candidates: z.array(candidate),
    }),
  ),
});

export const quote = z.object({
  id: hashOut,
  state: z.string().describe('OFFERED, LAPSED, HELD, PROCURED, REFUNDED'),
  amount: money.nullable(),
  shared: money.nullable(),
  refundAfter: seconds.nullable(),
  slot: decimal.nullable(),
  outcome: z.string().nullable(),
  receipt: receipt.nullable(),
  lease: z.object({ id: decimal, rate: money, locked: money }).nullable(),
});

export const quoteOffer = z.object({
  id: hashOut,
  order: message,
  classes: z.array(hashOut),
  validUntil: seconds,
  signature: hexOut,
  breakdown: z.object({
    base: money,
    urgency: money,
    transfer: money,
    pricePerCardHour: money,
    cost: money,
    fee: money,
    total: money,
    basis: z.unknown(),
    toleranceSeconds: decimal,
    gigabytes: z.number(),
    transferSeconds: decimal,
    link: z.unknown().describe('the link that moving the data is priced by, or null'),
  }),
  refundAfter: seconds,
  expected: z
    .array(
      z.object({
        className: z.string(),
        cards: z.int(),
        kind: z.string(),
        from: z.string().describe('command or kind: whose runs the estimate is from'),
        runs: z.int(),
        seconds: z.number(),
        low: z.number(),
        high: z.number(),
        cost: money,
        highCost: money,
        fits: z.boolean(),
      }),
    )
    .describe('how long the work is expected to run, by class; empty while too few runs were measured'),
});

export const stats = z.object({
  now: seconds,
  slot: decimal,
  leases: z.object({ open: z.int(), running: z.int(), settled: z.int() }),
  slots: z.object({ committed: z.int(), abandoned: z.int(), newest: decimal.nullable() }),
  orders: z.object({ total: z.int(), waiting: z.int(), matched: z.int() }),
  providers: z.int(),
  nodes: z.int(),
  cards: z.int(),
  leasedCards: z.int(),
  cardHoursSettled: z.number(),
  escrow: money,
  paid: money,
  fees: money,
  refusals: z.array(z.object({ kind: z.string(), code: z.string(), count: decimal })),
});

export const provider = z.object({
  address: addressOut,
  payout: addressOut,
  signer: addressOut,
  metadata: z.string(),
  stake: money,
  exitAt: seconds.nullable().describe('when it may leave; null while it sells'),
  nodes: z.int(),
  cards: z.int(),
  reputation: z.int().describe('0 to 10,000'),
});

export const node = z.object({
  id: hashOut,
  provider: addressOut,
  className: z.string(),
  region: z.string(),
  cards: z.int(),
  networkMbps: decimal,
  storageGb: decimal,
  epoch: z.int(),
  tier: z.int(),
  auditor: addressOut.nullable(),
});

/** An error as RFC 9457 puts it, with our code, fix and request beside. */
export const problem = z.object({
  type: z.string(),
  code: z.string(),
  title: z.string().describe('what is wrong, one sentence'),
  detail: z.string(),
  fix: z.string().describe('what to do about it'),
  status: z.int(),
  requestId: z.string(),
});
