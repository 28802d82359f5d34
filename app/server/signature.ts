import { recoverAddress } from 'viem';
import type { Hex } from '../../domain/types.ts';

/** Half the order of secp256k1: a larger `s` is the same signature written the other way, which the contracts refuse. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/**
 * The account whose key signed the digest, in lower case; null for bytes that the contracts would refuse too.
 * @param signature 65 bytes: r, s, v
 */
export async function recoverSigner(digest: Hex, signature: Hex): Promise<Hex | null> {
  if (signature.length !== 132) return null;
  const s = BigInt(`0x${signature.slice(66, 130)}`);
  const v = Number(`0x${signature.slice(130)}`);
  if (s > HALF_ORDER || (v !== 27 && v !== 28)) return null;
  try {
    return (await recoverAddress({ hash: digest, signature })).toLowerCase() as Hex;
  } catch {
    return null;
  }
}
