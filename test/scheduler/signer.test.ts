import { Signature, Wallet } from 'ethers';
import { describe, expect, it } from 'vitest';
import type { Hex } from '../../domain/types.ts';
import { recoverSigner } from '../../scheduler/signer.ts';
import { addressOf, keyOf } from './market.ts';

const ORDER = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n;
const digest: Hex = `0x${'5a'.repeat(32)}`;
const signature = new Wallet(keyOf('alice')).signingKey.sign(digest).serialized as Hex;

describe('recoverSigner', () => {
  it('recoverSigner_namesWhoSigned', () => {
    expect(recoverSigner(digest, signature)).toBe(addressOf('alice'));
  });

  it('recoverSigner_refusesTheTwinWithAHighS', () => {
    const { r, s, v } = Signature.from(signature);
    const high = (ORDER - BigInt(s)).toString(16).padStart(64, '0');
    const twin: Hex = `0x${r.slice(2)}${high}${(v === 27 ? 28 : 27).toString(16)}`;
    expect(recoverSigner(digest, twin)).toBeNull();
  });

  it('recoverSigner_refusesAnythingButSixtyFiveBytesWithV27Or28', () => {
    expect(recoverSigner(digest, `${signature.slice(0, -2)}00` as Hex)).toBeNull();
    expect(recoverSigner(digest, signature.slice(0, -2) as Hex)).toBeNull();
    expect(recoverSigner(digest, '0x')).toBeNull();
    expect(recoverSigner(digest, `0x${'0'.repeat(128)}1b`)).toBeNull();
  });
});
