import { z } from 'zod';
import { ZERO_HASH } from '../../domain/hash.ts';
import type { Hex, Order, SignedOrder } from '../../domain/types.ts';

/** Unsigned integer of `bits` bits as a bigint; JSON writes it as a decimal string or, where safe, a number. */
export function uint(bits: number) {
  const limit = 1n << BigInt(bits);
  return z
    .union([
      z.bigint().nonnegative(),
      z
        .string()
        .regex(/^(0|[1-9][0-9]{0,77})$/, 'an integer in decimal digits is needed')
        .transform(BigInt),
      z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(BigInt),
    ])
    .refine((value) => value < limit, `more than ${bits} bits`);
}

/** Unsigned integer of at most 32 bits as a number. */
export function smallUint(bits: 8 | 16 | 32) {
  return uint(bits).transform(Number);
}

function hex(bytes: number) {
  return z
    .string()
    .regex(new RegExp(`^0x[0-9a-fA-F]{${bytes * 2}}$`), `0x and ${bytes * 2} hexadecimal digits are needed`)
    .transform((value) => value.toLowerCase() as Hex);
}

export const address = hex(20);
export const hash = hex(32);
export const signature = hex(65);

const orderSchema = z.strictObject({
  consumer: address,
  requirement: hash,
  cards: smallUint(32),
  duration: smallUint(32),
  startPrice: uint(128),
  taskCompute: smallUint(16),
  taskNetwork: smallUint(16),
  taskStorage: smallUint(16),
  region: hash,
  latestStart: uint(64),
  validUntil: uint(64),
  minReputation: smallUint(16),
  minTier: smallUint(8),
  workload: hash,
  nonce: uint(256),
});

const askSchema = z.strictObject({
  provider: address,
  supply: hash,
  supplyKind: smallUint(8),
  nodeEpoch: smallUint(32),
  resourceClass: hash,
  region: hash,
  cards: smallUint(32),
  reservePrice: uint(128),
  validFrom: uint(64),
  validUntil: uint(64),
  nonce: uint(256),
});

const listingSchema = z.strictObject({
  provider: address,
  node: hash,
  nodeEpoch: smallUint(32),
  resourceClass: hash,
  region: hash,
  cards: smallUint(32),
  pricePerCardHour: uint(128),
  validFrom: uint(64),
  validUntil: uint(64),
  nonce: uint(256),
});

/** 65 bytes, or none: then its consumer approved the order on-chain. */
const orderSignature = z
  .string()
  .regex(/^0x([0-9a-fA-F]{130})?$/, '65 bytes as 0x and 130 hexadecimal digits, or 0x, are needed')
  .transform((value) => value.toLowerCase() as Hex);
/** What `POST /api/v1/orders` takes. The workload may be left out when it was put before. */
export const signedOrderSchema = z.strictObject({
  order: orderSchema,
  classes: z.array(hash).max(16).default([]),
  signature: orderSignature,
  workload: z.unknown().optional(),
});

/** What `POST /api/v1/quotes` takes: an order without its price and its expiry, and the data that it needs. */
export const quoteRequestSchema = z.strictObject({
  consumer: address,
  /** Ids of the classes that would do; none means any. */
  classes: z.array(hash).max(16).default([]),
  cards: smallUint(32),
  duration: smallUint(32),
  region: hash.default(ZERO_HASH),
  taskCompute: smallUint(16).default(0),
  taskNetwork: smallUint(16).default(0),
  taskStorage: smallUint(16).default(0),
  latestStart: uint(64),
  minReputation: smallUint(16).default(0),
  minTier: smallUint(8).default(0),
  workload: hash,
  nonce: uint(256),
  /** Where the data lie that the work needs, how much, and the longest round trip to them in milliseconds (0: any). */
  data: z
    .strictObject({ region: hash, gigabytes: smallUint(32), maxRttMs: smallUint(16).default(0) })
    .optional(),
});

export const signedAskSchema = z.strictObject({ ask: askSchema, signature });
export const signedListingSchema = z.strictObject({ listing: listingSchema, signature });

/** A `LeaseReport` with its signature. */
export const reportSchema = z.strictObject({
  state: z.enum(['starting', 'running', 'exited', 'failed']),
  exitCode: z.number().int().min(0).max(255).optional(),
  sandbox: z.string().max(64),
  log: z
    .array(z.strictObject({ seq: z.number().int().min(0).max(2_147_483_647), text: z.string().max(65_536) }))
    .max(256)
    .optional(),
  at: z.string().regex(/^[0-9]{1,18}$/),
  used: z
    .strictObject({
      cpuMs: z.number().int().min(0).max(Number.MAX_SAFE_INTEGER),
      cpus: z.number().int().min(1).max(65_535),
    })
    .optional(),
  signature,
});

/** A `WorkOrderRequest` with its signature. */
export const workOrderSchema = z.strictObject({
  action: z.enum(['place', 'list', 'provision', 'refuse', 'close', 'finish', 'forget', 'access']),
  provider: address,
  pool: z.string().min(1).max(64).optional(),
  order: z.string().min(1).max(63).optional(),
  terms: z
    .strictObject({
      class: z.string().min(1).max(64),
      cards: z.number().int().min(0).max(1_000_000),
      seconds: z.number().int().min(1).max(2_147_483_647),
      command: z.array(z.string().max(65_536)).max(256),
      deadline: z.number().int().min(0).max(4_294_967_295),
    })
    .optional(),
  access: z.string().min(1).max(4_000).optional(),
  note: z.string().min(1).max(1_000).optional(),
  at: z.number().int().min(0).max(4_294_967_295),
  signature,
});

/** A receipt as the gateway answered it: by itself, or in the answer's `receipt`. */
export const receiptSchema = z.object({
  scheduler: address,
  slot: uint(64),
  seq: smallUint(32),
  item: hash,
  head: hash,
  signature,
});

/** JSON text of a value whose bigints are written as decimal strings. */
export function toJson(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? part.toString() : part));
}

/** A value as JSON holds it: bigints are decimal strings. */
export function wireOf(value: unknown): unknown {
  return JSON.parse(toJson(value));
}

/** @param row of `order`, or with any signature of `quote_offer` */
export function orderOfRow(row: { message: unknown; signature: string }): SignedOrder {
  const { order, classes } = z.object({ order: orderSchema, classes: z.array(hash) }).parse(row.message);
  return { order: order satisfies Order, classes, signature: row.signature as Hex };
}
