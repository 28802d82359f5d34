/** What the slot's header says of the chain itself. */
import type { BlockFact } from '../evidence.ts';
import { slotEnd } from '../parameters.ts';
import { found, notChecked, noHeader, type Rule, type Subject } from './finding.ts';

export const headerBlock: Rule = {
  rule: 'header-block',
  sentence: "The closing block is the last before the slot's end, and the seed is the next block's hash.",
  check: ({ evidence }) => {
    const { slot, parameters, committed, closing, next } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    const { header } = committed;
    if (header.slot !== slot) return found(1, `the header is of slot ${header.slot}, not ${slot}`);
    if (!closing || !next) return notChecked(`block ${header.closeBlock} or the one after it is missing`);
    if (closing.number !== header.closeBlock || next.number !== header.closeBlock + 1n)
      return notChecked(
        `blocks ${closing.number} and ${next.number} are not ${header.closeBlock} and the next`,
      );
    const lie = falseOf(closing) ?? falseOf(next);
    if (lie !== null) return notChecked(lie);
    if (next.parentHash !== undefined && next.parentHash !== closing.hash)
      return notChecked(
        `the node's block ${next.number} follows ${next.parentHash}, its block ${closing.number} is ${closing.hash}`,
      );
    const end = slotEnd(slot, parameters);
    if (closing.timestamp >= end)
      return found(
        2,
        `closing block ${closing.number} is of ${closing.timestamp}, the slot ended at ${end}`,
        subjectOf(closing),
      );
    if (next.timestamp < end)
      return found(
        3,
        `block ${next.number} of ${next.timestamp} still precedes the slot's end ${end}`,
        subjectOf(next),
      );
    if (next.hash !== header.seed)
      return found(
        4,
        `the seed is ${header.seed}, block ${next.number} has hash ${next.hash}`,
        subjectOf(next),
      );
    return found(4);
  },
};

export const deadline: Rule = {
  rule: 'deadline',
  sentence: "The header came after the seed's block and within the commit deadline.",
  check: ({ evidence }) => {
    const { slot, parameters, committed } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    const { header, block } = committed;
    const lie = falseOf(block);
    if (lie !== null) return notChecked(lie);
    const last = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
    if (block.number < header.closeBlock + 2n)
      return found(
        1,
        `the header is of block ${block.number}, the seed of block ${header.closeBlock + 1n}`,
        subjectOf(block),
      );
    if (block.timestamp > last)
      return found(2, `the header is of ${block.timestamp}, the deadline was ${last}`, subjectOf(block));
    return found(2);
  },
};

export const gamma: Rule = {
  rule: 'gamma',
  sentence: "The clock's factor is the deployment's.",
  check: ({ evidence }) => {
    const { parameters, committed } = evidence;
    if (!committed) return notChecked(noHeader(evidence));
    const { gammaWad } = committed.header;
    if (gammaWad === parameters.gammaWad) return found(1);
    return found(1, `the header has gammaWad ${gammaWad}, the deployment ${parameters.gammaWad}`);
  },
};

/** A node that gives a header another hash than its own can't be believed; null when it does not. */
function falseOf({ number, hash, headerHash }: BlockFact): string | null {
  if (headerHash === undefined || headerHash === hash) return null;
  return `the node says block ${number} is ${hash}, the header that it gives hashes to ${headerHash}`;
}

function subjectOf({ number }: BlockFact): Subject {
  return { kind: 'block', id: String(number) };
}
