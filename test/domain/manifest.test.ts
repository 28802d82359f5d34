import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { askId, orderId } from '../../domain/eip712.ts';
import { bytesToHex, keccak, keccakText, ZERO_HASH } from '../../domain/hash.ts';
import { decodeManifest, encodeManifest, NO_RECEIPTS, type Manifest } from '../../domain/manifest.ts';
import { headsOf, lastReceipt } from '../../domain/receipts.ts';
import type { Hex, SigningDomain } from '../../domain/types.ts';
import { ask, hex, order, receipt } from './arbitrary.ts';
import { address, manifestOfWorld, randomWorld } from './world.ts';

const domains: fc.Arbitrary<SigningDomain> = fc.record({
  chainId: fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
  auction: hex(20),
});
const signatures = fc.oneof(hex(65), fc.nat(255).chain(hex));
const signedOrders = fc.record({
  order,
  classes: fc.array(hex(32), { maxLength: 3 }),
  signature: signatures,
});
const signedAsks = fc.record({ ask, signature: signatures });

/** Small tables of words, so that messages share them, and large ones. */
const manifests: fc.Arbitrary<Manifest> = fc
  .record({
    domain: domains,
    slot: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
    orders: fc.array(signedOrders, { maxLength: 5 }),
    asks: fc.array(signedAsks, { maxLength: 5 }),
    region: hex(32),
    receipted: fc.array(fc.nat(), { maxLength: 6 }),
    signature: signatures,
  })
  .map(({ domain, slot, orders, asks, region, receipted, signature }) => {
    for (const { order: message } of orders.slice(1)) message.region = region;
    for (const { ask: message } of asks.slice(1)) message.region = region;
    const ofOrders = sorted(orders.map((signed) => ({ id: orderId(domain, signed.order), signed })));
    const ofAsks = sorted(asks.map((signed) => ({ id: askId(domain, signed.ask), signed })));
    const all = [...ofOrders, ...ofAsks].map(({ id }) => id);
    const items = [...new Set(all.length === 0 ? [] : receipted.map((at) => all[at % all.length]!))];
    const receipts = items.length === 0 ? NO_RECEIPTS : { items, signature };
    return { domain, slot, orders: ofOrders, asks: ofAsks, receipts };
  });

function sorted<T extends { id: Hex }>(items: T[]): T[] {
  return items.sort((a, b) => (a.id < b.id ? -1 : 1));
}

