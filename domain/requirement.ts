/** What an order accepts: any class, one, or several (ADR 0001, "requirement"). */
import { keccakWords, ZERO_HASH } from './hash.ts';
import type { Hex } from './types.ts';

export const MAX_CLASSES = 16;
/** The requirement of an order that takes any class. */
export const ANY_CLASS = ZERO_HASH;

/** The requirement of distinct class ids; none means any class. @throws RangeError beyond 16 or on a repeated id. */
export function requirementOf(classIds: readonly Hex[]): Hex {
  const ids = sortedClasses(classIds);
  if (ids.length === 0) return ANY_CLASS;
  return ids.length === 1 ? ids[0]! : keccakWords(...ids);
}

/** Ascending, as the contract wants them; empty unless the requirement names several. */
export function classesFor(classIds: readonly Hex[]): Hex[] {
  return classIds.length > 1 ? sortedClasses(classIds) : [];
}

/** Whether `classes` are what `requirement` hashes; true as well for none when it names at most one. */
export function explains(requirement: Hex, classes: readonly Hex[]): boolean {
  if (classes.length === 0) return true;
  if (classes.length < 2 || classes.length > MAX_CLASSES) return false;
  for (let i = 1; i < classes.length; i++) if (classes[i - 1]! >= classes[i]!) return false;
  return keccakWords(...classes) === requirement;
}

export function allowsClass(requirement: Hex, classes: readonly Hex[], resourceClass: Hex): boolean {
  if (requirement === ANY_CLASS || requirement === resourceClass) return true;
  return classes.includes(resourceClass) && explains(requirement, classes);
}

function sortedClasses(classIds: readonly Hex[]): Hex[] {
  const ids = [...classIds].sort();
  if (ids.length > MAX_CLASSES) throw new RangeError(`at most ${MAX_CLASSES} classes, not ${ids.length}`);
  for (let i = 1; i < ids.length; i++)
    if (ids[i - 1] === ids[i]) throw new RangeError(`class ${ids[i]} is named twice`);
  return ids;
}
