import { ZERO_HASH, keccak, writeHex } from './hash.ts';
import { Refusal } from './refusal.ts';
import type { Hex } from './types.ts';

/** Most classes that one order may name. */
export const MAX_CLASSES = 16;

/** Any class will do. */
export const ANY_CLASS = ZERO_HASH;

/** Class ids in the order in which an order carries them. */
export function ascending(ids: readonly Hex[]): Hex[] {
  return [...ids].sort();
}

/**
 * What an order signs for its classes: 0 for any, the class id for one, the hash of 2 to 16 distinct ids, ascending
 * (given in any order).
 * @throws Refusal `REQUIREMENT_BAD` on a repeated id or more than 16
 */
export function requirementOf(classIds: readonly Hex[]): Hex {
  const [first] = classIds;
  if (first === undefined) return ANY_CLASS;
  if (classIds.length === 1) return first;
  const sorted = ascending(classIds);
  if (sorted.length > MAX_CLASSES || new Set(sorted).size !== sorted.length)
    throw new Refusal('REQUIREMENT_BAD', `${classIds.length} classes are named, ${new Set(sorted).size} distinct.`);
  return hashOf(sorted);
}

/** Whether `classes` is what stands behind `requirement`: the ascending ids of several, nothing or itself for one, nothing for any. */
export function isRequirement(requirement: Hex, classes: readonly Hex[]): boolean {
  const [first, second] = classes;
  if (first === undefined) return true;
  if (second === undefined) return first === requirement;
  if (classes.length > MAX_CLASSES) return false;
  for (let index = 1; index < classes.length; index++)
    if ((classes[index - 1] ?? '') >= (classes[index] ?? '')) return false;
  return hashOf(classes) === requirement;
}

/** Whether a node of class `cls` satisfies the requirement. */
export function allowsClass(requirement: Hex, classes: readonly Hex[], cls: Hex): boolean {
  if (requirement === ANY_CLASS || requirement === cls) return true;
  return classes.length > 1 && classes.includes(cls) && isRequirement(requirement, classes);
}

function hashOf(ids: readonly Hex[]): Hex {
  const bytes = new Uint8Array(32 * ids.length);
  ids.forEach((id, index) => writeHex(bytes, 32 * index, id));
  return keccak(bytes);
}