describe('manifest', () => {
  test('reads as it was written, from any buffer', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        const bytes = encodeManifest(manifest);
        expect(decodeManifest(bytes)).toEqual(manifest);
        const shifted = new Uint8Array(bytes.length + 3);
        shifted.set(bytes, 3);
        expect(decodeManifest(shifted.subarray(3))).toEqual(manifest);
      }),
    );
  });

  test('is what ADR 0011 says, put together naively', () => {
    fc.assert(
      fc.property(manifests, (manifest) => {
        expect(bytesToHex(encodeManifest(manifest))).toBe(`0x${naive(manifest)}`);
      }),
    );
    // More nodes than a byte numbers.
    const large = manifestOfWorld(randomWorld({ seed: 1, nodes: 300, providers: 5, orders: 3 }));
    expect(bytesToHex(encodeManifest(large))).toBe(`0x${naive(large)}`);
    expect(decodeManifest(encodeManifest(large))).toEqual(large);
  });

  test('is one text: cut or longer bytes are refused', () => {
    fc.assert(
      fc.property(manifests, fc.nat(), (manifest, cut) => {
        const bytes = encodeManifest(manifest);
        expect(() => decodeManifest(bytes.slice(0, cut % bytes.length))).toThrow(RangeError);
        expect(() => decodeManifest(Uint8Array.of(...bytes, 0))).toThrow(RangeError);
      }),
    );
  });

  test('is one text: any other byte is refused, or is another manifest, written so and not otherwise', () => {
    fc.assert(
      fc.property(manifests, fc.nat(), fc.integer({ min: 1, max: 255 }), (manifest, at, flip) => {
        const bytes = encodeManifest(manifest);
        const other = Uint8Array.from(bytes);
        other[at % bytes.length]! ^= flip;
        expect(keccak(other)).not.toBe(keccak(bytes));
        let read: Manifest;
        try {
          read = decodeManifest(other);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
          return;
        }
        expect(read).not.toEqual(manifest);
        expect(encodeManifest(read)).toEqual(other);
      }),
      { numRuns: 500 },
    );
  });

  test('is refused in every other way to write the same', () => {
    const bytes = encodeManifest(one());
    // Magic, chain, Auction, slot, and the table of accounts of one entry.
    const words = 4 + 8 + 20 + 8 + 4 + 20;
    const refused: [string, Uint8Array][] = [
      ['not a slot', Uint8Array.from(bytes, (byte, i) => (i === 3 ? 0x31 : byte))],
      ['does not ascend', splice(bytes, words + 4, 0, bytes.slice(words + 4, words + 36), [words + 3, 1])],
      ['which stands in a table', splice(bytes, words + 4, 0, new Uint8Array(32), [words + 3, 1])],
      ['begins with a zero byte', widened(bytes, [2, 0, 1])],
      ['an integer of 5 bytes stands where 4 are the most', widened(bytes, [5, 1, 0, 0, 0, 0])],
      ['the bytes end at', bytes.slice(0, -1)],
    ];
    for (const [says, other] of refused) expect(() => decodeManifest(other)).toThrow(says);
    expect(() => decodeManifest(new Uint8Array())).toThrow("these are not a slot's inputs");
  });

  test('can not be written of items out of order, twice receipted, or strange', () => {
    const { orders, receipts, ...rest } = two();
    const write = (change: Partial<Manifest>) => () =>
      encodeManifest({ ...rest, orders, receipts, ...change });
    expect(write({})).not.toThrow();
    expect(write({ orders: orders.toReversed() })).toThrow('do not ascend');
    expect(write({ orders: [orders[0]!, orders[0]!] })).toThrow('do not ascend');
    expect(write({ receipts: { ...receipts, items: [keccakText('strange')] } })).toThrow('not among');
    const [first] = receipts.items;
    expect(write({ receipts: { ...receipts, items: [first!, first!] } })).toThrow('receipted twice');
  });

  test('that names an item of nobody is refused', () => {
    const manifest = one();
    const bytes = encodeManifest({
      ...manifest,
      receipts: { items: [manifest.orders[0]!.id], signature: '0x' },
    });
    // The item's place, and the length of the signature.
    expect(() => decodeManifest(splice(bytes, bytes.length - 2, 1, Uint8Array.of(1)))).toThrow(
      'beyond the end',
    );
    const twice = encodeManifest(two());
    expect(() => decodeManifest(splice(twice, twice.length - 2, 1, twice.slice(-3, -2)))).toThrow(
      'a second time',
    );
  });
});

describe('receipts', () => {
  test('each head binds its item and all before it', () => {
    fc.assert(
      fc.property(fc.array(hex(32), { minLength: 2, maxLength: 6 }), fc.nat(), (items, at) => {
        const heads = headsOf(items);
        const changed = at % items.length;
        const other = headsOf(items.map((item, i) => (i === changed ? keccakText(item) : item)));
        for (const i of items.keys()) expect(other[i] === heads[i]).toBe(i < changed);
      }),
    );
  });

  test('the last is the one whose signature is published', () => {
    fc.assert(
      fc.property(receipt, fc.array(hex(32), { maxLength: 4 }), ({ scheduler, slot, item }, before) => {
        const items = [...before, item];
        const last = lastReceipt(slot, scheduler, { items, signature: '0x' });
        expect(last).toEqual({ scheduler, slot, seq: before.length, item, head: headsOf(items).at(-1) });
      }),
    );
    expect(lastReceipt(1n, ZERO_HASH, NO_RECEIPTS)).toBeNull();
  });
});

