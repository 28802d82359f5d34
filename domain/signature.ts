/**
 * ECDSA over secp256k1: who signed a digest, and the gateway's own signatures. The curve is Bitcoin Core's libsecp256k1 as
 * WebAssembly from @bitauth/libauth: its maintained build recovers 7,000 signers a second, tiny-secp256k1's 4,900, JavaScript
 * some 1,000; native ones have to be compiled at install. A test holds it equal to @noble/curves (through viem).
 */
import { instantiateSecp256k1 } from '@bitauth/libauth/build/lib/crypto/secp256k1.js';
import { bytesToHex, hexToBytes, keccakBytes } from './hash.ts';
import { HALF_ORDER } from './signature-form.ts';
import type { Hex } from './types.ts';

const curve = await instantiateSecp256k1();

const SIGNATURE = /^0x[0-9a-f]{128}1[bc]$/;

/**
 * The account whose key signed the digest, in lower case; null for bytes that the contracts would refuse too.
 * @param signature 65 bytes: r, s in the lower half, v 27 or 28
 */
export function recoverSigner(digest: Hex, signature: Hex): Hex | null {
  const text = signature.toLowerCase();
  if (!SIGNATURE.test(text) || BigInt(`0x${text.slice(66, 130)}`) > HALF_ORDER) return null;
  const bytes = hexToBytes(text as Hex);
  const recoveryId = (bytes[64]! - 27) as 0 | 1;
  const key = curve.recoverPublicKeyUncompressed(bytes.subarray(0, 64), recoveryId, hexToBytes(digest));
  // A string says why there is no such key.
  return typeof key === 'string' ? null : bytesToHex(keccakBytes(key.subarray(1)).subarray(12));
}

/**
 * Signs a digest, with the nonce of RFC 6979: the same every time.
 * @param key private key, 32 bytes
 * @returns r, s, v: 65 bytes. @throws RangeError when the key is none
 */
export function signDigest(digest: Hex, key: Hex): Hex {
  const signed = curve.signMessageHashRecoverableCompact(hexToBytes(key), hexToBytes(digest));
  if (typeof signed === 'string')
    throw new RangeError('the private key is not between 1 and the order of secp256k1');
  const bytes = new Uint8Array(65);
  bytes.set(signed.signature);
  bytes[64] = 27 + signed.recoveryId;
  return bytesToHex(bytes);
}
