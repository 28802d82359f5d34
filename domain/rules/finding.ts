/** What a rule of the verifier looks at, and what it finds. */
import type { SlotEvidence } from '../evidence.ts';
import { decodeManifest, type Manifest } from '../manifest.ts';
import { slotEnd } from '../parameters.ts';
import type { ClearedSlot } from '../slot.ts';

export interface Case {
  evidence: SlotEvidence;
  /** The published inputs, read; why they can't be; null when there are none. */
  manifest: Manifest | string | null;
  /** The slot cleared anew from the published inputs; null when that is impossible. */
  replay: ClearedSlot | null;
  /** Why there is no replay. */
  noReplay: string;
  /** First item that is not what the manifest says; null when all are. */
  itemDifference: Finding | null;
}

export interface Finding {
  /** How many facts were compared. */
  checked: number;
  /** The first that differs; null when none does. */
  difference: string | null;
  /** What the difference is of. */
  subject?: Subject | undefined;
}

/** One thing of a slot, for programs that read a difference. */
export interface Subject {
  kind: 'order' | 'ask' | 'item' | 'lease' | 'page' | 'block';
  /** A digest, or a number in decimal digits. */
  id: string;
}

export interface Rule {
  rule: string;
  sentence: string;
  check: (subject: Case) => Finding;
}

export function found(checked: number, difference: string | null = null, subject?: Subject): Finding {
  return { checked, difference, subject };
}

/** How a difference begins that is none: what the rule needs is not there. */
export const NOT_CHECKED = 'not checked: ';

/** Not a pass: a rule that can't be checked must not look as if it held. */
export function notChecked(why: string): Finding {
  return found(0, NOT_CHECKED + why);
}

/** Why the slot has no header: it may not be due, or the node is behind. */
export function noHeader({ slot, parameters, head }: SlotEvidence): string {
  const end = slotEnd(slot, parameters);
  const last = end + BigInt(parameters.commitDeadlineSeconds);
  if (head === undefined) return NO_HEADER;
  const at = `the chain's head, block ${head.number} of ${head.timestamp},`;
  if (head.timestamp < end)
    return `${at} is before the slot's end ${end}: the slot is open, or the node lags`;
  if (head.timestamp <= last)
    return `${NO_HEADER} yet: ${at} is not past the commit deadline ${last}, or the node lags`;
  return `${NO_HEADER}: no order was in it, or it was given up`;
}

/** Why a page that is missing says nothing yet; null when all are there, or none can come any more. */
export function pagesToCome({ slot, parameters, head, committed, pages }: SlotEvidence): string | null {
  const last = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
  const { pageCount } = committed?.header ?? { pageCount: 0 };
  if (pages.length >= pageCount || head === undefined || head.timestamp > last) return null;
  return `${pages.length} of ${pageCount} pages are there, the others may come until ${last}, or the node lags`;
}

const NO_HEADER = 'the chain has no header of this slot';
export const NO_MANIFEST = "the slot's manifest is missing";

const read = new WeakMap<Uint8Array, Manifest | string>();

/** The inputs in these bytes, or why they can't be read; the same bytes are read once, whoever asks. */
export function manifestOf(bytes: Uint8Array): Manifest | string {
  let manifest = read.get(bytes);
  if (manifest === undefined) {
    try {
      manifest = decodeManifest(bytes);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      manifest = `the manifest can't be read: ${error.message}`;
    }
    read.set(bytes, manifest);
  }
  return manifest;
}
