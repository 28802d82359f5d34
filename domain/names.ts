/** Names whose keccak256 stands on-chain (ADR 0001, "Names that are hashed"). */
import { keccakText } from './hash.ts';
import type { Hex } from './types.ts';

export function classId(className: string): Hex {
  return keccakText(className);
}

export function regionId(region: string): Hex {
  return keccakText(region);
}
