import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { hexToBytes, keccak, concat } from '../../domain/hash.ts';
import {
  boughtPageOf,
  encodeSettlement,
  leaseRef,
  leaseRoot,
  leasesOf,
  type LeasePage,
} from '../../domain/lease-page.ts';
import { leaseLeaf, type LeaseTerms } from '../../domain/leaves.ts';
import { leafHash, TAG } from '../../domain/merkle.ts';
import { decodePage, encodePage, type PageMatch } from '../../domain/page.ts';
import { requirementOf } from '../../domain/requirement.ts';
import type { Hex } from '../../domain/types.ts';
import { hex } from './arbitrary.ts';

const WORD_0: Hex = `0x${'00'.repeat(32)}`;
const uint = (bits: number) => fc.bigInt(0n, 2n ** BigInt(bits) - 1n);
const small = (bits: number) => fc.nat(2 ** bits - 1);

const askArbitrary = fc.record({
  provider: hex(20),
  supply: hex(32),
  supplyKind: small(2),
  nodeEpoch: small(16),
  resourceClass: hex(32),
  region: hex(32),
  cards: small(16),
  reservePrice: uint(96),
  validFrom: uint(40),
  validUntil: uint(40),
  nonce: uint(64),
});

const matchArbitrary: fc.Arbitrary<PageMatch> = fc
  .record({
    ask: askArbitrary,
    askSignature: fc.constantFrom(0, 65).chain((size) => hex(size)),
    order: fc.record({
      consumer: hex(20),
      cards: small(16),
      duration: small(32),
      startPrice: uint(96),
      taskCompute: small(16),
      taskNetwork: small(16),
      taskStorage: small(16),
      latestStart: uint(40),
      validUntil: uint(40),
      minReputation: small(16),
      minTier: small(8),
      workload: hex(32),
      nonce: uint(64),
    }),
    orderSignature: fc.constantFrom(0, 65).chain((size) => hex(size)),
    others: fc.uniqueArray(hex(32), { maxLength: 4 }),
    anyClass: fc.boolean(),
    anywhere: fc.boolean(),
    leaf: fc.record({
      winner: small(8),
      runnerUp: small(8),
      step: small(8),
      shortlist: fc.array(small(32), { maxLength: 16 }),
    }),
  })
  .map(({ ask, askSignature, order, orderSignature, others, anyClass, anywhere, leaf }) => {
    const classes = others.length === 0 ? [] : [...new Set([ask.resourceClass, ...others])].sort();
    const requirement = anyClass ? WORD_0 : requirementOf(classes.length > 1 ? classes : [ask.resourceClass]);
    const region = anywhere ? WORD_0 : ask.region;
    const named = anyClass || classes.length < 2 ? [] : classes;
    return {
      ask: { ask, signature: askSignature },
      order: { order: { ...order, requirement, region }, classes: named, signature: orderSignature },
      leaf,
    };
  });

test('page_readsAsItWasWritten', () => {
  fc.assert(
    fc.property(fc.array(matchArbitrary, { maxLength: 12 }), (matches) => {
      expect(decodePage(encodePage(matches))).toEqual(matches);
    }),
  );
});

test('page_holdsEachAskOnce', () => {
  fc.assert(
    fc.property(matchArbitrary, fc.integer({ min: 2, max: 20 }), (match, count) => {
      const one = encodePage([match]).length;
      const two = encodePage([match, match]).length;
      const many = encodePage(Array.from({ length: count }, () => match)).length;
      expect(many).toBe(one + (count - 1) * (two - one));
      expect(two - one).toBeLessThan(one);
    }),
  );
});

test('page_thatIsCutOrPadded_isNone', () => {
  fc.assert(
    fc.property(matchArbitrary, (match) => {
      const bytes = encodePage([match]);
      expect(() => decodePage(bytes.slice(0, -1))).toThrow(RangeError);
      expect(() => decodePage(concat(bytes, new Uint8Array(1)))).toThrow(RangeError);
    }),
  );
});

test('message_widerThanTheContractsWords_isRefused', () => {
  fc.assert(
    fc.property(matchArbitrary, (match) => {
      const wide = { ...match.order, order: { ...match.order.order, nonce: 2n ** 64n } };
      expect(() => encodePage([{ ...match, order: wide }])).toThrow(RangeError);
    }),
  );
});

describe('leases of a page', () => {
  const terms: fc.Arbitrary<LeaseTerms> = fc.record({
    consumer: hex(20),
    provider: hex(20),
    rate: uint(96),
    cards: small(16),
    duration: small(32),
  });
  const facts = fc.record({ id: uint(56), start: uint(40), source: hex(32) });
  const pages = fc.tuple(facts, fc.array(terms, { minLength: 1, maxLength: 20 })).map(([page, leases]) => ({
    leases,
    page: pageOf(page, leases),
  }));

  test('each is proved against the root', () => {
    fc.assert(
      fc.property(pages, fc.nat(19), ({ page, leases }, at) => {
        const index = at % leases.length;
        const ref = leaseRef(page, index);
        expect(ref.lease).toEqual(leases[index]);
        expect(leasesOf(page)).toEqual(leases);
        expect(slowRoot(ref)).toBe(leaseRoot(page));
        const cards = (ref.lease.cards + 1) % 65_536;
        expect(slowRoot({ ...ref, lease: { ...ref.lease, cards } })).not.toBe(leaseRoot(page));
      }),
    );
  });

  test('a bought one is a page of its own', () => {
    fc.assert(
      fc.property(facts, terms, ({ id, start, source }, lease) => {
        expect(leasesOf(boughtPageOf(id, start, source, lease))).toEqual([lease]);
      }),
    );
  });

  test('a settlement is the pages one after the other', () => {
    fc.assert(
      fc.property(fc.array(pages, { maxLength: 3 }), (given) => {
        const each = given.map(({ page }) => encodeSettlement([page]));
        expect(encodeSettlement(given.map(({ page }) => page))).toEqual(concat(...each));
      }),
    );
  });
});

/** One account of its own for each party, in the order of the leases. */
function pageOf(page: { id: bigint; start: bigint; source: Hex }, leases: LeaseTerms[]): LeasePage {
  const accounts = leases.map(({ consumer, provider }) => provider.slice(2) + consumer.slice(2)).join('');
  const rows = leases.map(({ rate, cards, duration }, index) =>
    [
      [rate, 12],
      [cards, 2],
      [duration, 4],
      [2 * index + 1, 1],
      [2 * index, 1],
    ]
      .map(([value, size]) => value!.toString(16).padStart(2 * Number(size), '0'))
      .join(''),
  );
  return { ...page, accounts: `0x${accounts}`, leases: `0x${rows.join('')}` };
}

/** The root as ADR 0007 reads. */
function slowRoot({ count, index, lease, proof, start, source }: ReturnType<typeof leaseRef>): Hex {
  let node = leafHash(TAG.leases, leaseLeaf(lease));
  const siblings = [...proof];
  for (let width = count, at = index; width > 1; width = Math.ceil(width / 2), at >>= 1) {
    const paired = (at ^ 1) < width;
    if (!paired) continue;
    const other = hexToBytes(siblings.shift()!);
    node = hexToBytes(keccak(concat(Uint8Array.of(1), ...(at % 2 === 0 ? [node, other] : [other, node]))));
  }
  const word = (value: bigint | number, size: number) =>
    hexToBytes(`0x${value.toString(16).padStart(2 * size, '0')}`);
  return keccak(concat(Uint8Array.of(2, 6), word(count, 4), node, word(start, 5), hexToBytes(source)));
}
