import fc from 'fast-check';
import { recoverAddress } from 'viem';
import { privateKeyToAccount, sign as signSlowly } from 'viem/accounts';
import { describe, expect, test } from 'vitest';
import { recoverSigner, signDigest } from '../../domain/signature.ts';
import type { Hex } from '../../domain/types.ts';
import { hex } from './arbitrary.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const FIELD = 2n ** 256n - 2n ** 32n - 977n;

const word = (value: bigint): string => value.toString(16).padStart(64, '0');
const assemble = (r: bigint, s: bigint, v: number): Hex =>
  `0x${word(r)}${word(s)}${v.toString(16).padStart(2, '0')}`;

const key = fc.bigInt(1n, ORDER - 1n).map((value): Hex => `0x${word(value)}`);
const digest = hex(32);
const scalar = fc.oneof(
  fc.bigInt(0n, 2n ** 256n - 1n),
  fc.constantFrom(
    0n,
    1n,
    ORDER / 2n,
    ORDER / 2n + 1n,
    ORDER - 1n,
    ORDER,
    ORDER + 1n,
    FIELD - 1n,
    FIELD,
    2n ** 256n - 1n,
  ),
  fc.bigInt(ORDER, 2n ** 256n - 1n),
);

/** What the contracts take, judged by viem: the slow, independent reference. */
async function slowSigner(hash: Hex, signature: Hex): Promise<Hex | null> {
  if (!/^0x[0-9a-f]{130}$/.test(signature)) return null;
  const [s, v] = [BigInt(`0x${signature.slice(66, 130)}`), Number(`0x${signature.slice(130)}`)];
  if (s > ORDER / 2n || (v !== 27 && v !== 28)) return null;
  return recoverAddress({ hash, signature }).then(
    (address) => address.toLowerCase() as Hex,
    () => null,
  );
}

describe('recoverSigner', () => {
  test('is what noble recovers, of whatever was signed', async () => {
    await fc.assert(
      fc.asyncProperty(key, digest, async (privateKey, hash) => {
        const signature = await signSlowly({ hash, privateKey, to: 'hex' });
        const signer = privateKeyToAccount(privateKey).address.toLowerCase();
        expect(recoverSigner(hash, signature)).toBe(signer);
        expect(signDigest(hash, privateKey)).toBe(signature);
      }),
      { numRuns: 200 },
    );
  });

  test('is what noble recovers of any numbers, or null where noble finds no key', async () => {
    await fc.assert(
      fc.asyncProperty(digest, scalar, scalar, fc.integer({ min: 26, max: 29 }), async (hash, r, s, v) => {
        const signature = assemble(r, s, v);
        expect(recoverSigner(hash, signature)).toBe(await slowSigner(hash, signature));
      }),
      { numRuns: 1_000 },
    );
  });

  test.each<[string, (r: bigint, s: bigint, v: number) => Hex]>([
    ['the twin with the high s', (r, s, v) => assemble(r, ORDER - s, 55 - v)],
    ['v of 0 or 1', (r, s, v) => assemble(r, s, v - 27)],
    ['v beyond 28', (r, s) => assemble(r, s, 29)],
    ['r of zero', (_, s, v) => assemble(0n, s, v)],
    ['s of zero', (r, _, v) => assemble(r, 0n, v)],
    ['r of the order', (_, s, v) => assemble(ORDER, s, v)],
    ['r beyond the order', (_, s, v) => assemble(ORDER + 7n, s, v)],
    ['a byte too few', (r, s, v) => assemble(r, s, v).slice(0, -2) as Hex],
    ['a byte too many', (r, s, v) => `${assemble(r, s, v)}00`],
    ['half a byte', (r, s, v) => assemble(r, s, v).slice(0, -1) as Hex],
    ['nothing', () => '0x'],
    ['no hex', (r, s, v) => assemble(r, s, v).replace(/^0x./, '0xg') as Hex],
  ])('refuses %s', async (_, change) => {
    const hash: Hex = `0x${'5a'.repeat(32)}`;
    const signature = signDigest(hash, `0x${word(7n)}`);
    const parts = [signature.slice(2, 66), signature.slice(66, 130)].map((part) => BigInt(`0x${part}`));
    const changed = change(parts[0]!, parts[1]!, Number(`0x${signature.slice(130)}`));
    expect(recoverSigner(hash, signature)).not.toBeNull();
    expect(recoverSigner(hash, changed)).toBeNull();
    expect(await slowSigner(hash, changed)).toBeNull();
  });

  test('reads capital digits too', () => {
    const hash: Hex = `0x${'5a'.repeat(32)}`;
    const signature = signDigest(hash, `0x${word(7n)}`);
    const capital: Hex = `0x${signature.slice(2).toUpperCase()}`;
    expect(recoverSigner(hash, capital)).toBe(recoverSigner(hash, signature));
  });
});

test('signDigest_refusesWhatIsNoKey', () => {
  const hash: Hex = `0x${'5a'.repeat(32)}`;
  expect(() => signDigest(hash, `0x${word(0n)}`)).toThrow(RangeError);
  expect(() => signDigest(hash, `0x${word(ORDER)}`)).toThrow(RangeError);
});
