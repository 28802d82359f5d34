import { recoverAddress } from 'ethers';
import type { Hex } from '../domain/types.ts';

/** Half the order of secp256k1: a signature with a larger s has a twin, so it is refused (ADR 0001, EIP-712). */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/**
 * The account that signed a digest, lower-case; null when the signature is not 65 bytes (r, s, v) with s in the
 * lower half and v 27 or 28, exactly as the Auction contract takes it.
 */
export function recoverSigner(digest: Hex, signature: Hex): Hex | null {
  if (!/^0x[0-9a-f]{130}$/i.test(signature)) return null;
  const v = Number.parseInt(signature.slice(130), 16);
  if ((v !== 27 && v !== 28) || BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER) return null;
  try {
    return recoverAddress(digest, signature).toLowerCase() as Hex;
  } catch {
    return null;
  }
}
