import { keccak_256 } from '@noble/hashes/sha3.js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesToHex, hexToBytes, keccak, keccakText, keccakWords, uintBytes } from '../../domain/hash.ts';
import { keccak256 } from '../../domain/keccak.ts';
import { hex } from './arbitrary.ts';

describe('keccak', () => {
  test('runs in WebAssembly here, not in the slow way', () => {
    expect(keccak256).not.toBe(keccak_256);
  });

  test('agrees with @noble/hashes for every length around its blocks', () => {
    for (let length = 0; length < 420; length++) {
      const message = Uint8Array.from({ length }, (_, i) => (i * 31 + length) & 0xff);
      expect(bytesToHex(keccak256(message))).toBe(bytesToHex(keccak_256(message)));
    }
  });

  test('agrees with @noble/hashes for any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2_000 }), (message) => {
        expect(bytesToHex(keccak256(message))).toBe(bytesToHex(keccak_256(message)));
      }),
    );
  });

  test('gives the published hashes', () => {
    expect(keccakText('')).toBe('0xc5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470');
    expect(keccakText('abc')).toBe('0x4e03657aea45a94fc7d47ba826c8d667c0d1e6e33a64a036ec44f58fa12d6c45');
  });

  test('packs words', () => {
    fc.assert(
      fc.property(hex(32), hex(32), (a, b) => {
        expect(keccakWords(a, b)).toBe(keccak(hexToBytes(`0x${a.slice(2)}${b.slice(2)}`)));
      }),
    );
  });
});

test('hex there and back', () => {
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => {
      expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
    }),
  );
  for (const length of [255, 256, 257, 70_000]) {
    const bytes = Uint8Array.from({ length }, (_, i) => (i * 167) & 0xff);
    expect(bytesToHex(bytes)).toBe(`0x${Buffer.from(bytes).toString('hex')}`);
    expect(hexToBytes(bytesToHex(bytes))).toEqual(bytes);
  }
  for (const bad of ['0x1é', '0x\u0130\u0130', '0x1', '0xzz', '12', '', '0x0g', 'x0ab'] as `0x${string}`[])
    expect(() => hexToBytes(bad)).toThrow(RangeError);
});

test('integers as bytes: exact, or refused', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 2n ** 140n }), fc.integer({ min: 1, max: 20 }), (value, size) => {
      if (value >= 2n ** BigInt(8 * size)) expect(() => uintBytes(value, size)).toThrow(RangeError);
      else expect(BigInt(bytesToHex(uintBytes(value, size)))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.maxSafeNat(), (value) => {
      expect(uintBytes(value, 8)).toEqual(uintBytes(BigInt(value), 8));
    }),
  );
  for (const bad of [-1, 1.5, 256, 2 ** 60, NaN]) expect(() => uintBytes(bad, 1)).toThrow(RangeError);
  expect(() => uintBytes(-1n, 4)).toThrow(RangeError);
});
