/** fast-check's view of the market's messages. */
import fc from 'fast-check';
import type { Ask, Hex, Listing, Order, Receipt } from '../../domain/types.ts';

export const hex = (bytes: number) =>
  fc
    .uint8Array({ minLength: bytes, maxLength: bytes })
    .map((value): Hex => `0x${Buffer.from(value).toString('hex')}`);
const uint = (bits: number) => fc.bigInt({ min: 0n, max: 2n ** BigInt(bits) - 1n });
const small = (bits: number) => fc.integer({ min: 0, max: 2 ** bits - 1 });

export const ask: fc.Arbitrary<Ask> = fc.record({
  provider: hex(20),
  supply: hex(32),
  supplyKind: small(8),
  nodeEpoch: small(32),
  resourceClass: hex(32),
  region: hex(32),
  cards: small(32),
  reservePrice: uint(128),
  validFrom: uint(64),
  validUntil: uint(64),
  nonce: uint(256),
});

export const listing: fc.Arbitrary<Listing> = fc.record({
  provider: hex(20),
  node: hex(32),
  nodeEpoch: small(32),
  resourceClass: hex(32),
  region: hex(32),
  cards: small(32),
  pricePerCardHour: uint(128),
  validFrom: uint(64),
  validUntil: uint(64),
  nonce: uint(256),
});

export const order: fc.Arbitrary<Order> = fc.record({
  consumer: hex(20),
  requirement: hex(32),
  cards: small(32),
  duration: small(32),
  startPrice: uint(128),
  taskCompute: small(16),
  taskNetwork: small(16),
  taskStorage: small(16),
  region: hex(32),
  latestStart: uint(64),
  validUntil: uint(64),
  minReputation: small(16),
  minTier: small(8),
  workload: hex(32),
  nonce: uint(256),
});

export const receipt: fc.Arbitrary<Receipt> = fc.record({
  scheduler: hex(20),
  slot: uint(64),
  seq: small(32),
  item: hex(32),
  head: hex(32),
});
