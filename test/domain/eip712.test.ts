import { TypedDataEncoder } from 'ethers';
import fc from 'fast-check';
import { hashTypedData } from 'viem';
import { describe, expect, test } from 'vitest';
import { askId, eip712Domain, listingId, orderId, receiptDigest, TYPES } from '../../domain/eip712.ts';
import type { Ask, Hex, SigningDomain } from '../../domain/types.ts';
import { ask, hex, listing, order, receipt } from './arbitrary.ts';

const domains: fc.Arbitrary<SigningDomain> = fc.record({ chainId: fc.nat(), auction: hex(20) });

describe('ids are the digests that wallets sign', () => {
  holds('Ask', ask, askId);
  holds('Listing', listing, listingId);
  holds('Order', order, orderId);
  holds('Receipt', receipt, receiptDigest);
});

test('a field beyond its type is refused', () => {
  const [message] = fc.sample(ask, 1);
  const domain: SigningDomain = { chainId: 1, auction: `0x${'00'.repeat(20)}` };
  expect(() => askId(domain, { ...message!, cards: 2 ** 32 })).toThrow(RangeError);
  expect(() => askId(domain, { ...message!, cards: 1.5 })).toThrow(RangeError);
  expect(() => askId(domain, { ...message!, reservePrice: 2n ** 128n })).toThrow(RangeError);
  expect(() => askId(domain, { ...message!, nonce: -1n })).toThrow(RangeError);
  expect(() => askId(domain, { ...message!, provider: '0x12' })).toThrow(RangeError);
});

test('an address reads the same in any case', () => {
  const [message] = fc.sample(ask, 1);
  const domain: SigningDomain = { chainId: 1, auction: `0x${'ab'.repeat(20)}` };
  const shouting: Ask = { ...message!, provider: `0x${message!.provider.slice(2).toUpperCase()}` };
  expect(askId(domain, shouting)).toBe(askId(domain, message!));
});

function holds<T extends object>(
  name: keyof typeof TYPES,
  messages: fc.Arbitrary<T>,
  idOf: (domain: SigningDomain, message: T) => Hex,
) {
  test(`${name}: ethers and viem agree`, () => {
    fc.assert(
      fc.property(domains, messages, (domain, message) => {
        const id = idOf(domain, message);
        const types = { [name]: TYPES[name] };
        expect(id).toBe(TypedDataEncoder.hash(eip712Domain(domain), types, message));
        const { chainId, auction: verifyingContract } = domain;
        const typed = { name: 'Cardhour', version: '1', chainId, verifyingContract };
        const data = { domain: typed, types, primaryType: name, message: { ...message } };
        expect(id).toBe(hashTypedData(data as Parameters<typeof hashTypedData>[0]));
      }),
    );
  });
}
