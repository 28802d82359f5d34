import { keccakText } from './hash.ts';
import type { Hex } from './types.ts';

/** Id of a resource class, e.g. `H100-SXM-80G`. (ADR 0001, names that are hashed) */
export function classId(name: string): Hex {
  return keccakText(name);
}

/** Id of a region, e.g. `cn-310000`. */
export function regionId(name: string): Hex {
  return keccakText(name);
}

/** Node id from the identifier's segments X and Z, as they stand in its text. */
export function nodeIdOf(x: string, z: string): Hex {
  return keccakText(`${x}/${z}`);
}