/** The bytes in hex, field after field as ADR 0011 lists them: no writer, no tables of types. */
function naive({ domain, slot, orders, asks, receipts }: Manifest): string {
  const fixed = (value: bigint | number, bytes: number) => value.toString(16).padStart(2 * bytes, '0');
  const uint = (value: bigint | number) => {
    let digits = value.toString(16);
    if (digits.length % 2 === 1) digits = `0${digits}`;
    return BigInt(value) === 0n ? '00' : fixed(digits.length / 2, 1) + digits;
  };
  const sign = (signature: Hex) => fixed((signature.length - 2) / 2, 1) + signature.slice(2);
  const placeIn = (list: readonly string[]) => {
    const bytes = list.length <= 256 ? 1 : 2;
    return (entry: string) => fixed(list.indexOf(entry), bytes);
  };
  const distinct = (entries: string[]) => [...new Set(entries)].sort();
  const accounts = distinct([
    ...orders.map(({ signed }) => signed.order.consumer),
    ...asks.map(({ signed }) => signed.ask.provider),
  ]);
  const words = distinct([
    ...orders.flatMap(({ signed: { order: o, classes } }) => [
      o.requirement,
      o.region,
      o.workload,
      ...classes,
    ]),
    ...asks.flatMap(({ signed: { ask: a } }) => [a.supply, a.resourceClass, a.region]),
  ]);
  const account = placeIn(accounts);
  const word = placeIn(words);
  const item = placeIn([...orders, ...asks].map(({ id }) => id));
  const parts = [
    Buffer.from('CHS2').toString('hex') + fixed(domain.chainId, 8) + domain.auction.slice(2) + fixed(slot, 8),
    ...[accounts, words].map((list) => fixed(list.length, 4) + list.map((entry) => entry.slice(2)).join('')),
    fixed(orders.length, 4),
    ...orders.map(({ signed: { order: o, classes, signature } }) =>
      [
        account(o.consumer) + word(o.requirement) + uint(o.cards) + uint(o.duration) + uint(o.startPrice),
        uint(o.taskCompute) + uint(o.taskNetwork) + uint(o.taskStorage) + word(o.region),
        uint(o.latestStart) + uint(o.validUntil) + uint(o.minReputation) + uint(o.minTier),
        word(o.workload) + uint(o.nonce),
        fixed(classes.length, 1) + classes.map(word).join('') + sign(signature),
      ].join(''),
    ),
    fixed(asks.length, 4),
    ...asks.map(({ signed: { ask: a, signature } }) =>
      [
        account(a.provider) + word(a.supply) + uint(a.supplyKind) + uint(a.nodeEpoch),
        word(a.resourceClass) + word(a.region) + uint(a.cards) + uint(a.reservePrice),
        uint(a.validFrom) + uint(a.validUntil) + uint(a.nonce) + sign(signature),
      ].join(''),
    ),
    fixed(receipts.items.length, 4) + receipts.items.map(item).join(''),
    receipts.items.length === 0 ? '' : sign(receipts.signature),
  ];
  return parts.join('');
}

/** One order whose every address is one and every word is another. */
function one(): Manifest {
  return withOrders([7n]);
}

function two(): Manifest {
  return withOrders([7n, 8n]);
}

function withOrders(nonces: readonly bigint[]): Manifest {
  const domain = { chainId: 31337, auction: address('auction') };
  const orders = nonces.map((nonce) => {
    const message = {
      consumer: address('carol'),
      requirement: keccakText('word'),
      cards: 1,
      duration: 3_600,
      startPrice: 1n,
      taskCompute: 0,
      taskNetwork: 0,
      taskStorage: 0,
      region: keccakText('word'),
      latestStart: 0n,
      validUntil: 0n,
      minReputation: 0,
      minTier: 0,
      workload: keccakText('word'),
      nonce,
    };
    const signed = { order: message, classes: [], signature: '0x' as Hex };
    return { id: orderId(domain, message), signed };
  });
  const items = sorted(orders).map(({ id }) => id);
  return { domain, slot: 5n, orders, asks: [], receipts: { items, signature: '0x' } };
}

/** The bytes with some of them replaced, and one more byte set. */
function splice(
  bytes: Uint8Array,
  at: number,
  gone: number,
  put: Uint8Array,
  count?: readonly [at: number, more: number],
): Uint8Array {
  const copy = Uint8Array.from(bytes);
  if (count !== undefined) copy[count[0]]! += count[1];
  return Uint8Array.of(...copy.slice(0, at), ...put, ...copy.slice(at + gone));
}

/** The one order's cards, 1, written otherwise. */
function widened(bytes: Uint8Array, cards: readonly number[]): Uint8Array {
  // After both tables, the count of orders, and four references of a byte: consumer, requirement; cards follow them.
  const at = 4 + 8 + 20 + 8 + 4 + 20 + 4 + 32 + 4 + 2;
  if (bytes[at] !== 1 || bytes[at + 1] !== 1) throw new Error('the format has changed: mend this test');
  return splice(bytes, at, 2, Uint8Array.from(cards));
}
