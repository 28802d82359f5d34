/** What the slot's header says of the chain itself. */
import { slotEnd } from '../parameters.ts';
import { found, notChecked, NO_HEADER, type Rule } from './finding.ts';

export const headerBlock: Rule = {
  rule: 'header-block',
  sentence: "The closing block is the last before the slot's end, and the seed is the next block's hash.",
  check: ({ evidence: { slot, parameters, committed, closing, next } }) => {
    if (!committed) return notChecked(NO_HEADER);
    const { header } = committed;
    if (header.slot !== slot) return found(1, `the header is of slot ${header.slot}, not ${slot}`);
    if (!closing || !next) return notChecked(`block ${header.closeBlock} or the one after it is missing`);
    if (closing.number !== header.closeBlock || next.number !== header.closeBlock + 1n)
      return notChecked(
        `blocks ${closing.number} and ${next.number} are not ${header.closeBlock} and the next`,
      );
    const end = slotEnd(slot, parameters);
    if (closing.timestamp >= end)
      return found(2, `closing block ${closing.number} is of ${closing.timestamp}, the slot ended at ${end}`);
    if (next.timestamp < end)
      return found(3, `block ${next.number} of ${next.timestamp} still precedes the slot's end ${end}`);
    if (next.hash !== header.seed)
      return found(4, `the seed is ${header.seed}, block ${next.number} has hash ${next.hash}`);
    return found(4);
  },
};

export const deadline: Rule = {
  rule: 'deadline',
  sentence: "The header came after the seed's block and within the commit deadline.",
  check: ({ evidence: { slot, parameters, committed } }) => {
    if (!committed) return notChecked(NO_HEADER);
    const { header, block } = committed;
    const last = slotEnd(slot, parameters) + BigInt(parameters.commitDeadlineSeconds);
    if (block.number < header.closeBlock + 2n)
      return found(1, `the header is of block ${block.number}, the seed of block ${header.closeBlock + 1n}`);
    if (block.timestamp > last)
      return found(2, `the header is of ${block.timestamp}, the deadline was ${last}`);
    return found(2);
  },
};

export const gamma: Rule = {
  rule: 'gamma',
  sentence: "The clock's factor is the deployment's.",
  check: ({ evidence: { parameters, committed } }) => {
    if (!committed) return notChecked(NO_HEADER);
    const { gammaWad } = committed.header;
    if (gammaWad === parameters.gammaWad) return found(1);
    return found(1, `the header has gammaWad ${gammaWad}, the deployment ${parameters.gammaWad}`);
  },
};
