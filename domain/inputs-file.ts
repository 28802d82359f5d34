/** The name of a slot's inputs as a file: whoever has the chain knows what to look for, and what it must hash to. */
import type { Hex } from './types.ts';

/** `slot-N-0xHASH.chs`, the hash being the keccak256 of its bytes. */
export function inputsFile(slot: bigint, hash: Hex): string {
  return `slot-${slot}-${hash}.chs`;
}
