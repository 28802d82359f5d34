/** A slot's results for people, for programs, for spreadsheets. */
import { stateOf, type RuleResult } from '../../domain/verify.ts';
import type { VerifyOptions } from './flags.ts';

type Format = VerifyOptions['format'];

export const CSV_HEADER = 'slot,rule,state,checked,kind,subject,difference';

export function linesOf(format: Format, slot: bigint, results: readonly RuleResult[]): string[] {
  if (format === 'json') return [jsonOf(slot, results)];
  if (format === 'csv') return results.map((result) => csvOf(slot, result));
  const lines = results.map((result) => {
    const { rule, sentence, checked, firstDifference } = result;
    const said = result.ok
      ? `${sentence} (${checked} checked)`
      : `slot ${slot}: ${firstDifference ?? sentence}`;
    return `${stateOf(result)}  ${rule.padEnd(14)} ${said}`;
  });
  const passed = results.filter((result) => result.ok).length;
  return [
    `slot ${slot}`,
    ...lines,
    `${passed === results.length ? 'PASS' : 'FAIL'}  ${passed} of ${results.length} rules`,
  ];
}

function jsonOf(slot: bigint, results: readonly RuleResult[]): string {
  const rules = results.map((result) => ({ ...result, state: stateOf(result) }));
  return JSON.stringify({ slot: slot.toString(), ok: results.every((result) => result.ok), rules });
}

function csvOf(slot: bigint, result: RuleResult): string {
  const { rule, checked, subject, firstDifference } = result;
  const said = [subject?.kind ?? '', subject?.id ?? '', firstDifference ?? ''];
  return [slot.toString(), rule, stateOf(result), checked.toString(), ...said].map(cell).join(',');
}

/** RFC 4180. */
function cell(text: string): string {
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
