/** What a signature must look like before anyone asks whose it is (ADR 0001, "EIP-712"). */
import type { Hex } from './types.ts';

/** Half the order of secp256k1: a larger `s` is the same signature written the other way, which the contracts refuse. */
export const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

/** Why nobody can have signed with these bytes, in a few words. */
export function signatureFault(signature: Hex): string {
  if (signature.length !== 132) return `its signature has ${(signature.length - 2) / 2} bytes, not 65`;
  const v = Number.parseInt(signature.slice(130), 16);
  if (v !== 27 && v !== 28) return `its signature's v is ${v}, not 27 or 28`;
  if (BigInt(`0x${signature.slice(66, 130)}`) > HALF_ORDER)
    return "its signature's s is in the upper half: the malleable twin of another signature";
  return 'no key gives its signature';
}
