/** What a rule of the verifier looks at, and what it finds. */
import type { SlotEvidence } from '../evidence.ts';
import type { ClearedSlot } from '../slot.ts';

export interface Case {
  evidence: SlotEvidence;
  /** The slot cleared anew from the published inputs; null when that is impossible. */
  replay: ClearedSlot | null;
  /** Why there is no replay. */
  noReplay: string;
  /** First item that is not what the manifest says; null when all are. */
  itemDifference: string | null;
}

export interface Finding {
  /** How many facts were compared. */
  checked: number;
  /** The first that differs; null when none does. */
  difference: string | null;
}

export interface Rule {
  rule: string;
  sentence: string;
  check: (subject: Case) => Finding;
}

export function found(checked: number, difference: string | null = null): Finding {
  return { checked, difference };
}

/** Not a pass: a rule that can't be checked must not look as if it held. */
export function notChecked(why: string): Finding {
  return found(0, `not checked: ${why}`);
}

export const NO_HEADER = 'the chain has no header of this slot';
