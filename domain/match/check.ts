/** What the matching engine takes: whole numbers in the space of states. Anything else is refused with its field. */
import type { Resources } from '../distance.ts';
import { Refusal } from '../refusal.ts';
import { FULL } from '../vectors.ts';

/** @param of whose vector it is, as the answer names it. @throws Refusal MALFORMED */
export function checkVector(vector: Resources, of: string): void {
  for (const axis of ['compute', 'network', 'storage'] as const)
    checkWhole(vector[axis], `${of}.${axis}`, FULL);
}

/** @throws Refusal MALFORMED unless it is a whole number from 0 to `most` */
export function checkWhole(value: unknown, field: string, most: number): void {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= most) return;
  throw new Refusal(
    'MALFORMED',
    `${field} is ${typeof value === 'number' ? value : typeof value}, not a whole number from 0 to ${most}.`,
    `Set ${field} to a whole number from 0 to ${most}.`,
  );
}
