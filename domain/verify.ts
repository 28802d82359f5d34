/**
 * A slot, judged: one result per rule, each with the first difference. What can't be checked is said and is no PASS.
 * (protocol.md, claims: what no bounded proof shows is still deterministic arithmetic over the same inputs)
 */
import type { SlotEvidence } from './evidence.ts';
import { asksRoot, clearing, ordersRoot, pages } from './rules/clearing.ts';
import { NOT_CHECKED, type Case, type Finding, type Rule, type Subject } from './rules/finding.ts';
import { fills } from './rules/fills.ts';
import { clusters } from './rules/clusters.ts';
import { headerBlock, deadline, gamma } from './rules/header.ts';
import { inputsHash, items, replayOf, signatures } from './rules/inputs.ts';
import { receipts } from './rules/receipts.ts';
import { settlement } from './rules/settlement.ts';
import type { Hex } from './types.ts';

export interface RuleResult {
  rule: string;
  /** What holds when the rule holds. */
  sentence: string;
  ok: boolean;
  /** How many facts were compared. */
  checked: number;
  /** What is wrong, or "not checked: …"; absent when `ok`. */
  firstDifference?: string;
  /** What the difference is of, where it is of one thing. */
  subject?: Subject;
}

/** OPEN: what the rule needs is not there, so nothing was shown either way. */
export type RuleState = 'PASS' | 'FAIL' | 'OPEN';

export function stateOf({ ok, firstDifference }: RuleResult): RuleState {
  if (ok) return 'PASS';
  return firstDifference?.startsWith(NOT_CHECKED) === true ? 'OPEN' : 'FAIL';
}

/** In the order in which a reader wants them: each builds on those before. */
export const RULES: readonly Rule[] = [
  headerBlock,
  deadline,
  gamma,
  inputsHash,
  items,
  receipts,
  clusters,
  signatures,
  ordersRoot,
  asksRoot,
  clearing,
  pages,
  fills,
  settlement,
];

/**
 * @param digests ids computed earlier, by message object, of items that are not the manifest's own objects
 */
export function verifySlot(
  evidence: SlotEvidence,
  digests: WeakMap<object, Hex> = new WeakMap(),
): RuleResult[] {
  const subject: Case = { evidence, ...replayOf(evidence, digests) };
  return RULES.map(({ rule, sentence, check }) => {
    const finding: Finding = check(subject);
    const { checked, difference, subject: of } = finding;
    if (difference === null) return { rule, sentence, ok: true, checked };
    const failed = { rule, sentence, ok: false, checked, firstDifference: difference };
    return of === undefined ? failed : { ...failed, subject: of };
  });
}
